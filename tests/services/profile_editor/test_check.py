"""The check of a profile: what it says, and what it sends for that."""

from collections.abc import AsyncIterator, Callable, Container, Iterator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from desktop.demo import DemoOptions, DemoServer
from desktop.demo.clients import (
    CONFIDENTIAL_CLIENT_ID,
    CONFIDENTIAL_CLIENT_SECRET,
    SERVICE_CLIENT_ID,
    SERVICE_CLIENT_SECRET,
)
from desktop.oauth.client import Client, ClientConnection
from desktop.oauth.errors import AuthorityUnusable, CaptivePortal, NoAnswerInTime
from desktop.oauth.metadata import metadata_addresses
from desktop.options import demo_profile
from desktop.services.configuration.profile_reader import load_presets
from desktop.services.model.errors import PresenceNotInstalled
from desktop.services.model.policy import Policy
from desktop.services.model.profile import GRANTS, Profile
from desktop.services.network.real_environment import Connector
from desktop.services.profile_editor import check as check_module
from desktop.services.profile_editor.check import check
from desktop.services.profile_editor.findings import Finding, Outcome, Step
from desktop.services.session.provider import discover_endpoints
from desktop.services.system.worker import Worker
from tests.rigs.authority import Authority
from tests.services.harness import HOST, PASSWORD, PROFILE, FakeKeyring, FakePresence, HurriedClock

GOOD, UNSURE, BAD = Outcome.GOOD, Outcome.UNSURE, Outcome.BAD
ISSUER = f"https://{HOST}"
CODE = {
    "device_code": "device-SECRET",
    "user_code": "CODE",
    "verification_uri": f"{ISSUER}/activate",
    "expires_in": 600,
}
TOKEN = {"access_token": "access-SECRET", "token_type": "bearer", "expires_in": 600}
UNKNOWN = {"error": "invalid_client", "error_description": "Client authentication failed."}

Reply = (
    Mapping[str, Any] | Exception | httpx.Response | Callable[[dict[str, str]], Mapping[str, Any]]
)


class Web:
    """Servers by host, each with an answer for its device and its token endpoint."""

    def __init__(self, **metadata: object) -> None:
        self.replies: dict[str, Reply] = {f"{HOST}/device": CODE, f"{HOST}/token": TOKEN}
        self.metadata = metadata
        self.requests: list[httpx.Request] = []
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.opened: list[tuple[Profile, str | None]] = []

    async def open_http(
        self, profile: Profile, /, *, proxy_password: str | None = None
    ) -> httpx.AsyncClient:
        self.opened.append((profile, proxy_password))
        return httpx.AsyncClient(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        host, path = request.url.host, request.url.path
        self.requests.append(request)
        if request.method == "GET":
            if (reply := self.replies.get(f"{host}{path}")) is not None:
                return _response(reply, {})
            if not path.endswith("oauth-authorization-server"):
                return httpx.Response(404)
            return httpx.Response(200, json=self._document(host))
        form = dict(parse_qsl(request.content.decode()))
        self.forms.append((host, form))
        return _response(self.replies[f"{host}{path}"], form)

    def _document(self, host: str) -> dict[str, object]:
        base = f"https://{host}"
        document = {
            "issuer": base if host == HOST else "IROH Auth",
            "device_authorization_endpoint": f"{base}/device",
            "token_endpoint": f"{base}/token",
            **self.metadata,
        }
        return {name: value for name, value in document.items() if value is not None}


class Portal(Web):
    """A network that answers for everybody where it can."""

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.scheme == "http":
            return httpx.Response(302, headers={"location": "http://wifi.example.net/"})
        return super()._answer(request)


def _response(reply: Reply, form: dict[str, str]) -> httpx.Response:
    if isinstance(reply, Exception):
        raise reply
    if isinstance(reply, httpx.Response):
        return reply
    said = reply(form) if callable(reply) else reply
    return httpx.Response(400 if "error" in said else 200, json=said)


def only(*client_ids: str) -> Reply:
    """Who knows just these clients, and says of one with a password that it needs it."""

    def reply(form: dict[str, str]) -> Mapping[str, Any]:
        known = form["client_id"] in client_ids
        return {"error": "invalid_client", "error_description": "Wrong."} if known else UNKNOWN

    return reply


async def found(
    web: Web,
    profile: Profile = PROFILE,
    password: str | None = None,
    *,
    allowed: Container[str] = GRANTS,
    **presets: dict[str, str],
) -> list[Finding]:
    iterator = check(
        profile,
        password,
        open_http=web.open_http,
        clock=HurriedClock(),
        presets=presets,
        allowed=allowed,
    )
    findings = [each async for each in iterator]
    for each in findings:
        assert "{" not in each.text + each.remedy
        assert each.text.endswith((".", "?"))
        assert bool(each.remedy) == (each.outcome is BAD)
        assert "SECRET" not in each.text + each.remedy
    return findings


def steps(findings: list[Finding]) -> list[tuple[Step, Outcome]]:
    return [(each.step, each.outcome) for each in findings]


FINE = [(step, GOOD) for step in Step if step is not Step.PRESENCE]  # which no profile demands


async def test_what_works_is_told_step_by_step() -> None:
    web = Web()
    findings = await found(web)
    assert steps(findings) == FINE
    assert [each.text for each in findings] == [
        "login.example responds.",
        "The certificate is trusted.",
        "The server's metadata matches your profile.",
        "The server supports sign-in by code.",
        "The server accepts this client.",
        "The server allows the scopes you request.",
    ]
    assert web.forms[0][1] == {"client_id": "client-1", "scope": "read write"}


async def test_a_misspelt_realm_fails_with_the_sentence_of_the_server() -> None:
    web = Web()
    missing = httpx.Response(404, json={"error": "Realm does not exist"})
    for address in metadata_addresses(PROFILE.issuer):
        web.replies[address.removeprefix("https://")] = missing
    finding = (await found(web))[-1]
    assert (finding.step, finding.outcome) == (Step.METADATA, BAD)
    assert finding.text == "Nothing at this address (404)."
    assert "“Realm does not exist”" in finding.remedy


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404, html="<html>Not Found</html>"),
        httpx.Response(405),
        httpx.Response(200, html="<html>Welcome</html>"),
        httpx.Response(415, json={"message": "Unsupported Media Type"}),
    ],
)
async def test_a_wrong_token_endpoint_fails_before_anybody_approves(answer: httpx.Response) -> None:
    web = Web()
    web.replies[f"{HOST}/token"] = answer
    findings = await found(web)
    assert (findings[-1].step, findings[-1].outcome) == (Step.CLIENT, BAD)
    assert web.forms[-1][1]["device_code"] == CODE["device_code"]


@pytest.mark.parametrize("error", ["authorization_pending", "slow_down", "invalid_grant", "other"])
async def test_any_answer_of_a_token_endpoint_to_the_new_code_will_do(error: str) -> None:
    web = Web()
    web.replies[f"{HOST}/token"] = {"error": error}
    assert steps(await found(web)) == FINE


async def test_it_can_be_broken_off_between_two_findings() -> None:
    web = Web()
    looking = check(PROFILE, None, open_http=web.open_http, clock=HurriedClock(), presets={})
    async with aclosing(looking):
        assert (await anext(looking)).step is Step.REACH
    assert len(web.requests) == 1


async def test_a_password_for_the_proxy_that_is_not_saved_is_used() -> None:
    web = Web()
    looking = check(
        PROFILE,
        None,
        open_http=web.open_http,
        clock=HurriedClock(),
        presets={},
        proxy_password=PASSWORD,
    )
    assert [each.outcome async for each in looking] == [GOOD] * 6
    assert web.opened == [(PROFILE, PASSWORD)]


async def test_a_file_of_authorities_that_is_of_no_use_is_told_first() -> None:
    async def broken(_profile: Profile, /, **_given: object) -> httpx.AsyncClient:
        raise AuthorityUnusable("/etc/authority.pem", "No such file or directory")

    looking = check(PROFILE, None, open_http=broken, clock=HurriedClock(), presets={})
    (finding,) = [each async for each in looking]
    assert (finding.step, finding.outcome) == (Step.TRUST, BAD)
    assert "/etc/authority.pem" in finding.remedy


# The server


async def test_a_server_that_is_not_there_is_the_last_finding() -> None:
    web = Web()
    web.replies[f"{HOST}/.well-known/oauth-authorization-server"] = httpx.ConnectTimeout("late")
    (finding,) = await found(web)
    assert (finding.step, finding.text) == (Step.REACH, "The server is not responding.")


async def test_a_portal_is_named() -> None:
    web = Web()
    document = "/.well-known/oauth-authorization-server"
    web.replies[f"{HOST}{document}"] = httpx.ConnectError("refused")
    web.replies[f"{HOST}/"] = {}
    assert "Can't reach the server" in (await found(web))[0].text
    portal = Portal()
    portal.replies = web.replies
    (finding,) = await found(portal)
    assert finding.text == "Your network requires a sign-in."
    assert "wifi.example.net" in finding.remedy


async def test_a_sign_in_names_the_portal_too() -> None:
    web = Portal()
    web.replies[f"{HOST}/.well-known/oauth-authorization-server"] = httpx.ConnectError("refused")
    async with await web.open_http(PROFILE) as http:
        connection = ClientConnection(http, HurriedClock(), Client("client-1"))
        with pytest.raises(CaptivePortal) as caught:
            await discover_endpoints(connection, PROFILE)
        assert caught.value.by == "wifi.example.net"
        web.replies[f"{HOST}/.well-known/oauth-authorization-server"] = httpx.ReadTimeout("late")
        with pytest.raises(NoAnswerInTime):
            await discover_endpoints(connection, PROFILE)


async def test_a_certificate_that_is_not_trusted_is_told_apart(authority: Authority) -> None:
    with authority.serve() as address:
        profile = replace(PROFILE, issuer=address)
        connector = Connector(FakeKeyring(), Worker("loader"))
        looking = check(profile, None, open_http=connector, clock=HurriedClock(), presets={})
        findings = [each async for each in looking]
        assert steps(findings) == [(Step.REACH, GOOD), (Step.TRUST, BAD)]
        assert "127.0.0.2" in findings[1].remedy
        trusting = replace(profile, ca_file=str(authority.ca_file))
        looking = check(trusting, None, open_http=connector, clock=HurriedClock(), presets={})
        findings = [each async for each in looking]
    assert steps(findings) == [(Step.REACH, GOOD), (Step.TRUST, GOOD), (Step.METADATA, BAD)]


async def test_an_address_that_is_not_safe_is_not_asked() -> None:
    web = Web()
    (finding,) = await found(web, replace(PROFILE, issuer="http://login.example"))
    assert (finding.step, finding.text) == (Step.REACH, "Unsafe address.")
    assert not web.requests


async def test_metadata_of_somebody_else_is_told() -> None:
    findings = await found(Web(issuer="https://other.example"))
    assert steps(findings) == [*FINE[:2], (Step.METADATA, BAD)]


async def test_a_server_that_offers_no_codes_is_told() -> None:
    findings = await found(Web(device_authorization_endpoint=None))
    assert steps(findings) == [*FINE[:3], (Step.WAY, BAD)]


async def test_a_way_that_an_administrator_forbids_is_told_and_costs_no_code() -> None:
    web = Web()
    forbidding = replace(PROFILE, policy=Policy(source="/etc/policy", device_grant=False))
    findings = await found(web, forbidding)
    assert steps(findings) == [*FINE[:3], (Step.WAY, BAD)]
    assert "/etc/policy" in findings[-1].remedy
    assert web.forms == []


async def test_endpoints_that_the_profile_names_need_no_metadata() -> None:
    web = Web()
    web.replies[f"{HOST}/token"] = TOKEN
    profile = replace(
        PROFILE,
        issuer="",
        device_authorization_endpoint=f"{ISSUER}/device",
        token_endpoint=f"{ISSUER}/token",
    )
    findings = await found(web, profile)
    assert steps(findings) == FINE
    assert findings[2].text == "Your profile sets the endpoints."


# The client


@pytest.mark.parametrize(
    ("error", "expected", "text"),
    [
        ("unauthorized_client", [(Step.CLIENT, GOOD), (Step.WAY, BAD)], "not allowed"),
        (
            "unsupported_grant_type",
            [(Step.CLIENT, GOOD), (Step.WAY, BAD)],
            "Sign-in method not available",
        ),
        ("invalid_scope", [(Step.CLIENT, GOOD), (Step.SCOPES, BAD)], "at least one of read, write"),
        ("invalid_request", [(Step.CLIENT, BAD)], "rejected the request"),
        ("temporarily_unavailable", [(Step.CLIENT, BAD)], "has a problem"),
        ("admin_policy_enforced", [(Step.CLIENT, BAD)], "doesn't allow this"),
    ],
)
async def test_what_the_server_says_of_the_client_is_told(
    error: str, expected: list[tuple[Step, Outcome]], text: str
) -> None:
    web = Web()
    web.replies[f"{HOST}/device"] = {"error": error}
    findings = await found(web)
    assert steps(findings) == [*FINE[:4], *expected]
    assert text in findings[-1].text


async def test_a_scope_that_the_server_names_is_named() -> None:
    web = Web()
    web.replies[f"{HOST}/device"] = {
        "error": "invalid_scope",
        "error_description": "There is no scope “write”.",
    }
    assert (await found(web))[-1].text == "login.example rejects write."


async def test_a_scope_that_the_metadata_lacks_is_named() -> None:
    web = Web(scopes_supported=["enrich", "read"])
    web.replies[f"{HOST}/device"] = {"error": "invalid_scope"}
    profile = replace(PROFILE, scope=("enrich:read", "enrich/x:write", "read", "vault"))
    assert (await found(web, profile))[-1].text == "login.example rejects vault."


async def test_without_scopes_the_server_decides() -> None:
    findings = await found(Web(), replace(PROFILE, scope=()))
    assert findings[-1].text == "No scopes requested. The server's default applies."


async def test_a_wrong_password_is_told_where_the_server_tells_clients_apart() -> None:
    web = Web()
    web.replies[f"{HOST}/device"] = only("client-1")
    profile = replace(PROFILE, client_authentication="auto")
    (*_, finding) = await found(web, profile, PASSWORD)
    assert (
        finding.text == "login.example recognizes this client ID, but the client secret is wrong."
    )
    (*_, finding) = await found(web, profile)
    assert finding.text == "login.example recognizes this client ID, but requires a client secret."


async def test_a_client_without_a_digit_in_its_id_is_told_apart_too() -> None:
    web = Web()
    web.replies[f"{HOST}/device"] = only("soc-desktop")
    profile = replace(PROFILE, client_id="soc-desktop", client_authentication="auto")
    (*_, finding) = await found(web, profile, PASSWORD)
    assert (
        finding.text == "login.example recognizes this client ID, but the client secret is wrong."
    )


async def test_a_client_of_another_region_is_found_without_its_password() -> None:
    web = Web()
    web.replies |= {
        f"{HOST}/device": UNKNOWN,
        "eu.example/device": UNKNOWN,
        "apjc.example/device": only("client-1"),
    }
    profile = replace(PROFILE, client_authentication="auto")
    (*_, finding) = await found(
        web,
        profile,
        PASSWORD,
        mine={"provider": "Example", "issuer": ISSUER},
        eu={
            "provider": "Example",
            "region": "Europe",
            "issuer": "https://eu.example",
            "expected_issuer": "IROH Auth",
        },
        apjc={
            "provider": "Example",
            "region": "Asia",
            "issuer": "https://apjc.example",
            "expected_issuer": "IROH Auth",
        },
        other={"provider": "Somebody else", "issuer": "https://other.example"},
        pattern={"provider": "Example"},
    )
    assert finding.preset == "apjc"
    assert finding.remedy == "Switch to Example · Asia."
    elsewhere = [request for request in web.requests if request.url.host != HOST]
    assert {request.url.host for request in elsewhere} == {"eu.example", "apjc.example"}
    for request in elsewhere:
        assert PASSWORD.encode() not in request.content
        assert "authorization" not in request.headers


async def test_for_a_server_on_this_computer_nobody_else_is_asked() -> None:
    web = Web()
    web.replies["127.0.0.1/device"] = UNKNOWN
    profile = replace(PROFILE, issuer="https://127.0.0.1", expected_issuer="IROH Auth")
    eu = {"provider": "Example", "issuer": "https://eu.example", "expected_issuer": "IROH Auth"}
    (*_, finding) = await found(web, profile, eu=eu)
    assert finding.outcome is BAD
    assert {request.url.host for request in web.requests} == {"127.0.0.1"}


async def test_a_client_that_nobody_knows_is_told_so() -> None:
    web = Web()
    web.replies[f"{HOST}/device"] = UNKNOWN
    broken = {"provider": "Example", "issuer": "https://eu.example"}  # it names another issuer
    (*_, finding) = await found(web, PROFILE, eu=broken)
    assert finding.text.endswith("this client ID, or the client has a client secret.")
    profile = replace(PROFILE, client_authentication="auto")
    (*_, finding) = await found(web, profile, PASSWORD)
    assert finding.text.endswith("this client ID, or the client secret is wrong.")
    assert not finding.preset


async def test_identifiers_and_times_in_an_answer_tell_no_clients_apart() -> None:
    web = Web()
    answers = iter(range(10, 99))

    def reply(form: dict[str, str]) -> Mapping[str, Any]:
        trace = f"{next(answers)}0e8400-e29b-41d4-a716-446655440000"
        said = f"No application {form['client_id']}. Trace {trace}, 12:00:{next(answers)}"
        return {"error": "invalid_client", "error_description": said}

    web.replies[f"{HOST}/device"] = reply
    (*_, finding) = await found(web)
    assert "doesn't recognize" in finding.text


async def test_trouble_on_the_way_tells_no_clients_apart() -> None:
    web = Web()
    asked = 0

    def reply(_form: dict[str, str]) -> Mapping[str, Any]:
        nonlocal asked
        asked += 1
        return UNKNOWN if asked < 2 else {"error": "server_error"}

    web.replies[f"{HOST}/device"] = reply
    assert "doesn't recognize" in (await found(web))[-1].text


# Other ways to sign in

CODE_GRANT = replace(PROFILE, grant="code")
AUTHORIZE = {"authorization_endpoint": f"{ISSUER}/authorize"}


async def test_an_invented_code_shows_whether_the_client_is_accepted() -> None:
    web = Web(**AUTHORIZE, scopes_supported=["read"])
    web.replies[f"{HOST}/token"] = {"error": "invalid_grant"}
    findings = await found(web, CODE_GRANT)
    assert steps(findings) == [*FINE[:5], (Step.SCOPES, UNSURE)]
    assert "write" in findings[-1].text
    ((_, form),) = web.forms
    assert form["grant_type"] == "authorization_code"


@pytest.mark.parametrize(
    ("profile", "outcome"), [(CODE_GRANT, UNSURE), (replace(CODE_GRANT, scope=()), GOOD)]
)
async def test_what_an_invented_code_does_not_show_is_not_certain(
    profile: Profile, outcome: Outcome
) -> None:
    web = Web(**AUTHORIZE)
    web.replies[f"{HOST}/token"] = {"error": "invalid_request"}
    findings = await found(web, profile)
    assert steps(findings)[-2:] == [(Step.CLIENT, UNSURE), (Step.SCOPES, outcome)]


async def test_where_no_code_is_to_be_had_clients_cannot_be_told_apart() -> None:
    web = Web(**AUTHORIZE, device_authorization_endpoint=None)
    web.replies[f"{HOST}/token"] = UNKNOWN
    (*_, finding) = await found(web, CODE_GRANT)
    assert (finding.step, finding.outcome) == (Step.CLIENT, BAD)
    assert "doesn't recognize" in finding.text


async def test_without_its_endpoint_the_browser_has_no_page() -> None:
    findings = await found(Web(), CODE_GRANT)
    assert steps(findings)[-1] == (Step.WAY, BAD)


async def test_a_client_that_signs_in_as_itself_needs_its_password() -> None:
    web = Web()
    profile = replace(PROFILE, grant="client-credentials", client_authentication="auto")
    findings = await found(web, profile)
    assert steps(findings)[-1] == (Step.WAY, BAD)
    findings = await found(web, profile, PASSWORD)
    assert [each for each in steps(findings) if each[1] is not Outcome.HINT] == FINE


# Which ways are open

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def hints(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(each.grant, each.text) for each in findings if each.outcome is Outcome.HINT]


async def test_a_safer_way_that_is_open_is_told() -> None:
    findings = await found(Web(**AUTHORIZE))
    said = (
        "“Browser on this computer” is safer, and login.example supports it. "
        "Your client must be allowed to use it."
    )
    assert hints(findings) == [("code", said)]
    assert steps(findings)[-1] == (Step.SCOPES, GOOD), "it keeps nobody from going on"


@pytest.mark.parametrize("allowed", [("device",), ("device", "client-credentials")])
async def test_a_way_that_client_or_policy_forbid_is_never_proposed(
    allowed: tuple[str, ...],
) -> None:
    web = Web(**AUTHORIZE)
    assert hints(await found(web, allowed=allowed)) == []


async def test_who_signs_in_the_safest_way_is_told_of_no_other() -> None:
    web = Web(**AUTHORIZE)
    web.replies[f"{HOST}/token"] = {"error": "invalid_grant"}
    for allowed in (GRANTS, ("device",)):
        assert hints(await found(web, CODE_GRANT, allowed=allowed)) == []


def closed(findings: list[Finding]) -> dict[str, str]:
    return next(dict(each.unavailable) for each in findings if each.step is Step.WAY)


async def test_the_ways_that_a_server_does_not_offer_are_told_with_the_reason() -> None:
    web = Web(grant_types_supported=[DEVICE_GRANT])
    why = "login.example doesn't support this sign-in method."
    assert closed(await found(web)) == {"code": why, "client-credentials": why}
    assert closed(await found(Web())) == {"code": why}, "it does not list its grants"
    everything = [DEVICE_GRANT, "authorization_code", "client_credentials"]
    web = Web(**AUTHORIZE, grant_types_supported=everything)
    assert closed(await found(web)) == {}


async def test_a_server_that_does_not_describe_itself_closes_no_way() -> None:
    web = Web()
    profile = replace(
        PROFILE,
        issuer="",
        device_authorization_endpoint=f"{ISSUER}/device",
        token_endpoint=f"{ISSUER}/token",
    )
    assert closed(await found(web, profile)) == {}


async def test_a_way_that_the_server_does_not_have_leads_to_one_that_it_has() -> None:
    web = Web(**AUTHORIZE, device_authorization_endpoint=None)
    last = (await found(web))[-1]
    assert (last.step, last.outcome, last.grant) == (Step.WAY, BAD, "code")
    assert list(last.unavailable) == ["device"]
    last = (await found(Web(), CODE_GRANT))[-1]
    assert (last.step, last.outcome, last.grant) == (Step.WAY, BAD, "device")


async def test_a_way_that_is_not_listed_is_tried_before_anybody_says_that_it_fails() -> None:
    web = Web(**AUTHORIZE, grant_types_supported=[DEVICE_GRANT])
    web.replies[f"{HOST}/token"] = {"error": "invalid_grant"}
    findings = await found(web, CODE_GRANT)
    (way,) = [each for each in findings if each.step is Step.WAY]
    assert (way.outcome, way.grant) == (UNSURE, "device")
    assert (Step.CLIENT, GOOD) in steps(findings)


# The demo server, which shares nothing with the client


@pytest.fixture
def demo() -> Iterator[DemoServer]:
    with DemoServer(DemoOptions()) as server:
        yield server


async def at_demo(profile: Profile, password: str | None = None) -> AsyncIterator[Finding]:
    return check(
        profile,
        password,
        open_http=Connector(FakeKeyring(), Worker("loader")),
        clock=HurriedClock(),
        presets=load_presets(),
    )


async def test_the_demo_server_works(demo: DemoServer) -> None:
    findings = [each async for each in await at_demo(demo_profile(demo.url))]
    assert [each for each in steps(findings) if each[1] is not Outcome.HINT] == FINE
    assert [grant for grant, _ in hints(findings)] == ["code"]
    assert findings[1].text == "The connection is local."


async def test_the_demo_servers_refusals_are_told(demo: DemoServer) -> None:
    profile = demo_profile(demo.url)
    cases = {
        "unknown": (replace(profile, client_id="client-0"), None, (Step.CLIENT, BAD)),
        "scope": (replace(profile, scope=("enrich", "pizza")), None, (Step.SCOPES, BAD)),
        "password": (
            replace(
                profile,
                client_id=CONFIDENTIAL_CLIENT_ID,
                client_authentication="client_secret_post",
            ),
            CONFIDENTIAL_CLIENT_SECRET,
            (Step.SCOPES, GOOD),
        ),
        "way": (
            replace(profile, client_id=SERVICE_CLIENT_ID, client_authentication="auto"),
            SERVICE_CLIENT_SECRET,
            (Step.WAY, BAD),
        ),
    }
    for profile, password, last in cases.values():
        findings = [each async for each in await at_demo(profile, password)]
        assert steps(findings)[-1] == last


@pytest.mark.parametrize(
    ("presence", "outcome", "text"),
    [
        (FakePresence(), GOOD, "Your system can ask for your password or fingerprint."),
        (
            FakePresence(unavailable=PresenceNotInstalled()),
            BAD,
            "Can't ask you to confirm that it's you.",
        ),
    ],
)
async def test_a_profile_that_demands_presence_is_told_whether_it_can_be_proven(
    presence: FakePresence, outcome: Outcome, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_module, "SystemPresence", lambda: presence)
    *others, last = await found(Web(), replace(PROFILE, presence="ask"))
    assert (last.step, last.outcome, last.text) == (Step.PRESENCE, outcome, text)
    assert Step.PRESENCE not in [each.step for each in others]
    if outcome is BAD:
        assert "Install the .deb or .rpm package." in last.remedy

"""Signing in with a browser on this computer, and as the client itself."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from desktop.oauth import errors
from desktop.services.model.errors import (
    ClientSecretMissing,
    CodeExchangeFailed,
    RedirectUriUnavailable,
)
from desktop.services.model.profile import Profile, client_secret_key
from desktop.services.model.settings import Settings
from desktop.services.model.states import AwaitingApproval, Failed, Revocation, SignedIn, SignedOut
from desktop.services.secrets.keystore import KeyringMissing
from desktop.services.session.browser_sign_in import APPROVAL_TIMEOUT, MAX_CODE_LIFETIME
from desktop.services.token.details import revocation_offered
from desktop.services.wording.messages import advice_for
from tests.services.harness import (
    ACCESS_TOKEN,
    HOST,
    PASSWORD,
    PENDING,
    PROFILE,
    SECRETS,
    START,
    TOKENS,
    SessionHarness,
    saved_client_secret,
    settle,
)

AUTHORIZE = f"https://{HOST}/authorize"
CODE = "code-SECRET"
BROWSER = replace(PROFILE, grant="code")
SERVICE = replace(
    PROFILE,
    grant="client-credentials",
    client_authentication="auto",
    extra_parameters={"audience": "https://api.example"},
)


@pytest.fixture
async def harness() -> AsyncIterator[SessionHarness]:
    made = SessionHarness(BROWSER)
    made.server.metadata = {"authorization_endpoint": AUTHORIZE}
    made.server.answers = [TOKENS]
    yield made
    await made.close()
    assert made.server.open == 0
    assert not made.crashes


async def link(harness: SessionHarness) -> dict[str, str]:
    """Sign in until the link is shown; returns its parameters."""
    harness.session.sign_in()
    await harness.wait_for_state(AwaitingApproval)
    query = parse_qs(urlsplit(harness.expect(AwaitingApproval).link).query, strict_parsing=True)
    return {name: value for name, (value,) in query.items()}


async def come_back(asked: dict[str, str], **members: str) -> str:
    """Act as the browser that the server redirects; returns the first line of the page."""
    parts = urlsplit(asked["redirect_uri"])
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    query = urlencode({"state": asked["state"], **members})
    writer.write(f"GET {parts.path}?{query} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
    page = (await reader.read()).decode()
    writer.close()
    return page.partition("\r\n")[0]


# With a browser on this computer


async def test_the_browser_sign_in_shows_no_code(harness: SessionHarness) -> None:
    asked = await link(harness)
    state = harness.expect(AwaitingApproval)
    assert state.in_browser
    assert (state.user_code, state.host, state.host_is_known) == ("", HOST, True)
    assert (state.requested_at, state.lifetime) == (START, APPROVAL_TIMEOUT)
    assert state.link.startswith(f"{AUTHORIZE}?")
    assert asked["scope"] == "read write"
    assert harness.server.count_requests("/device") == 0


async def test_an_approval_signs_in(harness: SessionHarness) -> None:
    asked = await link(harness)
    assert await come_back(asked, code=CODE) == "HTTP/1.1 200 OK"
    await harness.wait_for_state(SignedIn)
    assert harness.state_names == ["Requesting", "AwaitingApproval", "SignedIn"]
    assert any(isinstance(each, AwaitingApproval) and each.approved for each in harness.states)
    assert harness.expect(SignedIn).renewable
    assert harness.session.access_token() == ACCESS_TOKEN
    (form,) = [form for path, form in harness.server.requests if path == "/token"]
    assert (form["code"], form["redirect_uri"]) == (CODE, asked["redirect_uri"])
    shown = " ".join(map(repr, harness.states))
    assert not [secret for secret in (*SECRETS, CODE, form["code_verifier"]) if secret in shown]


async def test_an_answer_without_the_state_is_ignored(harness: SessionHarness) -> None:
    asked = await link(harness)
    assert await come_back({**asked, "state": "guessed"}, code="evil") == "HTTP/1.1 400 Bad Request"
    await settle()
    harness.expect(AwaitingApproval)
    await come_back(asked, code=CODE)
    await harness.wait_for_state(SignedIn)


async def test_a_refusal_in_the_browser_is_shown(harness: SessionHarness) -> None:
    await come_back(await link(harness), error="access_denied")
    await harness.wait_for_state(Failed)
    assert isinstance(harness.expect(Failed).error, errors.AccessDenied)
    assert harness.server.count_requests("/token") == 0


async def test_an_answer_of_another_issuer_is_not_redeemed(harness: SessionHarness) -> None:
    await come_back(await link(harness), code=CODE, iss="https://evil.example")
    await harness.wait_for_state(Failed)
    assert isinstance(harness.expect(Failed).error, errors.WrongIssuer)
    assert harness.server.count_requests("/token") == 0


async def test_a_rejected_authorization_code_is_shown(harness: SessionHarness) -> None:
    harness.server.answers = [{"error": "invalid_grant"}]
    await come_back(await link(harness), code=CODE)
    await harness.wait_for_state(Failed)
    assert isinstance(harness.expect(Failed).error, errors.ApprovalLost)


NO_WAY = httpx.ConnectError("refused")


@pytest.mark.parametrize(
    "trouble", [NO_WAY, httpx.ConnectTimeout(""), httpx.Response(429, json={"error": "busy"})]
)
async def test_an_approval_survives_an_unreachable_server(
    harness: SessionHarness, trouble: httpx.Response | Exception
) -> None:
    harness.server.answers = [trouble, trouble, TOKENS]
    await come_back(await link(harness), code=CODE)
    await harness.clock.advance(2)
    state = harness.expect(AwaitingApproval)
    assert state.is_retrying_exchange
    assert state.next_at > harness.clock.utc()
    await harness.clock.advance(4)
    harness.expect(SignedIn)
    assert {form["code"] for path, form in harness.server.requests if path == "/token"} == {CODE}


async def test_a_restored_network_is_used_at_once(harness: SessionHarness) -> None:
    harness.server.answers = [NO_WAY, NO_WAY, NO_WAY, NO_WAY, TOKENS]
    await come_back(await link(harness), code=CODE)
    await harness.clock.advance(16)
    harness.expect(AwaitingApproval)
    harness.session.wake()
    await settle()
    harness.expect(SignedIn)


async def test_a_code_that_may_have_been_used_is_not_sent_again(harness: SessionHarness) -> None:
    harness.server.answers = [httpx.ReadError("broken off"), TOKENS]
    await come_back(await link(harness), code=CODE)
    await harness.wait_for_state(Failed)
    error = harness.expect(Failed).error
    assert isinstance(error, CodeExchangeFailed)
    assert "An approval works only once" in advice_for(error).text
    assert harness.server.count_requests("/token") == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            httpx.Response(404, html="<html>"),
            f"{HOST} doesn't accept requests at https://{HOST}/tok",
        ),
        (httpx.Response(200, json={}), "sent no usable token: no usable access_token."),
        (httpx.Response(200, text="OK"), "the response is not a JSON object."),
        (httpx.Response(200, json={**TOKENS, "token_type": "DPoP"}), "a token of type “DPoP”"),
        (httpx.Response(200, json={**TOKENS, "expires_in": 0}), "expires_in is 0 or less."),
    ],
)
@pytest.mark.parametrize("profile", [BROWSER, PROFILE, SERVICE])
async def test_a_final_answer_of_the_token_endpoint_ends_every_grant_with_its_reason(
    harness: SessionHarness, profile: Profile, answer: httpx.Response, words: str
) -> None:
    harness.new_session(profile)
    harness.server.answers = [answer, TOKENS]
    await harness.keyring.save(client_secret_key(profile), saved_client_secret(PASSWORD, profile))
    if profile is BROWSER:
        await come_back(await link(harness), code=CODE)
        await harness.wait_for_state(Failed)
    else:
        harness.session.sign_in()
        await harness.clock.advance(6)
    assert words in advice_for(harness.expect(Failed).error).text
    assert harness.server.count_requests("/token") == 1


async def test_an_approval_is_dropped_once_its_code_has_expired(harness: SessionHarness) -> None:
    harness.server.answers = [NO_WAY]
    await come_back(await link(harness), code=CODE)
    await harness.clock.advance(MAX_CODE_LIFETIME - 60)
    harness.expect(AwaitingApproval)
    await harness.clock.advance(60)
    error = harness.expect(Failed).error
    assert isinstance(error, CodeExchangeFailed)
    assert isinstance(error.__cause__, errors.TransportFailure)
    text = advice_for(error).text
    assert "couldn't fetch the token in time" in text
    assert "Check your network" in text


async def test_a_retry_after_beyond_the_life_of_the_code_is_not_awaited(
    harness: SessionHarness,
) -> None:
    busy = httpx.Response(429, json={"error": "busy"}, headers={"Retry-After": "3172s"})
    harness.server.answers = [busy, TOKENS]
    await come_back(await link(harness), code=CODE)
    await harness.wait_for_state(Failed)
    assert isinstance(harness.expect(Failed).error, CodeExchangeFailed)


async def test_canceling_clears_the_trouble(harness: SessionHarness) -> None:
    harness.server.answers = [NO_WAY, TOKENS]
    await come_back(await link(harness), code=CODE)
    await harness.clock.advance(1)
    harness.session.cancel()
    await harness.clock.advance(10)
    harness.expect(SignedOut)
    assert harness.server.count_requests("/token") == 1


async def test_the_browser_has_ten_minutes(harness: SessionHarness) -> None:
    asked = await link(harness)
    await harness.clock.advance(APPROVAL_TIMEOUT - 1)
    harness.expect(AwaitingApproval)
    await harness.clock.advance(11)
    assert isinstance(harness.expect(Failed).error, errors.NotApprovedInTime)
    with pytest.raises(ConnectionRefusedError):
        await come_back(asked, code=CODE)


async def test_a_cancelled_sign_in_stops_listening(harness: SessionHarness) -> None:
    asked = await link(harness)
    harness.session.cancel()
    await harness.wait_for_state(SignedOut)
    with pytest.raises(ConnectionRefusedError):
        await come_back(asked, code=CODE)


async def test_signing_in_again_creates_a_new_link(harness: SessionHarness) -> None:
    first = await link(harness)
    await harness.clock.advance(6)
    harness.session.new_code()
    await settle()
    second = await link(harness)
    assert second["state"] != first["state"]


async def test_a_missing_authorization_endpoint_is_shown(harness: SessionHarness) -> None:
    harness.server.metadata = {}
    harness.session.sign_in()
    await harness.wait_for_state(Failed)
    error = harness.expect(Failed).error
    assert isinstance(error, errors.MissingEndpoint)
    assert error.endpoint == "authorization_endpoint"


async def test_an_invalid_redirect_uri_is_shown(harness: SessionHarness) -> None:
    harness.new_session(replace(BROWSER, redirect_uri="http://login.example/callback"))
    harness.session.sign_in()
    await harness.wait_for_state(Failed)
    assert isinstance(harness.expect(Failed).error, RedirectUriUnavailable)


MANUAL = replace(
    BROWSER, issuer="", token_endpoint=f"https://{HOST}/token", authorization_endpoint=AUTHORIZE
)


async def test_endpoints_of_the_profile_need_no_metadata(harness: SessionHarness) -> None:
    harness.new_session(MANUAL)
    await link(harness)
    assert harness.expect(AwaitingApproval).host_is_known
    assert harness.server.requests == []


async def test_an_endpoint_that_a_profile_without_issuer_lacks_is_named(
    harness: SessionHarness,
) -> None:
    harness.new_session(replace(MANUAL, authorization_endpoint=""))
    harness.session.sign_in()
    await harness.wait_for_state(Failed)
    error = harness.expect(Failed).error
    assert isinstance(error, errors.MissingEndpoint)
    assert (error.host, error.endpoint) == (HOST, "authorization_endpoint")


# As the client itself


async def service(
    harness: SessionHarness, profile: Profile = SERVICE, *, password: str = PASSWORD
) -> None:
    """Open a session of a client that signs in as itself."""
    if password:
        await harness.keyring.save(
            client_secret_key(profile), saved_client_secret(password, profile)
        )
    harness.server.answers = [{name: TOKENS[name] for name in TOKENS if name != "refresh_token"}]
    harness.new_session(profile)
    harness.states.clear()
    harness.session.sign_in()
    await settle()


def own_requests(harness: SessionHarness) -> list[dict[str, str]]:
    return [form for path, form in harness.server.requests if path == "/token"]


async def test_a_client_signs_in_as_itself_without_a_browser(harness: SessionHarness) -> None:
    await service(harness)
    assert harness.state_names == ["Requesting", "SignedIn"]
    assert own_requests(harness) == [
        {
            "grant_type": "client_credentials",
            "scope": "read write",
            "audience": "https://api.example",
            "client_id": "client-1",
        }
    ]
    assert harness.server.authorizations[-1].startswith("Basic ")


async def test_a_token_of_the_client_itself_is_renewed_by_asking_again(
    harness: SessionHarness,
) -> None:
    await service(harness)
    state = harness.expect(SignedIn)
    assert state.renewable
    harness.server.answers = [TOKENS | {"access_token": f"{ACCESS_TOKEN}-2"}]
    harness.session.apply(Settings(keep_fresh=True))
    await harness.clock.advance(485)
    assert harness.session.access_token() == f"{ACCESS_TOKEN}-2"
    assert [form["grant_type"] for form in own_requests(harness)] == ["client_credentials"] * 2
    assert harness.expect(SignedIn).expires_at != state.expires_at


async def test_a_client_token_can_be_renewed_on_request(harness: SessionHarness) -> None:
    await service(harness)
    harness.session.renew()
    await settle()
    assert len(own_requests(harness)) == 2
    harness.expect(SignedIn)


@pytest.mark.parametrize("authentication", ["auto", "none", "client_secret_basic"])
async def test_a_missing_client_secret_is_shown(
    harness: SessionHarness, authentication: str
) -> None:
    await service(harness, replace(SERVICE, client_authentication=authentication), password="")
    assert isinstance(harness.expect(Failed).error, ClientSecretMissing)
    assert own_requests(harness) == []


async def test_a_client_cannot_sign_in_as_itself_without_the_keyring(
    harness: SessionHarness,
) -> None:
    harness.keyring.errors["load"] = KeyringMissing()
    await service(harness, password="")
    assert isinstance(harness.expect(Failed).error, KeyringMissing)
    harness.session.continue_without_keyring()
    await settle()
    assert isinstance(harness.expect(Failed).error, KeyringMissing)


async def test_a_client_token_does_not_revoke_the_grant_of_a_user(
    harness: SessionHarness,
) -> None:
    profile = replace(SERVICE, app_grant_endpoint=f"https://{HOST}/app-grant")
    await service(harness, profile)
    assert revocation_offered(profile, harness.session.metadata) is Revocation.NOT_OFFERED
    harness.session.sign_out()
    await settle()
    assert harness.expect(SignedOut).revocation is Revocation.NOT_OFFERED
    assert harness.server.count_requests("/app-grant/client-1") == 0


async def test_a_client_token_is_revoked_if_the_server_supports_it(
    harness: SessionHarness,
) -> None:
    harness.server.metadata["revocation_endpoint"] = f"https://{HOST}/revoke"
    harness.server.others["/revoke"] = {}
    await service(harness)
    harness.session.sign_out()
    await settle()
    assert harness.expect(SignedOut).revocation is Revocation.REVOKED
    (form,) = [form for path, form in harness.server.requests if path == "/revoke"]
    assert form["token_type_hint"] == "access_token"


async def test_an_approval_is_not_lost_to_a_secret_that_a_public_client_must_not_send() -> None:
    profile = replace(PROFILE, client_authentication="auto")
    harness = SessionHarness(profile)
    harness.keyring.entries[client_secret_key(profile)] = saved_client_secret(PASSWORD, profile)
    public = {"error": "invalid_client", "error_description": "AADSTS700025: Client is public."}
    harness.server.answers = [PENDING, public, TOKENS]
    await harness.start_sign_in()
    await harness.clock.advance(12)
    assert harness.session.access_token() == ACCESS_TOKEN
    assert harness.server.authorizations[-2].startswith("Basic ")
    assert harness.server.authorizations[-1] == ""
    assert "client_secret" not in harness.server.requests[-1][1]
    await harness.close()

"""Signing in by a browser on this computer, and as the client itself."""

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
async def world() -> AsyncIterator[SessionHarness]:
    made = SessionHarness(BROWSER)
    made.server.metadata = {"authorization_endpoint": AUTHORIZE}
    made.server.answers = [TOKENS]
    yield made
    await made.close()
    assert made.server.open == 0
    assert not made.crashes


async def link(world: SessionHarness) -> dict[str, str]:
    """Sign in as far as the link; gives its parameters."""
    world.session.sign_in()
    await world.wait_for_state(AwaitingApproval)
    query = parse_qs(urlsplit(world.expect(AwaitingApproval).link).query, strict_parsing=True)
    return {name: value for name, (value,) in query.items()}


async def come_back(asked: dict[str, str], **members: str) -> str:
    """Be the browser that the server sends back; gives the first line of the page."""
    parts = urlsplit(asked["redirect_uri"])
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    query = urlencode({"state": asked["state"], **members})
    writer.write(f"GET {parts.path}?{query} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
    page = (await reader.read()).decode()
    writer.close()
    return page.partition("\r\n")[0]


# By a browser on this computer


async def test_the_browser_is_waited_for_without_a_code(world: SessionHarness) -> None:
    asked = await link(world)
    state = world.expect(AwaitingApproval)
    assert state.in_browser
    assert (state.user_code, state.host, state.host_is_known) == ("", HOST, True)
    assert (state.requested_at, state.lifetime) == (START, APPROVAL_TIMEOUT)
    assert state.link.startswith(f"{AUTHORIZE}?")
    assert asked["scope"] == "read write"
    assert world.server.count_requests("/device") == 0


async def test_an_approval_signs_in(world: SessionHarness) -> None:
    asked = await link(world)
    assert await come_back(asked, code=CODE) == "HTTP/1.1 200 OK"
    await world.wait_for_state(SignedIn)
    assert world.state_names == ["Requesting", "AwaitingApproval", "SignedIn"]
    assert any(isinstance(each, AwaitingApproval) and each.approved for each in world.states)
    assert world.expect(SignedIn).renewable
    assert world.session.access_token() == ACCESS_TOKEN
    (form,) = [form for path, form in world.server.requests if path == "/token"]
    assert (form["code"], form["redirect_uri"]) == (CODE, asked["redirect_uri"])
    shown = " ".join(map(repr, world.states))
    assert not [secret for secret in (*SECRETS, CODE, form["code_verifier"]) if secret in shown]


async def test_a_stranger_who_knows_no_state_ends_nothing(world: SessionHarness) -> None:
    asked = await link(world)
    assert await come_back({**asked, "state": "guessed"}, code="evil") == "HTTP/1.1 400 Bad Request"
    await settle()
    world.expect(AwaitingApproval)
    await come_back(asked, code=CODE)
    await world.wait_for_state(SignedIn)


async def test_a_refusal_in_the_browser_is_told(world: SessionHarness) -> None:
    await come_back(await link(world), error="access_denied")
    await world.wait_for_state(Failed)
    assert isinstance(world.expect(Failed).error, errors.AccessDenied)
    assert world.server.count_requests("/token") == 0


async def test_an_answer_of_another_server_is_not_redeemed(world: SessionHarness) -> None:
    await come_back(await link(world), code=CODE, iss="https://evil.example")
    await world.wait_for_state(Failed)
    assert isinstance(world.expect(Failed).error, errors.WrongIssuer)
    assert world.server.count_requests("/token") == 0


async def test_an_approval_that_is_not_taken_is_told(world: SessionHarness) -> None:
    world.server.answers = [{"error": "invalid_grant"}]
    await come_back(await link(world), code=CODE)
    await world.wait_for_state(Failed)
    assert isinstance(world.expect(Failed).error, errors.ApprovalLost)


NO_WAY = httpx.ConnectError("refused")


@pytest.mark.parametrize(
    "trouble", [NO_WAY, httpx.ConnectTimeout(""), httpx.Response(429, json={"error": "busy"})]
)
async def test_an_approval_outlives_a_server_that_cannot_be_reached(
    world: SessionHarness, trouble: httpx.Response | Exception
) -> None:
    world.server.answers = [trouble, trouble, TOKENS]
    await come_back(await link(world), code=CODE)
    await world.clock.advance(2)
    state = world.expect(AwaitingApproval)
    assert state.is_retrying_exchange
    assert state.next_at > world.clock.utc()
    await world.clock.advance(4)
    world.expect(SignedIn)
    assert {form["code"] for path, form in world.server.requests if path == "/token"} == {CODE}


async def test_a_network_that_is_back_is_used_at_once(world: SessionHarness) -> None:
    world.server.answers = [NO_WAY, NO_WAY, NO_WAY, NO_WAY, TOKENS]
    await come_back(await link(world), code=CODE)
    await world.clock.advance(16)
    world.expect(AwaitingApproval)
    world.session.wake()
    await settle()
    world.expect(SignedIn)


async def test_an_approval_that_may_have_been_used_is_not_sent_again(world: SessionHarness) -> None:
    world.server.answers = [httpx.ReadError("broken off"), TOKENS]
    await come_back(await link(world), code=CODE)
    await world.wait_for_state(Failed)
    error = world.expect(Failed).error
    assert isinstance(error, CodeExchangeFailed)
    assert "An approval works only once" in advice_for(error).text
    assert world.server.count_requests("/token") == 1


async def test_an_approval_is_given_up_when_no_code_lives_any_more(world: SessionHarness) -> None:
    world.server.answers = [NO_WAY]
    await come_back(await link(world), code=CODE)
    await world.clock.advance(MAX_CODE_LIFETIME - 60)
    world.expect(AwaitingApproval)
    await world.clock.advance(60)
    error = world.expect(Failed).error
    assert isinstance(error, CodeExchangeFailed)
    assert isinstance(error.__cause__, errors.TransportFailure)
    text = advice_for(error).text
    assert "couldn't fetch the token in time" in text
    assert "Check your network" in text


async def test_a_server_that_asks_to_wait_longer_than_a_code_lives_is_not_waited_for(
    world: SessionHarness,
) -> None:
    busy = httpx.Response(429, json={"error": "busy"}, headers={"Retry-After": "3172s"})
    world.server.answers = [busy, TOKENS]
    await come_back(await link(world), code=CODE)
    await world.wait_for_state(Failed)
    assert isinstance(world.expect(Failed).error, CodeExchangeFailed)


async def test_a_trouble_does_not_outlive_a_cancel(world: SessionHarness) -> None:
    world.server.answers = [NO_WAY, TOKENS]
    await come_back(await link(world), code=CODE)
    await world.clock.advance(1)
    world.session.cancel()
    await world.clock.advance(10)
    world.expect(SignedOut)
    assert world.server.count_requests("/token") == 1


async def test_nobody_is_waited_for_longer_than_ten_minutes(world: SessionHarness) -> None:
    asked = await link(world)
    await world.clock.advance(APPROVAL_TIMEOUT - 1)
    world.expect(AwaitingApproval)
    await world.clock.advance(11)
    assert isinstance(world.expect(Failed).error, errors.NotApprovedInTime)
    with pytest.raises(ConnectionRefusedError):
        await come_back(asked, code=CODE)


async def test_a_cancelled_sign_in_listens_no_more(world: SessionHarness) -> None:
    asked = await link(world)
    world.session.cancel()
    await world.wait_for_state(SignedOut)
    with pytest.raises(ConnectionRefusedError):
        await come_back(asked, code=CODE)


async def test_signing_in_again_makes_another_link(world: SessionHarness) -> None:
    first = await link(world)
    await world.clock.advance(6)
    world.session.new_code()
    await settle()
    second = await link(world)
    assert second["state"] != first["state"]


async def test_a_server_without_a_page_for_it_is_told(world: SessionHarness) -> None:
    world.server.metadata = {}
    world.session.sign_in()
    await world.wait_for_state(Failed)
    error = world.expect(Failed).error
    assert isinstance(error, errors.MissingEndpoint)
    assert error.endpoint == "authorization_endpoint"


async def test_a_way_back_that_cannot_be_is_told(world: SessionHarness) -> None:
    world.new_session(replace(BROWSER, redirect_uri="http://login.example/callback"))
    world.session.sign_in()
    await world.wait_for_state(Failed)
    assert isinstance(world.expect(Failed).error, RedirectUriUnavailable)


MANUAL = replace(
    BROWSER, issuer="", token_endpoint=f"https://{HOST}/token", authorization_endpoint=AUTHORIZE
)


async def test_endpoints_of_the_profile_need_no_metadata(world: SessionHarness) -> None:
    world.new_session(MANUAL)
    await link(world)
    assert world.expect(AwaitingApproval).host_is_known
    assert world.server.requests == []


async def test_an_endpoint_that_a_profile_without_issuer_lacks_is_named(
    world: SessionHarness,
) -> None:
    world.new_session(replace(MANUAL, authorization_endpoint=""))
    world.session.sign_in()
    await world.wait_for_state(Failed)
    error = world.expect(Failed).error
    assert isinstance(error, errors.MissingEndpoint)
    assert (error.host, error.endpoint) == (HOST, "authorization_endpoint")


# As the client itself


async def service(
    world: SessionHarness, profile: Profile = SERVICE, *, password: str = PASSWORD
) -> None:
    """Open a session of a client that signs in as itself."""
    if password:
        await world.keyring.save(client_secret_key(profile), saved_client_secret(password, profile))
    world.server.answers = [{name: TOKENS[name] for name in TOKENS if name != "refresh_token"}]
    world.new_session(profile)
    world.states.clear()
    world.session.sign_in()
    await settle()


def own_requests(world: SessionHarness) -> list[dict[str, str]]:
    return [form for path, form in world.server.requests if path == "/token"]


async def test_a_client_signs_in_as_itself_without_a_browser(world: SessionHarness) -> None:
    await service(world)
    assert world.state_names == ["Requesting", "SignedIn"]
    assert own_requests(world) == [
        {
            "grant_type": "client_credentials",
            "scope": "read write",
            "audience": "https://api.example",
            "client_id": "client-1",
        }
    ]
    assert world.server.authorizations[-1].startswith("Basic ")


async def test_a_token_of_the_client_itself_is_renewed_by_asking_again(
    world: SessionHarness,
) -> None:
    await service(world)
    state = world.expect(SignedIn)
    assert state.renewable
    world.server.answers = [TOKENS | {"access_token": f"{ACCESS_TOKEN}-2"}]
    world.session.apply(Settings(keep_fresh=True))
    await world.clock.advance(485)
    assert world.session.access_token() == f"{ACCESS_TOKEN}-2"
    assert [form["grant_type"] for form in own_requests(world)] == ["client_credentials"] * 2
    assert world.expect(SignedIn).expires_at != state.expires_at


async def test_a_person_may_ask_for_another_token_of_the_client(world: SessionHarness) -> None:
    await service(world)
    world.session.renew()
    await settle()
    assert len(own_requests(world)) == 2
    world.expect(SignedIn)


@pytest.mark.parametrize("authentication", ["auto", "none", "client_secret_basic"])
async def test_a_client_without_its_password_is_told_so(
    world: SessionHarness, authentication: str
) -> None:
    await service(world, replace(SERVICE, client_authentication=authentication), password="")
    assert isinstance(world.expect(Failed).error, ClientSecretMissing)
    assert own_requests(world) == []


async def test_a_client_cannot_sign_in_as_itself_without_the_keyring(world: SessionHarness) -> None:
    world.keyring.errors["load"] = KeyringMissing()
    await service(world, password="")
    assert isinstance(world.expect(Failed).error, KeyringMissing)
    world.session.continue_without_keyring()
    await settle()
    assert isinstance(world.expect(Failed).error, KeyringMissing)


async def test_no_grant_of_a_person_is_ended_with_a_token_of_the_client(
    world: SessionHarness,
) -> None:
    profile = replace(SERVICE, app_grant_endpoint=f"https://{HOST}/app-grant")
    await service(world, profile)
    assert revocation_offered(profile, world.session.metadata) is Revocation.NOT_OFFERED
    world.session.sign_out()
    await settle()
    assert world.expect(SignedOut).revocation is Revocation.NOT_OFFERED
    assert world.server.count_requests("/app-grant/client-1") == 0


async def test_a_token_of_the_client_is_revoked_where_the_server_takes_it(
    world: SessionHarness,
) -> None:
    world.server.metadata["revocation_endpoint"] = f"https://{HOST}/revoke"
    world.server.others["/revoke"] = {}
    await service(world)
    world.session.sign_out()
    await settle()
    assert world.expect(SignedOut).revocation is Revocation.REVOKED
    (form,) = [form for path, form in world.server.requests if path == "/revoke"]
    assert form["token_type_hint"] == "access_token"

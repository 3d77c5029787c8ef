"""The way of a sign-in, state by state."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta

import httpx
import pytest

from desktop.oauth import errors
from desktop.oauth.grants.token import TokenSet
from desktop.services.model.errors import ClientSecretMissing, GrantForbidden
from desktop.services.model.policy import Policy
from desktop.services.model.profile import Profile, client_secret_key
from desktop.services.model.states import (
    AwaitingApproval,
    Failed,
    Requesting,
    SignedIn,
    SignedOut,
)
from desktop.services.secrets.keystore import KeyringLocked
from tests.services.harness import (
    ACCESS_TOKEN,
    HOST,
    PASSWORD,
    PENDING,
    PROFILE,
    SECRETS,
    START,
    TOKENS,
    HurriedClock,
    SessionHarness,
    saved_client_secret,
    settle,
)


@pytest.fixture
async def world() -> AsyncIterator[SessionHarness]:
    made = SessionHarness()
    yield made
    await made.close()
    assert made.server.open == 0
    assert not made.crashes


async def test_it_begins_with_opening(world: SessionHarness) -> None:
    assert world.state == Requesting(opening=True)
    assert world.states == []


async def test_a_whole_sign_in_goes_through_its_states(world: SessionHarness) -> None:
    world.session.open()
    await settle()
    assert world.state_names == ["Requesting", "AwaitingApproval"]
    assert world.states[:2] == [Requesting(opening=True), Requesting()]
    waiting = world.state
    assert waiting == AwaitingApproval(
        user_code="CODE-1",
        verification_uri=f"https://{HOST}/activate",
        verification_uri_complete=f"https://{HOST}/activate?user_code=CODE-1",
        host=HOST,
        host_is_known=True,
        requested_at=START,
        lifetime=600,
        expires_at=START + timedelta(seconds=600),
        poll_count=0,
        last_poll_at=None,
        next_at=START + timedelta(seconds=5),
    )
    await world.clock.advance(5)
    world.expect(AwaitingApproval)
    assert (
        world.expect(AwaitingApproval).poll_count,
        world.expect(AwaitingApproval).last_poll_at,
    ) == (
        1,
        START + timedelta(seconds=5),
    )
    world.server.answers = [TOKENS]
    await world.clock.advance(5)
    assert world.state == SignedIn(
        scope=("read",),
        requested_scope=("read", "write"),
        token_type="Bearer",
        issued_at=START + timedelta(seconds=10),
        expires_at=START + timedelta(seconds=610),
        user="",
        organization="",
        renewable=True,
    )
    assert world.session.access_token() == ACCESS_TOKEN
    assert [getattr(state, "approved", False) for state in world.states] == [
        *[False] * (len(world.states) - 2),
        True,
        False,
    ]


async def test_the_next_run_shows_the_stored_token_at_once(world: SessionHarness) -> None:
    await world.sign_in()
    signed_in = world.state
    world.states.clear()
    asked = len(world.server.requests)
    session = world.new_session()
    session.open()
    await settle()
    assert world.states == [Requesting(opening=True), signed_in]
    assert session.access_token() == ACCESS_TOKEN
    assert len(world.server.requests) == asked, "without a request"
    assert len(world.clients) == 1, "and without loading what requests need"


async def test_an_expired_stored_token_is_shown_as_such_and_cannot_be_used(
    world: SessionHarness,
) -> None:
    await world.sign_in()
    await world.clock.advance(600)
    session = world.new_session()
    session.open()
    await settle()
    world.expect(SignedIn)
    assert world.expect(SignedIn).remaining(world.clock.utc()) == 0
    assert session.access_token() is None
    session.sign_in()
    await settle()
    world.expect(AwaitingApproval)


@pytest.mark.parametrize(
    "other",
    [
        replace(PROFILE, client_id="client-2"),
        replace(PROFILE, issuer="https://other.example", expected_issuer=f"https://{HOST}"),
        replace(
            PROFILE,
            issuer="",
            device_authorization_endpoint=f"https://{HOST}/device",
            token_endpoint=f"https://{HOST}/token",
        ),
    ],
)
async def test_a_stored_token_of_another_server_or_client_is_ignored(
    world: SessionHarness, other: object
) -> None:
    await world.sign_in()
    session = world.new_session(other)  # type: ignore[arg-type]
    session.open()
    await settle()
    assert session.access_token() is None
    assert not isinstance(world.state, SignedIn)


async def test_a_damaged_stored_token_is_ignored(world: SessionHarness) -> None:
    await world.keyring.save("northwind", "{")
    world.session.open()
    await settle()
    world.expect(AwaitingApproval)


async def test_both_endpoints_in_the_profile_need_no_discovery(world: SessionHarness) -> None:
    world.new_session(
        replace(
            PROFILE,
            device_authorization_endpoint=f"https://{HOST}/device",
            token_endpoint=f"https://{HOST}/token",
        )
    )
    await world.start_sign_in()
    assert world.server.requests[0][0] == "/device"


async def test_the_servers_description_is_fetched_once(world: SessionHarness) -> None:
    await world.start_sign_in()
    await world.clock.advance(6)
    world.session.new_code()
    await settle()
    assert world.server.count_requests("/.well-known/oauth-authorization-server") == 1
    assert world.server.count_requests("/device") == 2
    assert len(world.clients) == 1


async def test_further_parameters_of_the_profile_are_sent(world: SessionHarness) -> None:
    world.new_session(replace(PROFILE, extra_parameters={"audience": "everyone"}))
    await world.start_sign_in()
    assert world.server.requests[-1][1]["audience"] == "everyone"


@pytest.mark.parametrize(
    ("link", "known"),
    [
        (f"https://{HOST}/activate", True),
        ("https://approve.example/x", True),
        ("https://evil.example/", False),
    ],
)
async def test_a_link_to_a_host_that_the_profile_does_not_name_is_marked(
    world: SessionHarness, link: str, *, known: bool
) -> None:
    world.new_session(replace(PROFILE, verification_hosts=("Approve.Example",)))
    world.server.device_answer = {
        "device_code": "x",
        "user_code": "CODE",
        "verification_uri": link,
        "expires_in": 600,
    }
    await world.start_sign_in()
    world.expect(AwaitingApproval)
    assert world.expect(AwaitingApproval).host_is_known is known


# The token


async def test_the_token_is_given_only_while_it_is_valid(world: SessionHarness) -> None:
    assert world.session.access_token() is None
    await world.sign_in()
    await world.clock.advance(598)
    assert world.session.access_token() == ACCESS_TOKEN
    await world.clock.advance(1)
    assert world.session.access_token() is None


async def test_a_token_that_never_expires_is_given_always(world: SessionHarness) -> None:
    world.server.answers = [{"access_token": ACCESS_TOKEN}]
    world.session.sign_in()
    await world.clock.advance(1000)
    assert world.session.access_token() == ACCESS_TOKEN


# Trouble


async def test_trouble_on_the_way_is_shown_and_passes(world: SessionHarness) -> None:
    world.server.answers = [httpx.ConnectError("reset"), PENDING, TOKENS]
    await world.start_sign_in()
    await world.clock.advance(5)
    world.expect(AwaitingApproval)
    assert isinstance(world.expect(AwaitingApproval).trouble, errors.TransportFailure)
    await world.clock.advance(10)
    world.expect(AwaitingApproval)
    assert world.expect(AwaitingApproval).trouble is None
    await world.clock.advance(5)
    world.expect(SignedIn)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"error": "access_denied"}, errors.AccessDenied),
        ({"error": "expired_token"}, errors.ExpiredToken),
        ({"error": "invalid_client"}, errors.InvalidClient),
    ],
)
async def test_a_final_answer_fails_with_the_code_that_was_shown(
    world: SessionHarness, answer: dict[str, str], kind: type[Exception]
) -> None:
    world.server.answers = [answer]
    await world.start_sign_in()
    await world.clock.advance(5)
    world.expect(Failed)
    assert type(world.expect(Failed).error) is kind
    assert world.expect(Failed).user_code == "CODE-1"


async def test_an_approval_before_any_code_was_shown_is_taken_too(
    world: SessionHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(ask: Callable[[], Awaitable[TokenSet]], *_: object, **__: object) -> TokenSet:
        return await ask()

    monkeypatch.setattr("desktop.services.session.device_sign_in.poll", at_once)
    world.server.answers = [TOKENS]
    await world.start_sign_in()
    assert world.state_names == ["Requesting", "SignedIn"]


async def test_a_code_that_nobody_approves_expires_by_our_own_clock(world: SessionHarness) -> None:
    await world.start_sign_in()
    await world.clock.advance(601)
    world.expect(Failed)
    assert type(world.expect(Failed).error) is errors.CodeExpired
    requests = len(world.server.requests)
    await world.clock.advance(60)
    assert len(world.server.requests) == requests, "and nobody goes on asking"


async def test_a_server_that_cannot_be_reached_fails_without_a_code(world: SessionHarness) -> None:
    world.server.device_answer = httpx.ConnectError("refused")
    await world.start_sign_in()
    world.expect(Failed)
    assert isinstance(world.expect(Failed).error, errors.TransportFailure)
    assert world.expect(Failed).user_code == ""


# The client


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_a_client_without_its_password_fails_and_works_once_it_is_stored(
    world: SessionHarness, method: str
) -> None:
    profile = replace(PROFILE, client_authentication=method)
    session = world.new_session(profile)
    session.open()
    await settle()
    world.expect(Failed)
    assert isinstance(world.expect(Failed).error, ClientSecretMissing)
    await world.keyring.save(client_secret_key(profile), saved_client_secret(PASSWORD, profile))
    session.retry()
    await settle()
    world.expect(AwaitingApproval)


async def test_a_corrected_password_is_used_by_the_next_try(world: SessionHarness) -> None:
    profile = replace(PROFILE, client_authentication="client_secret_post")
    await world.keyring.save(client_secret_key(profile), saved_client_secret("wrong", profile))
    session = world.new_session(profile)
    world.server.device_answer = {"error": "invalid_client"}
    session.sign_in()
    await settle()
    world.expect(Failed)
    await world.keyring.save(client_secret_key(profile), saved_client_secret(PASSWORD, profile))
    world.server.device_answer = None
    session.retry()
    await settle()
    assert world.server.requests[-1][1]["client_secret"] == PASSWORD


async def test_without_a_password_a_client_of_unknown_kind_is_public(world: SessionHarness) -> None:
    world.new_session(replace(PROFILE, client_authentication="auto"))
    await world.start_sign_in()
    world.expect(AwaitingApproval)
    assert "client_secret" not in world.server.requests[-1][1]
    assert world.server.authorizations[-1] == ""


async def test_how_the_client_proves_itself_is_remembered_with_the_tokens(
    world: SessionHarness,
) -> None:
    profile = replace(PROFILE, client_authentication="auto")
    await world.keyring.save(client_secret_key(profile), saved_client_secret(PASSWORD, profile))
    world.new_session(profile)
    world.server.device_answer = {"error": "invalid_client"}
    world.session.sign_in()
    await world.clock.advance(2)
    forms = [form for path, form in world.server.requests if path == "/device"]
    assert ["client_secret" in form for form in forms] == [False, True], "basic, then in the body"
    world.server.device_answer = None
    await world.sign_in()
    first = world.session._provider.known_methods
    session = world.new_session(profile)
    session.open()
    await settle()
    assert session._provider.known_methods == first
    assert first


# Secrets


def texts_in(value: object) -> list[str]:
    """All text in a value: the members of data classes and of errors, their words included."""
    if isinstance(value, BaseException):
        inside = [*value.args, *vars(value).values(), value.__cause__, value.__context__]
        return [str(value), repr(value)] + [text for each in inside for text in texts_in(each)]
    if is_dataclass(value):
        inside = [getattr(value, each.name) for each in fields(value)]
        return [repr(value)] + [text for each in inside for text in texts_in(each)]
    if isinstance(value, (list, tuple, set, frozenset)):
        return [text for each in value for text in texts_in(each)]
    return [repr(value)]


async def test_no_state_of_a_sign_in_holds_a_secret(world: SessionHarness) -> None:
    profile = replace(PROFILE, client_authentication="client_secret_post")
    await world.keyring.save(client_secret_key(profile), saved_client_secret(PASSWORD, profile))
    world.new_session(profile)
    world.keyring.errors["save"] = KeyringLocked("locked")
    world.server.answers = [
        PENDING,
        httpx.Response(502, text="<html>"),
        httpx.Response(200, json={"access_token": ACCESS_TOKEN + "\n"}),
        httpx.ConnectError("reset"),
        {"error": "slow_down"},
        TOKENS,
    ]
    world.session.open()
    await world.clock.advance(200)
    world.expect(SignedIn)
    assert isinstance(world.expect(SignedIn).save_error, KeyringLocked)
    world.server.answers = [{"error": "invalid_grant", "error_description": "no"}]
    world.session.sign_in()
    await world.clock.advance(10)
    world.expect(Failed)
    text = "\n".join(found for state in world.states for found in texts_in(state))
    assert "CODE-1" in text
    assert [secret for secret in SECRETS if secret in text] == []


# The unexpected


async def test_an_unexpected_error_is_reported_and_shown() -> None:
    world = SessionHarness(clock=HurriedClock())
    world.server.answers = [ZeroDivisionError("unheard of")]
    world.session.sign_in()
    await settle()
    world.expect(Failed)
    assert isinstance(world.expect(Failed).error, ZeroDivisionError)
    assert world.expect(Failed).user_code == "CODE-1"
    assert [crash["exception"] for crash in world.crashes] == [world.expect(Failed).error]
    assert world.crashes[0]["message"] == "sign-in broke"
    world.server.answers = [TOKENS]
    world.session.retry()
    await settle()
    world.expect(SignedIn)  # and it works again
    await world.session.close()


async def test_an_error_in_what_was_given_up_is_reported_but_not_shown() -> None:
    world = SessionHarness()

    async def broken_end(_profile: Profile, /, **_given: object) -> httpx.AsyncClient:
        try:
            await asyncio.Event().wait()
        finally:
            raise ZeroDivisionError("while leaving")

    provider = world.session._provider
    provider._environment = replace(provider._environment, open_http=broken_end)
    await world.start_sign_in()
    world.session.cancel()
    await settle()
    assert world.state == SignedOut()
    assert [type(crash["exception"]) for crash in world.crashes] == [ZeroDivisionError]


async def test_an_observer_that_breaks_does_not_end_the_program() -> None:
    world = SessionHarness()

    def break_down(state: object) -> None:
        if isinstance(state, AwaitingApproval):
            raise RuntimeError("cannot draw")  # noqa: TRY004 - any error at all

    world.watch = break_down
    await world.start_sign_in()
    world.expect(Failed)
    assert len(world.crashes) == 1
    assert world.server.open == 0
    await world.session.close()


async def test_a_password_does_not_go_to_another_server_than_it_was_stored_for(
    world: SessionHarness,
) -> None:
    profile = replace(PROFILE, client_authentication="client_secret_basic")
    await world.keyring.save(client_secret_key(profile), saved_client_secret(PASSWORD, profile))
    world.new_session(replace(profile, issuer="https://evil.example"))
    world.session.open()
    await settle()
    assert isinstance(world.expect(Failed).error, ClientSecretMissing)
    assert not [request for request in world.server.requests if PASSWORD in str(request)]


async def test_cancelling_a_renewed_sign_in_keeps_the_expired_token_in_sight(
    world: SessionHarness,
) -> None:
    await world.sign_in()
    await world.clock.advance(601)
    world.session.sign_in()
    await settle()
    world.session.cancel()
    await settle()
    assert world.expect(SignedIn).remaining(world.clock.utc()) == 0
    assert world.session.access_token() is None


async def test_the_token_is_not_handed_out_while_it_is_being_removed(world: SessionHarness) -> None:
    await world.sign_in()
    gate = world.keyring.gates["delete"] = asyncio.Event()
    world.session.sign_out()
    await settle()
    assert world.expect(SignedIn).signing_out
    assert world.session.access_token() is None
    gate.set()
    await settle()
    world.expect(SignedOut)


async def test_closing_waits_until_the_token_is_removed(world: SessionHarness) -> None:
    await world.sign_in()
    gate = world.keyring.gates["delete"] = asyncio.Event()
    world.session.sign_out()
    await settle()
    closing = asyncio.ensure_future(world.session.close())
    await settle()
    assert not closing.done()
    gate.set()
    await closing
    assert world.keyring.entries == {}


async def test_device_codes_that_the_administrator_turned_off_are_not_requested(
    world: SessionHarness,
) -> None:
    policy = Policy(source="policy.toml", device_grant=False)
    session = world.new_session(replace(PROFILE, policy=policy))
    session.sign_in()
    await settle()
    error = world.expect(Failed).error
    assert isinstance(error, GrantForbidden)
    assert error.source == "policy.toml"
    assert world.server.count_requests("/device") == 0


PAGE = httpx.Response(200, text="<!doctype html>", headers={"content-type": "text/html"})


async def test_a_captive_portal_in_front_of_the_server_is_named(world: SessionHarness) -> None:
    world.server.others["/"] = httpx.Response(302, headers={"location": "http://portal.example/"})
    world.server.description = PAGE
    await world.start_sign_in()
    error = world.expect(Failed).error
    assert isinstance(error, errors.CaptivePortal)
    assert error.by == "portal.example"


async def test_a_web_page_without_a_portal_is_reported_as_a_web_page(
    world: SessionHarness,
) -> None:
    world.server.description = PAGE
    await world.start_sign_in()
    error = world.expect(Failed).error
    assert isinstance(error, errors.PageInsteadOfAnswer)
    assert not isinstance(error, errors.CaptivePortal)


async def test_an_error_of_the_server_itself_is_not_taken_for_a_portal(
    world: SessionHarness,
) -> None:
    world.server.description = httpx.Response(503)
    await world.start_sign_in()
    assert isinstance(world.expect(Failed).error, errors.ServerFault)
    assert world.server.count_requests("/") == 0

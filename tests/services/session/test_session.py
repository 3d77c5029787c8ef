"""A sign-in, state by state."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta

import httpx
import pytest

from desktop.oauth import errors
from desktop.oauth.model.token_set import TokenSet
from desktop.services.model.errors import ClientSecretMissing, GrantForbidden
from desktop.services.model.policy import Policy
from desktop.services.model.profile import Profile, client_secret_key
from desktop.services.model.states import (
    AwaitingApproval,
    Failed,
    Requesting,
    SignedIn,
    SignedOut,
    transaction_id,
)
from desktop.services.secrets.keystore import KeyringLocked
from tests.services.harness import (
    ACCESS_TOKEN,
    DEVICE_CODE,
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
async def harness() -> AsyncIterator[SessionHarness]:
    made = SessionHarness()
    yield made
    await made.close()
    assert made.server.open == 0
    assert not made.crashes


async def test_it_begins_with_opening(harness: SessionHarness) -> None:
    assert harness.state == Requesting(opening=True)
    assert harness.states == []


async def test_a_whole_sign_in_goes_through_its_states(harness: SessionHarness) -> None:
    harness.session.open()
    await settle()
    assert harness.state_names == ["Requesting", "AwaitingApproval"]
    assert harness.states[:2] == [Requesting(opening=True), Requesting()]
    waiting = harness.state
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
        transaction=transaction_id(DEVICE_CODE),
    )
    await harness.clock.advance(5)
    harness.expect(AwaitingApproval)
    assert (
        harness.expect(AwaitingApproval).poll_count,
        harness.expect(AwaitingApproval).last_poll_at,
    ) == (
        1,
        START + timedelta(seconds=5),
    )
    harness.server.answers = [TOKENS]
    await harness.clock.advance(5)
    assert harness.state == SignedIn(
        scope=("read",),
        requested_scope=("read", "write"),
        token_type="Bearer",
        issued_at=START + timedelta(seconds=10),
        expires_at=START + timedelta(seconds=610),
        user="",
        organization="",
        renewable=True,
    )
    assert harness.session.access_token() == ACCESS_TOKEN
    assert [getattr(state, "approved", False) for state in harness.states] == [
        *[False] * (len(harness.states) - 2),
        True,
        False,
    ]


async def test_the_next_run_shows_the_saved_token_at_once(harness: SessionHarness) -> None:
    await harness.sign_in()
    signed_in = harness.state
    harness.states.clear()
    asked = len(harness.server.requests)
    session = harness.new_session()
    session.open()
    await settle()
    assert harness.states == [Requesting(opening=True), signed_in]
    assert session.access_token() == ACCESS_TOKEN
    assert len(harness.server.requests) == asked, "without a request"
    assert len(harness.clients) == 1, "and without loading what requests need"


async def test_an_expired_stored_token_is_shown_as_such_and_cannot_be_used(
    harness: SessionHarness,
) -> None:
    await harness.sign_in()
    await harness.clock.advance(600)
    session = harness.new_session()
    session.open()
    await settle()
    harness.expect(SignedIn)
    assert harness.expect(SignedIn).remaining(harness.clock.utc()) == 0
    assert session.access_token() is None
    session.sign_in()
    await settle()
    harness.expect(AwaitingApproval)


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
    harness: SessionHarness, other: object
) -> None:
    await harness.sign_in()
    session = harness.new_session(other)  # type: ignore[arg-type]
    session.open()
    await settle()
    assert session.access_token() is None
    assert not isinstance(harness.state, SignedIn)


async def test_a_damaged_stored_token_is_ignored(harness: SessionHarness) -> None:
    await harness.keyring.save("northwind", "{")
    harness.session.open()
    await settle()
    harness.expect(AwaitingApproval)


async def test_both_endpoints_in_the_profile_need_no_discovery(harness: SessionHarness) -> None:
    harness.new_session(
        replace(
            PROFILE,
            device_authorization_endpoint=f"https://{HOST}/device",
            token_endpoint=f"https://{HOST}/token",
        )
    )
    await harness.start_sign_in()
    assert harness.server.requests[0][0] == "/device"


async def test_metadata_is_fetched_once(harness: SessionHarness) -> None:
    await harness.start_sign_in()
    await harness.clock.advance(6)
    harness.session.new_code()
    await settle()
    assert harness.server.count_requests("/.well-known/oauth-authorization-server") == 1
    assert harness.server.count_requests("/device") == 2
    assert len(harness.clients) == 1


async def test_extra_parameters_are_sent(harness: SessionHarness) -> None:
    harness.new_session(replace(PROFILE, extra_parameters={"audience": "everyone"}))
    await harness.start_sign_in()
    assert harness.server.requests[-1][1]["audience"] == "everyone"


@pytest.mark.parametrize(
    ("link", "known"),
    [
        (f"https://{HOST}/activate", True),
        ("https://approve.example/x", True),
        ("https://evil.example/", False),
    ],
)
async def test_a_link_to_an_unknown_host_is_marked(
    harness: SessionHarness, link: str, *, known: bool
) -> None:
    harness.new_session(replace(PROFILE, verification_hosts=("Approve.Example",)))
    harness.server.device_answer = {
        "device_code": "x",
        "user_code": "CODE",
        "verification_uri": link,
        "expires_in": 600,
    }
    await harness.start_sign_in()
    harness.expect(AwaitingApproval)
    assert harness.expect(AwaitingApproval).host_is_known is known


# The token


async def test_the_token_is_given_only_while_it_is_valid(harness: SessionHarness) -> None:
    assert harness.session.access_token() is None
    await harness.sign_in()
    await harness.clock.advance(598)
    assert harness.session.access_token() == ACCESS_TOKEN
    await harness.clock.advance(1)
    assert harness.session.access_token() is None


async def test_a_token_that_never_expires_is_given_always(harness: SessionHarness) -> None:
    harness.server.answers = [{"access_token": ACCESS_TOKEN}]
    harness.session.sign_in()
    await harness.clock.advance(1000)
    assert harness.session.access_token() == ACCESS_TOKEN


# Trouble


async def test_trouble_while_polling_is_shown_and_passes(harness: SessionHarness) -> None:
    harness.server.answers = [httpx.ConnectError("reset"), PENDING, TOKENS]
    await harness.start_sign_in()
    await harness.clock.advance(5)
    harness.expect(AwaitingApproval)
    assert isinstance(harness.expect(AwaitingApproval).trouble, errors.TransportFailure)
    await harness.clock.advance(10)
    harness.expect(AwaitingApproval)
    assert harness.expect(AwaitingApproval).trouble is None
    await harness.clock.advance(5)
    harness.expect(SignedIn)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"error": "access_denied"}, errors.AccessDenied),
        ({"error": "expired_token"}, errors.ExpiredToken),
        ({"error": "invalid_client"}, errors.InvalidClient),
    ],
)
async def test_a_final_error_keeps_the_code_that_was_shown(
    harness: SessionHarness, answer: dict[str, str], kind: type[Exception]
) -> None:
    harness.server.answers = [answer]
    await harness.start_sign_in()
    await harness.clock.advance(5)
    harness.expect(Failed)
    assert type(harness.expect(Failed).error) is kind
    assert harness.expect(Failed).user_code == "CODE-1"


async def test_an_approval_before_the_code_is_shown_counts(
    harness: SessionHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(ask: Callable[[], Awaitable[TokenSet]], *_: object, **__: object) -> TokenSet:
        return await ask()

    monkeypatch.setattr("desktop.services.session.device_sign_in.poll", at_once)
    harness.server.answers = [TOKENS]
    await harness.start_sign_in()
    assert harness.state_names == ["Requesting", "SignedIn"]


async def test_an_unapproved_code_expires_by_our_own_clock(harness: SessionHarness) -> None:
    await harness.start_sign_in()
    await harness.clock.advance(601)
    harness.expect(Failed)
    assert type(harness.expect(Failed).error) is errors.CodeExpired
    requests = len(harness.server.requests)
    await harness.clock.advance(60)
    assert len(harness.server.requests) == requests, "and nobody goes on asking"


async def test_a_server_that_cannot_be_reached_fails_without_a_code(
    harness: SessionHarness,
) -> None:
    harness.server.device_answer = httpx.ConnectError("refused")
    await harness.start_sign_in()
    harness.expect(Failed)
    assert isinstance(harness.expect(Failed).error, errors.TransportFailure)
    assert harness.expect(Failed).user_code == ""


# The client


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_a_missing_client_secret_fails_until_it_is_saved(
    harness: SessionHarness, method: str
) -> None:
    profile = replace(PROFILE, client_authentication=method)
    session = harness.new_session(profile)
    session.open()
    await settle()
    harness.expect(Failed)
    assert isinstance(harness.expect(Failed).error, ClientSecretMissing)
    await harness.keyring.save(client_secret_key(profile), saved_client_secret(PASSWORD, profile))
    session.retry()
    await settle()
    harness.expect(AwaitingApproval)


async def test_a_corrected_client_secret_is_used_by_the_next_attempt(
    harness: SessionHarness,
) -> None:
    profile = replace(PROFILE, client_authentication="client_secret_post")
    await harness.keyring.save(client_secret_key(profile), saved_client_secret("wrong", profile))
    session = harness.new_session(profile)
    harness.server.device_answer = {"error": "invalid_client"}
    session.sign_in()
    await settle()
    harness.expect(Failed)
    await harness.keyring.save(client_secret_key(profile), saved_client_secret(PASSWORD, profile))
    harness.server.device_answer = None
    session.retry()
    await settle()
    assert harness.server.requests[-1][1]["client_secret"] == PASSWORD


async def test_without_a_client_secret_an_auto_client_is_public(harness: SessionHarness) -> None:
    harness.new_session(replace(PROFILE, client_authentication="auto"))
    await harness.start_sign_in()
    harness.expect(AwaitingApproval)
    assert "client_secret" not in harness.server.requests[-1][1]
    assert harness.server.authorizations[-1] == ""


async def test_the_client_authentication_is_saved_with_the_tokens(
    harness: SessionHarness,
) -> None:
    profile = replace(PROFILE, client_authentication="auto")
    await harness.keyring.save(client_secret_key(profile), saved_client_secret(PASSWORD, profile))
    harness.new_session(profile)
    harness.server.device_answer = {"error": "invalid_client"}
    harness.session.sign_in()
    await harness.clock.advance(2)
    forms = [form for path, form in harness.server.requests if path == "/device"]
    assert ["client_secret" in form for form in forms] == [False, True], "basic, then in the body"
    harness.server.device_answer = None
    await harness.sign_in()
    first = harness.session._provider.known_methods
    session = harness.new_session(profile)
    session.open()
    await settle()
    assert session._provider.known_methods == first
    assert first


# Secrets


def texts_in(value: object) -> list[str]:
    """Collect all text in a value, including fields of dataclasses and messages of errors."""
    if isinstance(value, BaseException):
        inside = [*value.args, *vars(value).values(), value.__cause__, value.__context__]
        return [str(value), repr(value)] + [text for each in inside for text in texts_in(each)]
    if is_dataclass(value):
        inside = [getattr(value, each.name) for each in fields(value)]
        return [repr(value)] + [text for each in inside for text in texts_in(each)]
    if isinstance(value, (list, tuple, set, frozenset)):
        return [text for each in value for text in texts_in(each)]
    return [repr(value)]


async def test_no_state_of_a_sign_in_holds_a_secret(harness: SessionHarness) -> None:
    profile = replace(PROFILE, client_authentication="client_secret_post")
    await harness.keyring.save(client_secret_key(profile), saved_client_secret(PASSWORD, profile))
    harness.new_session(profile)
    harness.keyring.errors["save"] = KeyringLocked("locked")
    harness.server.answers = [
        PENDING,
        httpx.Response(502, text="<html>"),
        httpx.Response(400, json={"access_token": ACCESS_TOKEN + "\n"}),
        httpx.ConnectError("reset"),
        {"error": "slow_down"},
        TOKENS,
    ]
    harness.session.open()
    await harness.clock.advance(200)
    harness.expect(SignedIn)
    assert isinstance(harness.expect(SignedIn).save_error, KeyringLocked)
    harness.server.answers = [{"error": "invalid_grant", "error_description": "no"}]
    harness.session.sign_in()
    await harness.clock.advance(10)
    harness.expect(Failed)
    text = "\n".join(found for state in harness.states for found in texts_in(state))
    assert "CODE-1" in text
    assert [secret for secret in SECRETS if secret in text] == []


# The unexpected


async def test_an_unexpected_error_is_reported_and_shown() -> None:
    harness = SessionHarness(clock=HurriedClock())
    harness.server.answers = [RuntimeError("unheard of")]
    harness.session.sign_in()
    await settle()
    harness.expect(Failed)
    assert isinstance(harness.expect(Failed).error, RuntimeError)
    assert harness.expect(Failed).user_code == "CODE-1"
    assert [crash["exception"] for crash in harness.crashes] == [harness.expect(Failed).error]
    assert harness.crashes[0]["message"] == "sign-in broke"
    harness.server.answers = [TOKENS]
    harness.session.retry()
    await settle()
    harness.expect(SignedIn)  # and it works again
    await harness.session.close()


async def test_an_error_in_cancelled_work_is_reported_but_not_shown() -> None:
    harness = SessionHarness()

    async def broken_end(_profile: Profile, /, **_given: object) -> httpx.AsyncClient:
        try:
            await asyncio.Event().wait()
        finally:
            raise ZeroDivisionError("while leaving")

    provider = harness.session._provider
    provider._environment = replace(provider._environment, open_http=broken_end)
    await harness.start_sign_in()
    harness.session.cancel()
    await settle()
    assert harness.state == SignedOut()
    assert [type(crash["exception"]) for crash in harness.crashes] == [ZeroDivisionError]


async def test_a_failing_observer_does_not_end_the_session() -> None:
    harness = SessionHarness()

    def break_down(state: object) -> None:
        if isinstance(state, AwaitingApproval):
            raise RuntimeError("cannot draw")  # noqa: TRY004 - any error at all

    harness.watch = break_down
    await harness.start_sign_in()
    harness.expect(Failed)
    assert len(harness.crashes) == 1
    assert harness.server.open == 0
    await harness.session.close()


async def test_a_client_secret_is_sent_only_to_its_server(
    harness: SessionHarness,
) -> None:
    profile = replace(PROFILE, client_authentication="client_secret_basic")
    await harness.keyring.save(client_secret_key(profile), saved_client_secret(PASSWORD, profile))
    harness.new_session(replace(profile, issuer="https://evil.example"))
    harness.session.open()
    await settle()
    assert isinstance(harness.expect(Failed).error, ClientSecretMissing)
    assert not [request for request in harness.server.requests if PASSWORD in str(request)]


async def test_canceling_a_new_sign_in_keeps_the_expired_token(
    harness: SessionHarness,
) -> None:
    await harness.sign_in()
    await harness.clock.advance(601)
    harness.session.sign_in()
    await settle()
    harness.session.cancel()
    await settle()
    assert harness.expect(SignedIn).remaining(harness.clock.utc()) == 0
    assert harness.session.access_token() is None


async def test_no_token_is_given_while_it_is_being_removed(harness: SessionHarness) -> None:
    await harness.sign_in()
    gate = harness.keyring.gates["delete"] = asyncio.Event()
    harness.session.sign_out()
    await settle()
    assert harness.expect(SignedIn).signing_out
    assert harness.session.access_token() is None
    gate.set()
    await settle()
    harness.expect(SignedOut)


async def test_closing_waits_until_the_token_is_removed(harness: SessionHarness) -> None:
    await harness.sign_in()
    gate = harness.keyring.gates["delete"] = asyncio.Event()
    harness.session.sign_out()
    await settle()
    closing = asyncio.ensure_future(harness.session.close())
    await settle()
    assert not closing.done()
    gate.set()
    await closing
    assert harness.keyring.entries == {}


async def test_device_codes_that_the_administrator_turned_off_are_not_requested(
    harness: SessionHarness,
) -> None:
    policy = Policy(source="policy.toml", device_grant=False)
    session = harness.new_session(replace(PROFILE, policy=policy))
    session.sign_in()
    await settle()
    error = harness.expect(Failed).error
    assert isinstance(error, GrantForbidden)
    assert error.source == "policy.toml"
    assert harness.server.count_requests("/device") == 0


PAGE = httpx.Response(200, text="<!doctype html>", headers={"content-type": "text/html"})


async def test_a_captive_portal_in_front_of_the_server_is_named(harness: SessionHarness) -> None:
    harness.server.others["/"] = httpx.Response(302, headers={"location": "http://portal.example/"})
    harness.server.description = PAGE
    await harness.start_sign_in()
    error = harness.expect(Failed).error
    assert isinstance(error, errors.CaptivePortal)
    assert error.by == "portal.example"


async def test_a_web_page_without_a_portal_is_reported_as_a_web_page(
    harness: SessionHarness,
) -> None:
    harness.server.description = PAGE
    await harness.start_sign_in()
    error = harness.expect(Failed).error
    assert isinstance(error, errors.PageInsteadOfAnswer)
    assert not isinstance(error, errors.CaptivePortal)


async def test_an_error_of_the_server_itself_is_not_taken_for_a_portal(
    harness: SessionHarness,
) -> None:
    harness.server.description = httpx.Response(503)
    await harness.start_sign_in()
    assert isinstance(harness.expect(Failed).error, errors.ServerFault)
    assert harness.server.count_requests("/") == 0

"""Every command at any time: canceled work ends before new work begins."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from desktop.services.model.errors import SignOutFailed
from desktop.services.model.profile import client_secret_key, tokens_key
from desktop.services.model.states import (
    NEW_CODE_PAUSE,
    AwaitingApproval,
    Failed,
    Requesting,
    SignedIn,
    SignedOut,
)
from desktop.services.secrets.keystore import (
    KeyringFault,
    KeyringLocked,
    KeyringMissing,
    KeyringTimedOut,
    KeystoreError,
    VaultKeystore,
)
from desktop.services.session import session as session_module
from desktop.services.session.session import Session
from tests.services.harness import (
    ACCESS_TOKEN,
    PASSWORD,
    PENDING,
    PROFILE,
    TOKENS,
    HurriedClock,
    SessionHarness,
    saved_client_secret,
    settle,
)
from tests.services.secrets.vaults import WindowsModel


@pytest.fixture
async def harness() -> AsyncIterator[SessionHarness]:
    made = SessionHarness()
    yield made
    await made.close()
    assert made.server.open == 0
    assert not made.crashes


def nothing_runs() -> bool:
    return asyncio.all_tasks() == {asyncio.current_task()}


# Canceling


STAGES: dict[str, Callable[[SessionHarness], object]] = {
    "opening the keyring": lambda w: w.keyring.gates.update(load=asyncio.Event()),
    "opening the client": lambda w: setattr(w, "http_gate", asyncio.Event()),
    "discovering": lambda w: w.server.hold_requests("/.well-known/oauth-authorization-server"),
    "asking for a code": lambda w: w.server.hold_requests("/device"),
    "waiting between questions": lambda _: None,
    "asking for a token": lambda w: w.server.hold_requests("/token"),
}


@pytest.mark.parametrize("stage", STAGES)
async def test_cancel_leaves_no_request_and_no_task(harness: SessionHarness, stage: str) -> None:
    STAGES[stage](harness)
    harness.session.open()
    await harness.clock.advance(5)
    assert harness.state_names[-1] in {"Requesting", "AwaitingApproval"}
    harness.session.cancel()
    await settle()
    assert harness.state == SignedOut()
    assert harness.server.open == 0
    assert nothing_runs()
    requests = len(harness.server.requests)
    await harness.clock.advance(60)
    assert len(harness.server.requests) == requests


@pytest.mark.parametrize("command", ["cancel", "close", "sign_out", "sign_in"])
async def test_commands_leave_nothing_behind_at_any_step(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        session_module, "CLOSE_SAVE_TIMEOUT", 0.2
    )  # which one of the steps waits out
    ends = set()
    for steps in range(1000):
        harness = SessionHarness(
            replace(PROFILE, client_authentication="client_secret_post"), clock=HurriedClock()
        )
        harness.keyring._values[client_secret_key(PROFILE)] = saved_client_secret(PASSWORD, PROFILE)
        harness.server.answers = [PENDING, TOKENS]
        harness.session.open()
        for _ in range(steps):
            await asyncio.sleep(0)
        was_signed_in = isinstance(harness.state, SignedIn)
        done = getattr(harness.session, command)()
        if command == "close":
            await done
        await settle()
        assert (harness.server.open, harness.crashes) == (0, [])
        assert harness.server.most_open <= 1
        ends.add(type(harness.state))
        keeps = isinstance(harness.state, SignedIn) and command != "close"
        assert len(asyncio.all_tasks()) <= (3 if keeps else 1)  # one keeps the token, and waits
        await harness.session.close()
        assert nothing_runs()
        if was_signed_in:
            break
    else:
        pytest.fail("never signed in")
    expected = {
        "cancel": {SignedOut, SignedIn},
        "close": {Requesting, AwaitingApproval, SignedIn},
        "sign_out": {SignedOut},
        "sign_in": {SignedIn},
    }
    assert ends == expected[command]


async def test_a_token_that_is_being_saved_survives_cancel(harness: SessionHarness) -> None:
    harness.keyring.gates["save"] = asyncio.Event()
    await harness.sign_in()
    harness.expect(AwaitingApproval)
    assert harness.expect(AwaitingApproval).approved
    harness.session.cancel()
    harness.session.new_code()
    await settle()
    harness.keyring.gates["save"].set()
    await settle()
    harness.expect(SignedIn)
    assert harness.session.access_token() == ACCESS_TOKEN


async def test_cancel_does_nothing_when_idle(harness: SessionHarness) -> None:
    await harness.sign_in()
    harness.session.cancel()
    await settle()
    harness.expect(SignedIn)
    harness.session.sign_out()
    await settle()
    signed_out = harness.state
    harness.session.cancel()
    await settle()
    assert harness.state is signed_out


async def test_cancel_does_not_undo_signing_out(harness: SessionHarness) -> None:
    await harness.sign_in()
    harness.keyring.gates["delete"] = asyncio.Event()
    harness.session.sign_out()
    await settle()
    harness.session.cancel()
    harness.keyring.gates["delete"].set()
    await settle()
    assert harness.keyring.entries == {}
    harness.expect(SignedOut)


async def test_cancel_before_anything_has_begun_signs_out(harness: SessionHarness) -> None:
    harness.session.cancel()
    await settle()
    assert harness.state == SignedOut()


# A new code


async def test_a_new_code_replaces_the_old_one(harness: SessionHarness) -> None:
    await harness.start_sign_in()
    await harness.clock.advance(6)
    harness.session.new_code()
    await settle()
    harness.expect(AwaitingApproval)
    assert harness.expect(AwaitingApproval).user_code == "CODE-2"
    assert harness.expect(AwaitingApproval).requested_at == harness.clock.utc()


async def test_new_codes_are_rate_limited(harness: SessionHarness) -> None:
    await harness.start_sign_in()
    for _ in range(int(NEW_CODE_PAUSE)):
        harness.session.new_code()
        await settle()
        assert harness.server.count_requests("/device") == 1
        await harness.clock.advance(1)
    for _ in range(20):
        harness.session.new_code()
        await asyncio.sleep(0)
    await settle()
    assert harness.server.count_requests("/device") == 2


async def test_no_new_code_is_requested_while_one_is_requested(harness: SessionHarness) -> None:
    harness.server.hold_requests("/device")
    await harness.start_sign_in()
    for _ in range(10):
        harness.session.new_code()
        await harness.clock.advance(1)
    assert harness.server.count_requests("/device") == 1


async def test_the_old_poll_ends_before_a_new_code_is_requested(harness: SessionHarness) -> None:
    harness.server.hold_requests("/token")
    await harness.start_sign_in()
    await harness.clock.advance(6)
    assert harness.server.open == 1
    harness.server.slow_end = asyncio.Event()
    harness.session.new_code()
    await settle()
    assert harness.server.count_requests("/device") == 1, "the old request is still ending"
    harness.server.slow_end.set()
    await settle()
    assert harness.server.count_requests("/device") == 2
    assert harness.server.most_open == 1


@pytest.mark.parametrize("again", ["new_code", "cancel", "sign_in", "sign_out"])
async def test_two_requests_never_overlap(harness: SessionHarness, again: str) -> None:
    harness.server.hold_requests("/token")
    await harness.start_sign_in()
    await harness.clock.advance(6)
    harness.server.slow_end = asyncio.Event()
    for _ in range(5):
        getattr(harness.session, again)()
        await settle()
    harness.session.sign_in()
    await settle()
    assert (harness.server.open, harness.server.count_requests("/device")) == (1, 1)
    harness.server.slow_end.set()
    await settle()
    assert (harness.server.most_open, harness.server.count_requests("/device")) == (1, 2)


async def test_closing_waits_for_cancelled_work(harness: SessionHarness) -> None:
    harness.server.hold_requests("/token")
    await harness.start_sign_in()
    await harness.clock.advance(6)
    harness.server.slow_end = asyncio.Event()
    harness.session.new_code()
    await settle()
    closing = asyncio.ensure_future(harness.session.close())
    await settle()
    assert not closing.done()
    harness.server.slow_end.set()
    await closing
    assert harness.server.open == 0
    assert harness.clients[0].is_closed
    assert nothing_runs()


async def test_an_expired_code_can_be_replaced_at_once(harness: SessionHarness) -> None:
    harness.server.answers = [{"error": "expired_token"}]
    await harness.start_sign_in()
    await harness.clock.advance(5)
    harness.expect(Failed)
    harness.session.new_code()
    await settle()
    harness.expect(AwaitingApproval)
    assert harness.expect(AwaitingApproval).user_code == "CODE-2"


# Polling now


async def test_polling_now_skips_the_back_off(
    harness: SessionHarness,
) -> None:
    harness.server.answers = [httpx.ConnectError("reset"), httpx.ConnectError("reset"), PENDING]
    await harness.start_sign_in()
    await harness.clock.advance(15)
    assert harness.server.count_requests("/token") == 2
    harness.expect(AwaitingApproval)
    assert harness.expect(AwaitingApproval).next_at == harness.clock.utc() + timedelta(seconds=20)
    await harness.clock.advance(6)
    harness.session.poll_now()
    await settle()
    assert harness.server.count_requests("/token") == 3


async def test_polling_now_respects_the_interval(harness: SessionHarness) -> None:
    await harness.start_sign_in()
    for _ in range(20):
        harness.session.poll_now()
        await harness.clock.advance(1)
    assert harness.server.count_requests("/token") <= 4


async def test_polling_now_does_nothing_when_idle(harness: SessionHarness) -> None:
    harness.session.poll_now()
    await settle()
    assert harness.states == []


# Retrying


async def test_retry_repeats_opening(harness: SessionHarness) -> None:
    harness.keyring.errors["load"] = KeyringLocked("locked")
    harness.session.open()
    await settle()
    harness.expect(Failed)
    del harness.keyring.errors["load"]
    await harness.keyring.save(tokens_key(PROFILE), "{")
    harness.states.clear()
    harness.session.retry()
    await settle()
    assert harness.states[0] == Requesting(opening=True)


async def test_retry_repeats_signing_in_but_not_opening(harness: SessionHarness) -> None:
    harness.server.device_answer = {"error": "invalid_scope"}
    harness.session.open()
    await settle()
    harness.expect(Failed)
    harness.server.device_answer = None
    harness.states.clear()
    harness.session.retry()
    await settle()
    assert harness.states[0] == Requesting()
    assert harness.keyring.operations == ["load"]


async def test_retry_repeats_signing_out(harness: SessionHarness) -> None:
    await harness.sign_in()
    harness.keyring.errors["delete"] = KeyringLocked("locked")
    harness.session.sign_out()
    await settle()
    harness.expect(Failed)
    assert harness.keyring.entries
    del harness.keyring.errors["delete"]
    harness.session.retry()
    await settle()
    assert harness.state == SignedOut(
        removed_at=harness.clock.utc(), valid_until=harness.clock.utc() + timedelta(seconds=599)
    )
    assert harness.keyring.entries == {}


# Signing out


async def test_signing_out_removes_the_token_everywhere(harness: SessionHarness) -> None:
    await harness.sign_in()
    harness.session.sign_out()
    await settle()
    assert harness.keyring.entries == {}
    assert harness.session.access_token() is None
    harness.expect(SignedOut)
    assert harness.expect(SignedOut).removed_at == harness.clock.utc()
    assert harness.expect(SignedOut).valid_until == harness.clock.utc() + timedelta(seconds=599)
    session = harness.new_session()
    session.open()
    await settle()
    harness.expect(AwaitingApproval)


async def test_signing_out_with_an_expired_token_has_no_valid_until(
    harness: SessionHarness,
) -> None:
    await harness.sign_in()
    await harness.clock.advance(700)
    harness.session.sign_out()
    await settle()
    assert harness.state == SignedOut(harness.clock.utc(), None)


async def test_signing_out_keeps_the_client_secret(harness: SessionHarness) -> None:
    await harness.keyring.save(client_secret_key(PROFILE), saved_client_secret(PASSWORD, PROFILE))
    await harness.sign_in()
    harness.session.sign_out()
    await settle()
    assert list(harness.keyring.entries) == [client_secret_key(PROFILE)]


async def test_signing_out_ends_polling(harness: SessionHarness) -> None:
    await harness.start_sign_in()
    harness.session.sign_out()
    await settle()
    assert harness.state == SignedOut(harness.clock.utc(), None)
    assert nothing_runs()


# Without a keyring


@pytest.mark.parametrize("error", [KeyringMissing("none"), KeyringLocked(), KeyringTimedOut()])
async def test_continuing_without_a_keyring_keeps_the_token_in_memory(
    harness: SessionHarness, error: KeystoreError
) -> None:
    harness.keyring.errors = {"load": error, "save": error, "delete": error}
    harness.session.open()
    await settle()
    assert harness.state == Failed(error)
    harness.session.continue_without_keyring()
    harness.server.answers = [TOKENS]
    await harness.clock.advance(6)
    harness.expect(SignedIn)
    assert harness.expect(SignedIn).save_error is error
    assert harness.session.access_token() == ACCESS_TOKEN
    assert harness.keyring.entries == {}


async def test_continuing_without_a_keyring_by_choice_is_shown(harness: SessionHarness) -> None:
    harness.session.continue_without_keyring()
    harness.server.answers = [TOKENS]
    await harness.clock.advance(6)
    harness.expect(SignedIn)
    assert isinstance(harness.expect(SignedIn).save_error, KeystoreError)


async def test_signing_out_without_any_keyring_works(harness: SessionHarness) -> None:
    error = KeyringMissing("none")
    harness.keyring.errors = {"load": error, "delete": error}
    harness.session.open()
    await settle()
    harness.session.continue_without_keyring()
    await settle()
    harness.session.sign_out()
    await settle()
    harness.expect(SignedOut)


async def test_signing_out_also_removes_an_older_token_from_the_keyring(
    harness: SessionHarness,
) -> None:
    await harness.sign_in()
    locked = KeyringLocked("locked")
    harness.keyring.errors = {"load": locked, "delete": locked}
    harness.new_session().open()
    await settle()
    harness.session.continue_without_keyring()
    await settle()
    harness.session.sign_out()
    await settle()
    harness.expect(Failed)  # it is still there, and nobody says otherwise
    assert isinstance(harness.expect(Failed).error, SignOutFailed)
    assert harness.expect(Failed).error.__cause__ is locked
    harness.keyring.errors.clear()
    harness.session.retry()
    await settle()
    assert harness.keyring.entries == {}
    harness.expect(SignedOut)


async def test_an_unsaved_token_works_and_can_be_saved_later(
    harness: SessionHarness,
) -> None:
    error = KeyringFault("full")
    harness.keyring.errors["save"] = error
    await harness.sign_in()
    harness.expect(SignedIn)
    assert harness.expect(SignedIn).save_error is error
    assert harness.session.access_token() == ACCESS_TOKEN
    harness.session.save_again()
    await settle()
    harness.expect(SignedIn)
    assert harness.expect(SignedIn).save_error is error
    harness.keyring.errors.clear()
    harness.session.save_again()
    await settle()
    harness.expect(SignedIn)
    assert harness.expect(SignedIn).save_error is None
    assert tokens_key(PROFILE) in harness.keyring.entries


async def test_saving_again_without_a_token_shows_signed_out(harness: SessionHarness) -> None:
    harness.session.save_again()
    await settle()
    assert harness.state == SignedOut()
    assert harness.keyring.entries == {}


async def test_a_keyring_error_while_signing_in_is_shown(harness: SessionHarness) -> None:
    session = harness.new_session(replace(PROFILE, client_authentication="auto"))
    harness.keyring.errors["load"] = KeyringTimedOut()
    session.sign_in()
    await settle()
    harness.expect(Failed)
    assert isinstance(harness.expect(Failed).error, KeyringTimedOut)
    session.continue_without_keyring()
    await settle()
    harness.expect(AwaitingApproval)


# Closing


async def test_closing_an_unopened_session_does_nothing() -> None:
    await SessionHarness().session.close()


async def test_closing_twice_does_no_harm(harness: SessionHarness) -> None:
    await harness.sign_in()
    await harness.session.close()
    await harness.session.close()
    assert harness.clients[0].is_closed


async def test_closing_shows_nothing_more(harness: SessionHarness) -> None:
    await harness.start_sign_in()
    shown = len(harness.states)
    await harness.session.close()
    await settle()
    assert len(harness.states) == shown


async def test_quitting_while_the_first_token_is_saved_takes_no_longer_than_that(
    harness: SessionHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.services.session.session.CLOSE_SAVE_TIMEOUT", 3600)
    save_slowly(harness)
    await harness.clock.advance(6)
    closing = asyncio.ensure_future(harness.session.close())
    await settle()
    assert not closing.done()
    harness.keyring.gates["save"].set()
    await asyncio.wait_for(closing, timeout=5)
    assert tokens_key(PROFILE) in harness.keyring.entries


async def test_quitting_while_an_approved_token_waits_for_another_program_saves_it(
    harness: SessionHarness,
) -> None:
    lock = harness._lock(tokens_key(PROFILE))
    await lock.acquire()
    approve(harness)
    await harness.clock.advance(6)
    assert harness.expect(AwaitingApproval).approved
    closing = asyncio.ensure_future(harness.session.close())
    await settle()
    lock.release()
    await asyncio.wait_for(closing, timeout=5)
    assert tokens_key(PROFILE) in harness.keyring.entries


# Every command in every state


def open_slowly(harness: SessionHarness) -> None:
    harness.keyring.gates["load"] = asyncio.Event()
    harness.session.open()


def request_slowly(harness: SessionHarness) -> None:
    harness.server.hold_requests("/device")
    harness.session.sign_in()


def save_slowly(harness: SessionHarness) -> None:
    harness.keyring.gates["save"] = asyncio.Event()
    approve(harness)


def approve(harness: SessionHarness) -> None:
    harness.server.answers = [TOKENS]
    harness.session.sign_in()


def fail(harness: SessionHarness) -> None:
    harness.server.device_answer = {"error": "invalid_client"}
    harness.session.sign_in()


def find_the_keyring_locked(harness: SessionHarness) -> None:
    harness.keyring.errors["load"] = KeyringLocked()
    harness.session.open()


STATES: dict[str, Callable[[SessionHarness], object]] = {
    "before": lambda _: None,
    "opening": open_slowly,
    "requesting": request_slowly,
    "waiting": lambda harness: harness.session.sign_in(),
    "saving": save_slowly,
    "signed in": approve,
    "signed out": lambda harness: harness.session.sign_out(),
    "failed": fail,
    "no keyring": find_the_keyring_locked,
}
COMMANDS: dict[str, Callable[[Session], object]] = {
    "open": Session.open,
    "sign_in": Session.sign_in,
    "new_code": Session.new_code,
    "poll_now": Session.poll_now,
    "cancel": Session.cancel,
    "sign_out": Session.sign_out,
    "retry": Session.retry,
    "continue_without_keyring": Session.continue_without_keyring,
    "save_again": Session.save_again,
    "access_token": Session.access_token,
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("state", STATES)
async def test_every_command_in_every_state_leaves_a_consistent_session(
    harness: SessionHarness, state: str, command: str
) -> None:
    STATES[state](harness)
    await harness.clock.advance(6)
    COMMANDS[command](harness.session)
    await settle()
    for gate in (*harness.keyring.gates.values(), *harness.server.gates.values()):
        gate.set()
    await harness.clock.advance(20)
    assert harness.server.most_open <= 1
    if isinstance(harness.state, SignedIn):
        assert harness.session.access_token() == ACCESS_TOKEN
    if isinstance(harness.state, SignedOut):
        assert harness.session.access_token() is None


async def test_a_session_over_a_real_backend_keeps_eight_kibibytes(windows: WindowsModel) -> None:
    harness = SessionHarness(clock=HurriedClock())
    harness.keyring = VaultKeystore(lambda: windows.vault)  # type: ignore[assignment]
    tokens = {**TOKENS, "access_token": "x" * 8192, "refresh_token": "y" * 4096}
    harness.server.answers = [tokens]
    for _ in range(2):
        session = harness.new_session()
        session.open()
        async with asyncio.timeout(10):
            await harness.wait_for_state(SignedIn)
        assert session.access_token() == "x" * 8192
        await session.close()
    assert harness.server.count_requests("/token") == 1, "the second run found it"

"""Every command at every time: what is given up is gone, and what begins afterwards is alone."""

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
async def world() -> AsyncIterator[SessionHarness]:
    made = SessionHarness()
    yield made
    await made.close()
    assert made.server.open == 0
    assert not made.crashes


def nothing_runs() -> bool:
    return asyncio.all_tasks() == {asyncio.current_task()}


# Cancelling


STAGES: dict[str, Callable[[SessionHarness], object]] = {
    "opening the keyring": lambda w: w.keyring.gates.update(load=asyncio.Event()),
    "opening the client": lambda w: setattr(w, "http_gate", asyncio.Event()),
    "discovering": lambda w: w.server.hold_requests("/.well-known/oauth-authorization-server"),
    "asking for a code": lambda w: w.server.hold_requests("/device"),
    "waiting between questions": lambda _: None,
    "asking for a token": lambda w: w.server.hold_requests("/token"),
}


@pytest.mark.parametrize("stage", STAGES)
async def test_cancel_leaves_no_request_and_no_task(world: SessionHarness, stage: str) -> None:
    STAGES[stage](world)
    world.session.open()
    await world.clock.advance(5)
    assert world.state_names[-1] in {"Requesting", "AwaitingApproval"}
    world.session.cancel()
    await settle()
    assert world.state == SignedOut()
    assert world.server.open == 0
    assert nothing_runs()
    requests = len(world.server.requests)
    await world.clock.advance(60)
    assert len(world.server.requests) == requests


@pytest.mark.parametrize("command", ["cancel", "close", "sign_out", "sign_in"])
async def test_at_every_single_step_a_command_leaves_nothing_behind(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        session_module, "CLOSE_SAVE_TIMEOUT", 0.2
    )  # which one of the steps waits out
    ends = set()
    for steps in range(1000):
        world = SessionHarness(
            replace(PROFILE, client_authentication="client_secret_post"), clock=HurriedClock()
        )
        world.keyring._values[client_secret_key(PROFILE)] = saved_client_secret(PASSWORD, PROFILE)
        world.server.answers = [PENDING, TOKENS]
        world.session.open()
        for _ in range(steps):
            await asyncio.sleep(0)
        was_signed_in = isinstance(world.state, SignedIn)
        done = getattr(world.session, command)()
        if command == "close":
            await done
        await settle()
        assert (world.server.open, world.crashes) == (0, [])
        assert world.server.most_open <= 1
        ends.add(type(world.state))
        keeps = isinstance(world.state, SignedIn) and command != "close"
        assert len(asyncio.all_tasks()) <= (3 if keeps else 1)  # one keeps the token, and waits
        await world.session.close()
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


async def test_a_token_that_is_being_saved_is_not_thrown_away(world: SessionHarness) -> None:
    world.keyring.gates["save"] = asyncio.Event()
    await world.sign_in()
    world.expect(AwaitingApproval)
    assert world.expect(AwaitingApproval).approved
    world.session.cancel()
    world.session.new_code()
    await settle()
    world.keyring.gates["save"].set()
    await settle()
    world.expect(SignedIn)
    assert world.session.access_token() == ACCESS_TOKEN


async def test_cancel_does_nothing_where_nothing_is_under_way(world: SessionHarness) -> None:
    await world.sign_in()
    world.session.cancel()
    await settle()
    world.expect(SignedIn)
    world.session.sign_out()
    await settle()
    signed_out = world.state
    world.session.cancel()
    await settle()
    assert world.state is signed_out


async def test_cancel_does_not_take_back_signing_out(world: SessionHarness) -> None:
    await world.sign_in()
    world.keyring.gates["delete"] = asyncio.Event()
    world.session.sign_out()
    await settle()
    world.session.cancel()
    world.keyring.gates["delete"].set()
    await settle()
    assert world.keyring.entries == {}
    world.expect(SignedOut)


async def test_cancel_before_anything_has_begun_signs_out(world: SessionHarness) -> None:
    world.session.cancel()
    await settle()
    assert world.state == SignedOut()


# A new code


async def test_a_new_code_replaces_the_old_one(world: SessionHarness) -> None:
    await world.start_sign_in()
    await world.clock.advance(6)
    world.session.new_code()
    await settle()
    world.expect(AwaitingApproval)
    assert world.expect(AwaitingApproval).user_code == "CODE-2"
    assert world.expect(AwaitingApproval).requested_at == world.clock.utc()


async def test_a_new_code_is_limited_in_its_rate(world: SessionHarness) -> None:
    await world.start_sign_in()
    for _ in range(int(NEW_CODE_PAUSE)):
        world.session.new_code()
        await settle()
        assert world.server.count_requests("/device") == 1
        await world.clock.advance(1)
    for _ in range(20):
        world.session.new_code()
        await asyncio.sleep(0)
    await settle()
    assert world.server.count_requests("/device") == 2


async def test_while_a_code_is_asked_for_there_is_no_other_new_code(world: SessionHarness) -> None:
    world.server.hold_requests("/device")
    await world.start_sign_in()
    for _ in range(10):
        world.session.new_code()
        await world.clock.advance(1)
    assert world.server.count_requests("/device") == 1


async def test_the_old_poll_is_gone_before_a_new_code_is_asked_for(world: SessionHarness) -> None:
    world.server.hold_requests("/token")
    await world.start_sign_in()
    await world.clock.advance(6)
    assert world.server.open == 1
    world.server.slow_end = asyncio.Event()
    world.session.new_code()
    await settle()
    assert world.server.count_requests("/device") == 1, "the old request is still ending"
    world.server.slow_end.set()
    await settle()
    assert world.server.count_requests("/device") == 2
    assert world.server.most_open == 1


@pytest.mark.parametrize("again", ["new_code", "cancel", "sign_in", "sign_out"])
async def test_even_impatience_does_not_let_two_requests_overlap(
    world: SessionHarness, again: str
) -> None:
    world.server.hold_requests("/token")
    await world.start_sign_in()
    await world.clock.advance(6)
    world.server.slow_end = asyncio.Event()
    for _ in range(5):
        getattr(world.session, again)()
        await settle()
    world.session.sign_in()
    await settle()
    assert (world.server.open, world.server.count_requests("/device")) == (1, 1)
    world.server.slow_end.set()
    await settle()
    assert (world.server.most_open, world.server.count_requests("/device")) == (1, 2)


async def test_closing_waits_for_everything_that_was_given_up(world: SessionHarness) -> None:
    world.server.hold_requests("/token")
    await world.start_sign_in()
    await world.clock.advance(6)
    world.server.slow_end = asyncio.Event()
    world.session.new_code()
    await settle()
    closing = asyncio.ensure_future(world.session.close())
    await settle()
    assert not closing.done()
    world.server.slow_end.set()
    await closing
    assert world.server.open == 0
    assert world.clients[0].is_closed
    assert nothing_runs()


async def test_an_expired_code_can_be_replaced_at_once(world: SessionHarness) -> None:
    world.server.answers = [{"error": "expired_token"}]
    await world.start_sign_in()
    await world.clock.advance(5)
    world.expect(Failed)
    world.session.new_code()
    await settle()
    world.expect(AwaitingApproval)
    assert world.expect(AwaitingApproval).user_code == "CODE-2"


# Asking now


async def test_somebody_back_at_the_window_is_answered_before_the_back_off_ends(
    world: SessionHarness,
) -> None:
    world.server.answers = [httpx.ConnectError("reset"), httpx.ConnectError("reset"), PENDING]
    await world.start_sign_in()
    await world.clock.advance(15)
    assert world.server.count_requests("/token") == 2
    world.expect(AwaitingApproval)
    assert world.expect(AwaitingApproval).next_at == world.clock.utc() + timedelta(seconds=20)
    await world.clock.advance(6)
    world.session.poll_now()
    await settle()
    assert world.server.count_requests("/token") == 3


async def test_nobody_asks_faster_than_the_server_allows(world: SessionHarness) -> None:
    await world.start_sign_in()
    for _ in range(20):
        world.session.poll_now()
        await world.clock.advance(1)
    assert world.server.count_requests("/token") <= 4


async def test_asking_now_does_nothing_where_nothing_is_asked(world: SessionHarness) -> None:
    world.session.poll_now()
    await settle()
    assert world.states == []


# Trying again


async def test_trying_again_repeats_opening(world: SessionHarness) -> None:
    world.keyring.errors["load"] = KeyringLocked("locked")
    world.session.open()
    await settle()
    world.expect(Failed)
    del world.keyring.errors["load"]
    await world.keyring.save(tokens_key(PROFILE), "{")
    world.states.clear()
    world.session.retry()
    await settle()
    assert world.states[0] == Requesting(opening=True)


async def test_trying_again_repeats_signing_in_and_not_opening(world: SessionHarness) -> None:
    world.server.device_answer = {"error": "invalid_scope"}
    world.session.open()
    await settle()
    world.expect(Failed)
    world.server.device_answer = None
    world.states.clear()
    world.session.retry()
    await settle()
    assert world.states[0] == Requesting()
    assert world.keyring.operations == ["load"]


async def test_trying_again_repeats_signing_out(world: SessionHarness) -> None:
    await world.sign_in()
    world.keyring.errors["delete"] = KeyringLocked("locked")
    world.session.sign_out()
    await settle()
    world.expect(Failed)
    assert world.keyring.entries
    del world.keyring.errors["delete"]
    world.session.retry()
    await settle()
    assert world.state == SignedOut(
        removed_at=world.clock.utc(), valid_until=world.clock.utc() + timedelta(seconds=599)
    )
    assert world.keyring.entries == {}


# Signing out


async def test_signing_out_removes_the_token_everywhere(world: SessionHarness) -> None:
    await world.sign_in()
    world.session.sign_out()
    await settle()
    assert world.keyring.entries == {}
    assert world.session.access_token() is None
    world.expect(SignedOut)
    assert world.expect(SignedOut).removed_at == world.clock.utc()
    assert world.expect(SignedOut).valid_until == world.clock.utc() + timedelta(seconds=599)
    session = world.new_session()
    session.open()
    await settle()
    world.expect(AwaitingApproval)


async def test_signing_out_with_an_expired_token_names_no_end(world: SessionHarness) -> None:
    await world.sign_in()
    await world.clock.advance(700)
    world.session.sign_out()
    await settle()
    assert world.state == SignedOut(world.clock.utc(), None)


async def test_signing_out_keeps_the_client_password(world: SessionHarness) -> None:
    await world.keyring.save(client_secret_key(PROFILE), saved_client_secret(PASSWORD, PROFILE))
    await world.sign_in()
    world.session.sign_out()
    await settle()
    assert list(world.keyring.entries) == [client_secret_key(PROFILE)]


async def test_signing_out_while_a_code_waits_ends_the_asking(world: SessionHarness) -> None:
    await world.start_sign_in()
    world.session.sign_out()
    await settle()
    assert world.state == SignedOut(world.clock.utc(), None)
    assert nothing_runs()


# Without a keyring


@pytest.mark.parametrize("error", [KeyringMissing("none"), KeyringLocked(), KeyringTimedOut()])
async def test_going_on_without_a_keyring_keeps_the_token_in_memory(
    world: SessionHarness, error: KeystoreError
) -> None:
    world.keyring.errors = {"load": error, "save": error, "delete": error}
    world.session.open()
    await settle()
    assert world.state == Failed(error)
    world.session.continue_without_keyring()
    world.server.answers = [TOKENS]
    await world.clock.advance(6)
    world.expect(SignedIn)
    assert world.expect(SignedIn).save_error is error
    assert world.session.access_token() == ACCESS_TOKEN
    assert world.keyring.entries == {}


async def test_going_on_without_a_keyring_by_choice_says_so_too(world: SessionHarness) -> None:
    world.session.continue_without_keyring()
    world.server.answers = [TOKENS]
    await world.clock.advance(6)
    world.expect(SignedIn)
    assert isinstance(world.expect(SignedIn).save_error, KeystoreError)


async def test_signing_out_without_any_keyring_works(world: SessionHarness) -> None:
    error = KeyringMissing("none")
    world.keyring.errors = {"load": error, "delete": error}
    world.session.open()
    await settle()
    world.session.continue_without_keyring()
    await settle()
    world.session.sign_out()
    await settle()
    world.expect(SignedOut)


async def test_signing_out_does_not_leave_an_older_token_in_a_keyring_that_was_passed_over(
    world: SessionHarness,
) -> None:
    await world.sign_in()
    locked = KeyringLocked("locked")
    world.keyring.errors = {"load": locked, "delete": locked}
    world.new_session().open()
    await settle()
    world.session.continue_without_keyring()
    await settle()
    world.session.sign_out()
    await settle()
    world.expect(Failed)  # it is still there, and nobody says otherwise
    assert isinstance(world.expect(Failed).error, SignOutFailed)
    assert world.expect(Failed).error.__cause__ is locked
    world.keyring.errors.clear()
    world.session.retry()
    await settle()
    assert world.keyring.entries == {}
    world.expect(SignedOut)


async def test_a_token_that_could_not_be_saved_is_there_and_can_be_saved_later(
    world: SessionHarness,
) -> None:
    error = KeyringFault("full")
    world.keyring.errors["save"] = error
    await world.sign_in()
    world.expect(SignedIn)
    assert world.expect(SignedIn).save_error is error
    assert world.session.access_token() == ACCESS_TOKEN
    world.session.save_again()
    await settle()
    world.expect(SignedIn)
    assert world.expect(SignedIn).save_error is error
    world.keyring.errors.clear()
    world.session.save_again()
    await settle()
    world.expect(SignedIn)
    assert world.expect(SignedIn).save_error is None
    assert tokens_key(PROFILE) in world.keyring.entries


async def test_saving_again_without_a_token_is_being_signed_out(world: SessionHarness) -> None:
    world.session.save_again()
    await settle()
    assert world.state == SignedOut()
    assert world.keyring.entries == {}


async def test_a_keyring_that_fails_while_signing_in_says_so(world: SessionHarness) -> None:
    session = world.new_session(replace(PROFILE, client_authentication="auto"))
    world.keyring.errors["load"] = KeyringTimedOut()
    session.sign_in()
    await settle()
    world.expect(Failed)
    assert isinstance(world.expect(Failed).error, KeyringTimedOut)
    session.continue_without_keyring()
    await settle()
    world.expect(AwaitingApproval)


# Closing


async def test_closing_what_was_never_opened_does_nothing() -> None:
    await SessionHarness().session.close()


async def test_closing_twice_does_no_harm(world: SessionHarness) -> None:
    await world.sign_in()
    await world.session.close()
    await world.session.close()
    assert world.clients[0].is_closed


async def test_closing_shows_nothing_more(world: SessionHarness) -> None:
    await world.start_sign_in()
    shown = len(world.states)
    await world.session.close()
    await settle()
    assert len(world.states) == shown


async def test_quitting_while_the_first_token_is_saved_takes_no_longer_than_that(
    world: SessionHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.services.session.session.CLOSE_SAVE_TIMEOUT", 3600)
    save_slowly(world)
    await world.clock.advance(6)
    closing = asyncio.ensure_future(world.session.close())
    await settle()
    assert not closing.done()
    world.keyring.gates["save"].set()
    await asyncio.wait_for(closing, timeout=5)
    assert tokens_key(PROFILE) in world.keyring.entries


async def test_quitting_while_an_approved_token_waits_for_another_program_saves_it(
    world: SessionHarness,
) -> None:
    lock = world._lock(tokens_key(PROFILE))
    await lock.acquire()
    approve(world)
    await world.clock.advance(6)
    assert world.expect(AwaitingApproval).approved
    closing = asyncio.ensure_future(world.session.close())
    await settle()
    lock.release()
    await asyncio.wait_for(closing, timeout=5)
    assert tokens_key(PROFILE) in world.keyring.entries


# Every command in every state


def open_slowly(world: SessionHarness) -> None:
    world.keyring.gates["load"] = asyncio.Event()
    world.session.open()


def request_slowly(world: SessionHarness) -> None:
    world.server.hold_requests("/device")
    world.session.sign_in()


def save_slowly(world: SessionHarness) -> None:
    world.keyring.gates["save"] = asyncio.Event()
    approve(world)


def approve(world: SessionHarness) -> None:
    world.server.answers = [TOKENS]
    world.session.sign_in()


def fail(world: SessionHarness) -> None:
    world.server.device_answer = {"error": "invalid_client"}
    world.session.sign_in()


def find_the_keyring_locked(world: SessionHarness) -> None:
    world.keyring.errors["load"] = KeyringLocked()
    world.session.open()


STATES: dict[str, Callable[[SessionHarness], object]] = {
    "before": lambda _: None,
    "opening": open_slowly,
    "requesting": request_slowly,
    "waiting": lambda world: world.session.sign_in(),
    "saving": save_slowly,
    "signed in": approve,
    "signed out": lambda world: world.session.sign_out(),
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
async def test_every_command_in_every_state_ends_in_peace(
    world: SessionHarness, state: str, command: str
) -> None:
    STATES[state](world)
    await world.clock.advance(6)
    COMMANDS[command](world.session)
    await settle()
    for gate in (*world.keyring.gates.values(), *world.server.gates.values()):
        gate.set()
    await world.clock.advance(20)
    assert world.server.most_open <= 1
    if isinstance(world.state, SignedIn):
        assert world.session.access_token() == ACCESS_TOKEN
    if isinstance(world.state, SignedOut):
        assert world.session.access_token() is None


async def test_a_session_over_a_real_backend_keeps_eight_kibibytes(windows: WindowsModel) -> None:
    world = SessionHarness(clock=HurriedClock())
    world.keyring = VaultKeystore(lambda: windows.vault)  # type: ignore[assignment]
    tokens = {**TOKENS, "access_token": "x" * 8192, "refresh_token": "y" * 4096}
    world.server.answers = [tokens]
    for _ in range(2):
        session = world.new_session()
        session.open()
        async with asyncio.timeout(10):
            await world.wait_for_state(SignedIn)
        assert session.access_token() == "x" * 8192
        await session.close()
    assert world.server.count_requests("/token") == 1, "the second run found it"

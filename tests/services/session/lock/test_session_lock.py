"""A locked session: no token leaves it, and none stays in memory but for a reason."""

import asyncio
import gc
import types
from collections.abc import AsyncIterator, Iterator

import pytest

from desktop.services.model.errors import AppLocked, NoToken
from desktop.services.model.exchanges import Exchange
from desktop.services.model.profile import tokens_key
from desktop.services.model.settings import Settings
from desktop.services.model.states import AwaitingApproval, Failed, SignedIn, SignedOut
from desktop.services.secrets.keystore import KeyringFault, KeyringLocked
from tests.services.harness import (
    ACCESS_TOKEN,
    PENDING,
    PROFILE,
    REFRESH_TOKEN,
    TOKENS,
    FakeClock,
    FakeKeyring,
    Server,
    SessionHarness,
    settle,
)

ALWAYS_FRESH = Settings(keep_fresh=True)


@pytest.fixture
async def harness() -> AsyncIterator[SessionHarness]:
    """Sign in. After 6 seconds there is a token with a lifetime of 600, due at 485."""
    made = SessionHarness()
    await made.sign_in()
    yield made
    await made.close()
    assert made.server.open == 0
    assert not made.crashes
    assert made.server.rotation.reused == 0


def lock(harness: SessionHarness, *, keep_renewing: bool = False) -> None:
    harness.session.lock.begin(keep_renewing=keep_renewing)


async def unlock(harness: SessionHarness) -> None:
    harness.session.lock.end()
    await settle()


def secrets_in_memory(harness: SessionHarness) -> set[str]:
    """Find every string with a token in it that the session still refers to."""
    return {
        each
        for each in _reachable(harness.session)
        if isinstance(each, str) and (ACCESS_TOKEN in each or REFRESH_TOKEN in each)
    }


def _reachable(start: object) -> Iterator[object]:
    elsewhere = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType)
    # The keyring and the server are no part of XDR Login, and the harness records what it sees.
    outside = (FakeKeyring, Server, FakeClock, SessionHarness)
    seen, left = {id(start)}, [start]
    while left:
        each = left.pop()
        yield each
        for found in gc.get_referents(each):
            if id(found) not in seen and not isinstance(found, (*elsewhere, *outside)):
                seen.add(id(found))
                left.append(found)


async def test_a_lock_leaves_no_token_in_memory(harness: SessionHarness) -> None:
    assert secrets_in_memory(harness)
    lock(harness)
    await settle()
    assert secrets_in_memory(harness) == set()
    assert tokens_key(PROFILE) in harness.keyring.entries


async def test_a_locked_session_hands_nothing_out(harness: SessionHarness) -> None:
    lock(harness)
    with pytest.raises(AppLocked):
        await harness.session.fetch_token()
    assert harness.session.access_token() is None
    assert harness.session.claims() == {}


async def test_after_unlocking_the_same_token_is_there(harness: SessionHarness) -> None:
    lock(harness)
    requests = len(harness.server.requests)
    await unlock(harness)
    assert (await harness.session.fetch_token()).access_token == ACCESS_TOKEN
    assert isinstance(harness.state, SignedIn)
    assert len(harness.server.requests) == requests


async def test_a_token_that_expired_meanwhile_is_renewed_at_its_next_use(
    harness: SessionHarness,
) -> None:
    lock(harness)
    await harness.clock.advance(700)
    await unlock(harness)
    assert (await harness.session.fetch_token()).access_token == f"{ACCESS_TOKEN}-1"


async def test_unlocking_what_is_not_locked_changes_nothing(harness: SessionHarness) -> None:
    published = len(harness.states)
    await unlock(harness)
    assert len(harness.states) == published


@pytest.mark.parametrize("keep_renewing", [False, True])
async def test_only_with_the_setting_a_locked_session_renews(
    harness: SessionHarness, *, keep_renewing: bool
) -> None:
    harness.session.apply(ALWAYS_FRESH)
    lock(harness, keep_renewing=keep_renewing)
    await harness.clock.advance(2000)
    assert bool(harness.server.count_renewals()) is keep_renewing
    with pytest.raises(AppLocked):
        await harness.session.fetch_token()
    await unlock(harness)
    await harness.clock.advance(1)
    assert (await harness.session.fetch_token()).access_token.startswith(ACCESS_TOKEN)


async def test_waking_up_renews_nothing_while_locked(harness: SessionHarness) -> None:
    harness.session.apply(ALWAYS_FRESH)
    lock(harness)
    harness.clock.set_wall_clock(3600)
    harness.session.wake()
    harness.session.check_clock()
    harness.session.renew()
    await harness.clock.advance(60)
    assert harness.server.count_renewals() == 0


async def test_a_renewal_that_was_sent_is_saved_and_then_dropped(harness: SessionHarness) -> None:
    gate = harness.server.hold_requests("/token")
    harness.session.renew()
    await harness.server.reached.wait()
    lock(harness)
    gate.set()
    await settle()
    assert secrets_in_memory(harness) == set()
    await unlock(harness)
    assert (await harness.session.fetch_token()).access_token == f"{ACCESS_TOKEN}-1"
    assert harness.server.count_renewals() == 1


async def test_unlocking_during_a_renewal_waits_for_it(harness: SessionHarness) -> None:
    gate = harness.server.hold_requests("/token")
    harness.session.renew()
    await harness.server.reached.wait()
    lock(harness)
    await unlock(harness)
    gate.set()
    await settle()
    assert (await harness.session.fetch_token()).access_token == f"{ACCESS_TOKEN}-1"


async def test_a_renewal_that_ends_the_sign_in_is_seen_after_unlocking(
    harness: SessionHarness,
) -> None:
    harness.server.rotation.revoked = True
    gate = harness.server.hold_requests("/token")
    harness.session.renew()
    await harness.server.reached.wait()
    lock(harness)
    gate.set()
    await settle()
    await unlock(harness)
    assert isinstance(harness.state, Failed)


async def test_a_sign_in_goes_on_while_locked_and_is_saved() -> None:
    harness = SessionHarness()
    await harness.start_sign_in()
    assert isinstance(harness.state, AwaitingApproval)
    lock(harness)
    harness.server.answers = [TOKENS]
    await harness.clock.advance(6)
    assert secrets_in_memory(harness) == set()
    with pytest.raises(AppLocked):
        await harness.session.fetch_token()
    await unlock(harness)
    assert (await harness.session.fetch_token()).access_token == ACCESS_TOKEN
    await harness.close()


async def test_a_sign_in_that_is_not_approved_yet_waits_on_after_unlocking() -> None:
    harness = SessionHarness()
    await harness.start_sign_in()
    code = harness.expect(AwaitingApproval).user_code
    lock(harness)
    await harness.clock.advance(20)
    await unlock(harness)
    assert harness.expect(AwaitingApproval).user_code == code
    await harness.close()


async def test_locking_while_the_keyring_saves_a_sign_in_loses_nothing() -> None:
    harness = SessionHarness()
    harness.keyring.gates["save"] = asyncio.Event()
    await harness.sign_in()
    lock(harness)
    harness.keyring.gates["save"].set()
    await settle()
    assert secrets_in_memory(harness) == set()
    await unlock(harness)
    assert (await harness.session.fetch_token()).access_token == ACCESS_TOKEN
    await harness.close()


async def test_cancelling_a_second_sign_in_after_a_lock_shows_the_first_again(
    harness: SessionHarness,
) -> None:
    harness.server.answers = [PENDING]
    await harness.start_sign_in()
    lock(harness)
    assert secrets_in_memory(harness) == set()
    await unlock(harness)
    harness.session.cancel()
    await settle()
    assert (await harness.session.fetch_token()).access_token == ACCESS_TOKEN


async def test_a_token_that_only_memory_holds_survives_a_lock() -> None:
    harness = SessionHarness()
    harness.keyring.errors["save"] = KeyringFault()
    await harness.sign_in()
    harness.session.apply(ALWAYS_FRESH)
    lock(harness)
    await harness.clock.advance(1000)
    assert secrets_in_memory(harness)
    assert harness.server.count_renewals() == 0
    with pytest.raises(AppLocked):
        await harness.session.fetch_token()
    await unlock(harness)
    assert (await harness.session.fetch_token()).access_token == f"{ACCESS_TOKEN}-1"
    await harness.close()


async def test_a_keyring_that_locked_too_is_opened_at_unlocking(harness: SessionHarness) -> None:
    lock(harness)
    harness.keyring.errors["load"] = KeyringLocked()
    await unlock(harness)
    assert isinstance(harness.expect(Failed).error, KeyringLocked)
    del harness.keyring.errors["load"]
    harness.session.retry()
    await settle()
    assert (await harness.session.fetch_token()).access_token == ACCESS_TOKEN


async def test_signing_out_works_while_locked(harness: SessionHarness) -> None:
    lock(harness)
    harness.session.sign_out()
    await settle()
    assert not harness.keyring.entries
    await unlock(harness)
    assert isinstance(harness.state, SignedOut)


async def test_what_another_program_saves_while_locked_is_not_kept_in_memory(
    harness: SessionHarness,
) -> None:
    lock(harness)
    harness.session.reload()
    await settle()
    assert secrets_in_memory(harness) == set()
    assert isinstance(harness.state, SignedIn)


async def test_a_sign_out_by_another_program_while_locked_is_seen_after_unlocking(
    harness: SessionHarness,
) -> None:
    lock(harness)
    harness.keyring.entries.clear()
    await unlock(harness)
    assert isinstance(harness.state, SignedOut)


async def test_locking_during_a_sign_out_leaves_nothing_behind(harness: SessionHarness) -> None:
    harness.session.sign_out()
    lock(harness)
    await settle()
    assert not harness.keyring.entries
    assert harness.session.lock.is_on
    assert not harness.session.lock.has_dropped


async def test_locking_and_unlocking_at_once_changes_nothing(harness: SessionHarness) -> None:
    for _ in range(5):
        lock(harness)
        harness.session.lock.end()
    await settle()
    assert (await harness.session.fetch_token()).access_token == ACCESS_TOKEN


async def test_a_lock_drops_the_tokens_of_other_services(harness: SessionHarness) -> None:
    second, path = "second-SECRET", "/v3/access_tokens"
    harness.server.others[path] = {"access_token": second, "token_type": "Bearer", "expires_in": 90}
    exchange = Exchange("api", "bearer", f"https://api.example{path}")
    await harness.session.exchanged.fetch(exchange, 0)
    lock(harness)
    await settle()
    assert second not in _reachable(harness.session)
    with pytest.raises((AppLocked, NoToken)):
        await harness.session.exchanged.fetch(exchange, 0)
    await unlock(harness)
    assert (await harness.session.exchanged.fetch(exchange, 0)).access_token == second

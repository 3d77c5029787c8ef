"""Whether XDR Login is locked, and why; and what that does to every profile."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from desktop.services.model.errors import AppLocked
from desktop.services.model.settings import Settings
from desktop.services.model.states import Locked, SignedIn, SignedOut
from desktop.services.session.lock.app_lock import AppLock, LockReason
from desktop.services.session.session import Session
from desktop.services.session.sessions import Sessions
from tests.services.harness import ACCESS_TOKEN, PROFILE, TOKENS, SessionHarness, settle

UNATTENDED = replace(PROFILE, id="cron", name="Cron", client_id="client-2", unattended=True)


@pytest.fixture
async def sessions() -> AsyncIterator[Sessions]:
    """Two profiles, one of them unattended, both signed in."""
    harness = SessionHarness()
    environment = harness.session._provider._environment
    made = Sessions(
        lambda profile, observer: Session(profile, environment, observer=observer),
        lambda _status: None,
    )
    await made.update_profiles({each.id: each for each in (PROFILE, UNATTENDED)})
    for id_ in (PROFILE.id, UNATTENDED.id):
        session = await made.open_session(id_)
        assert session is not None
        harness.server.answers = [TOKENS]
        session.sign_in()
        await harness.clock.advance(6)
    yield made
    await made.close()
    await harness.close()


def find(sessions: Sessions, id_: str) -> Session:
    session = sessions.find(id_)
    assert session is not None
    return session


async def test_a_lock_is_for_every_profile_but_the_unattended(sessions: Sessions) -> None:
    sessions.lock.lock(LockReason.SCREEN)
    with pytest.raises(AppLocked):
        await find(sessions, PROFILE.id).fetch_token()
    token = await find(sessions, UNATTENDED.id).fetch_token()
    assert token.access_token == ACCESS_TOKEN
    sessions.lock.unlock()
    await settle()
    assert (await find(sessions, PROFILE.id).fetch_token()).access_token == ACCESS_TOKEN


async def test_a_session_that_is_opened_later_is_locked_too(sessions: Sessions) -> None:
    sessions.lock.lock(LockReason.SLEEP)
    changed = replace(PROFILE, proxy="none")
    await sessions.update_profiles({PROFILE.id: changed})
    session = await sessions.open_session(PROFILE.id)
    assert session is not None
    with pytest.raises(AppLocked):
        await session.fetch_token()
    assert session.lock.has_dropped


async def test_the_setting_lets_locked_sessions_renew(sessions: Sessions) -> None:
    sessions.apply(Settings(renew_while_locked=True))
    sessions.lock.lock(LockReason.COMMAND)
    assert not find(sessions, PROFILE.id).lock.has_dropped


async def test_locked_statuses_say_only_that(sessions: Sessions) -> None:
    shown = [sessions.masked(each).state for each in sessions.statuses]
    assert [type(each) for each in shown] == [SignedIn, SignedIn]
    sessions.lock.lock(LockReason.COMMAND)
    shown = [sessions.masked(each).state for each in sessions.statuses]
    assert shown == [Locked(), Locked(unattended=True)]


def test_without_a_profile_the_lock_is_shown_too() -> None:
    lock = AppLock()
    lock.lock(LockReason.COMMAND)
    assert lock.mask(None, SignedOut()) == Locked()


@pytest.mark.parametrize(
    ("reasons", "left"),
    [
        ((LockReason.SCREEN,), None),
        ((LockReason.SLEEP, LockReason.SCREEN), None),
        ((LockReason.IDLE, LockReason.SCREEN), None),
        ((LockReason.SCREEN, LockReason.SLEEP), None),
        ((LockReason.SLEEP,), LockReason.SLEEP),
        ((LockReason.AWAY,), LockReason.AWAY),
        ((LockReason.COMMAND, LockReason.SCREEN), LockReason.COMMAND),
        ((LockReason.SCREEN, LockReason.COMMAND), LockReason.COMMAND),
    ],
)
def test_an_unlocked_screen_unlocks_all_but_what_somebody_locked(
    reasons: tuple[LockReason, ...], left: LockReason | None
) -> None:
    lock = AppLock()
    for each in reasons:
        lock.lock(each)
    lock.end(LockReason.SCREEN)
    assert lock.reason is left


def test_watchers_are_told_once_of_each_change() -> None:
    lock, told = AppLock(), []
    lock.watch(lambda: told.append(lock.is_locked))
    lock.lock(LockReason.SLEEP)
    lock.lock(LockReason.SCREEN)
    lock.unlock()
    lock.unlock()
    assert told == [True, False]


async def test_work_of_an_unlocked_app_gives_its_result() -> None:
    async def work() -> str:
        await asyncio.sleep(0)
        return "done"

    assert await AppLock().run_unlocked(work()) == "done"


async def test_a_lock_ends_work_that_waits() -> None:
    lock, ended = AppLock(), asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    waiting = asyncio.ensure_future(lock.run_unlocked(work()))
    await settle()
    lock.lock(LockReason.SCREEN)
    with pytest.raises(AppLocked):
        await waiting
    assert ended.is_set()


async def test_a_result_of_the_moment_of_the_lock_is_not_given() -> None:
    lock, may_end = AppLock(), asyncio.Event()

    async def work() -> str:
        await may_end.wait()
        lock.lock(LockReason.SCREEN)
        lock.unlock()
        return ACCESS_TOKEN

    waiting = asyncio.ensure_future(lock.run_unlocked(work()))
    await settle()
    may_end.set()
    with pytest.raises(AppLocked):
        await waiting


async def test_a_result_that_is_locked_on_its_way_is_not_given() -> None:
    lock = AppLock()

    async def work() -> str:
        await asyncio.sleep(0)
        # It runs when this is done, but before the result has arrived.
        asyncio.get_running_loop().call_soon(lock.lock, LockReason.SCREEN)
        return ACCESS_TOKEN

    with pytest.raises(AppLocked):
        await lock.run_unlocked(work())


async def test_a_locked_app_does_not_begin_work() -> None:
    lock, begun = AppLock(), []

    async def work() -> None:
        begun.append(True)

    lock.lock(LockReason.IDLE)
    with pytest.raises(AppLocked):
        await lock.run_unlocked(work())
    assert begun == []


async def test_a_caller_who_gives_up_is_not_told_of_a_lock() -> None:
    lock = AppLock()
    waiting = asyncio.ensure_future(lock.run_unlocked(asyncio.sleep(1000)))
    await settle()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

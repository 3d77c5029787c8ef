"""Locking the app in its window: what disappears, what cannot be reached, and what comes back."""

import asyncio
from dataclasses import replace
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget

from desktop.services.model.audit import AuditEvent
from desktop.services.model.audit_kinds import APP_LOCKED, APP_UNLOCKED
from desktop.services.model.errors import (
    NoAuthenticationAgent,
    PresenceDeclined,
    PresenceFailed,
    PresenceNotProven,
)
from desktop.services.model.settings import Settings
from desktop.services.session.lock.app_lock import AppLock, LockReason
from desktop.services.session.lock.presence import Purpose
from desktop.services.session.sessions import ProfileStatus
from desktop.ui.app.lock.lock_events import LockEvents
from desktop.ui.pages.details_view import DetailsView
from desktop.ui.pages.settings_view import SettingsView
from desktop.ui.views.locked_view import LockedView
from desktop.ui.views.signed_in_view import SignedInView
from desktop.ui.views.waiting_view import WaitingView
from tests.sample_states import PROFILE, STATES, signed_in, waiting
from tests.services.harness import FakePresence
from tests.ui.harness import (
    TOKEN,
    ControllerHarness,
    FakeSessions,
    ProgressListener,
    buttons_on,
    run_on_event_loop,
    settle,
    texts_on,
)


def lock_of(harness: ControllerHarness) -> AppLock:
    sessions = harness.controller.sessions
    assert sessions is not None
    return sessions.lock


def shown(harness: ControllerHarness) -> type:
    return type(harness.window.view)


def enabled_buttons(harness: ControllerHarness) -> list[QPushButton]:
    return [each for each in buttons_on(harness.window) if each.isEnabled()]


def texts(harness: ControllerHarness) -> list[str]:
    return [each.text() for each in texts_on(harness.window)]


@pytest.fixture
def events(harness: ControllerHarness, monkeypatch: pytest.MonkeyPatch) -> LockEvents:
    """Start locking with events that only a test sends."""
    for name in ("_watch_screensavers", "_watch_login_manager", "_watch_windows"):
        monkeypatch.setattr(LockEvents, name, lambda _self: None)
    harness.controller.locking.start()
    found = harness.controller.locking._events
    assert found is not None
    return found


def test_a_lock_takes_the_code_off_the_screen(harness: ControllerHarness) -> None:
    harness.show(waiting(user_code="WDJB-MJHT"))
    assert shown(harness) is WaitingView
    lock_of(harness).lock(LockReason.SCREEN)
    settle()
    assert shown(harness) is LockedView
    assert texts(harness)[-3:] == [
        "XDR Login is locked",
        "Programs can't get your tokens until you unlock.",
        "Unlock",
    ]
    assert not any("WDJB" in each for each in texts(harness))


def test_a_lock_and_its_end_are_audited_once(harness: ControllerHarness) -> None:
    events: list[AuditEvent] = []
    harness.controller.locking.record = events.append
    lock_of(harness).lock(LockReason.SLEEP)
    lock_of(harness).lock(LockReason.IDLE)
    lock_of(harness).unlock()
    lock_of(harness).unlock()
    assert [(each.kind, each.reason) for each in events] == [
        (APP_LOCKED, "sleep"),
        (APP_UNLOCKED, ""),
    ]


def test_what_happens_while_locked_is_shown_after_it(harness: ControllerHarness) -> None:
    harness.show(waiting())
    lock_of(harness).lock(LockReason.SCREEN)
    harness.show(signed_in())
    assert shown(harness) is LockedView
    lock_of(harness).unlock()
    settle()
    assert shown(harness) is SignedInView


def test_the_button_unlocks(harness: ControllerHarness) -> None:
    async def press() -> None:
        lock_of(harness).lock(LockReason.COMMAND)
        settle()
        (button,) = enabled_buttons(harness)
        assert button.text() == "Unlock"
        button.click()
        await asyncio.sleep(0.01)

    harness.show(signed_in())
    run_on_event_loop(press())
    assert shown(harness) is SignedInView


class SlowPresence(FakePresence):
    """Somebody whose prompt is open until it is `answered`, or `withdrawn`."""

    def __init__(self) -> None:
        super().__init__()
        self.answered = asyncio.Event()
        self.withdrawn = False

    async def prove(self, purpose: Purpose) -> None:
        try:
            await self.answered.wait()
        except asyncio.CancelledError:
            self.withdrawn = True
            raise
        await super().prove(purpose)


async def unlock_with(harness: ControllerHarness, presence: FakePresence, mode: str) -> None:
    """Unlock in the window while a profile has this `presence`."""
    sessions = cast("FakeSessions", harness.controller.sessions)
    profile = replace(PROFILE, presence=mode)
    sessions.statuses = (ProfileStatus(profile, signed_in()),)
    harness.controller.locking.presence = presence
    lock_of(harness).lock(LockReason.COMMAND)
    harness.controller.locking.unlock()
    await asyncio.sleep(0.01)
    settle()


def test_whoever_does_not_confirm_it_does_not_unlock(harness: ControllerHarness) -> None:
    stranger = FakePresence(PresenceDeclined())
    harness.show(signed_in())
    run_on_event_loop(unlock_with(harness, stranger, "ask"))
    assert lock_of(harness).is_locked
    assert stranger.asked == [Purpose.UNLOCK]
    assert texts(harness)[-1] == "You canceled the password prompt"
    stranger.error = None
    run_on_event_loop(unlock_with(harness, stranger, "ask"))
    assert not lock_of(harness).is_locked
    lock_of(harness).lock(LockReason.COMMAND)
    settle()
    assert "You canceled the password prompt" not in texts(harness)


@pytest.mark.parametrize(
    ("mode", "error", "recorded"),
    [
        ("always", None, "proved"),
        ("ask", NoAuthenticationAgent(), "unavailable"),
        ("never", PresenceFailed(), "not_required"),
    ],
)
def test_an_unlock_says_whether_presence_was_proven(
    harness: ControllerHarness, mode: str, error: PresenceNotProven | None, recorded: str
) -> None:
    events: list[AuditEvent] = []
    harness.controller.locking.record = events.append
    run_on_event_loop(unlock_with(harness, FakePresence(error), mode))
    assert not lock_of(harness).is_locked
    assert events[-1] == AuditEvent(APP_UNLOCKED, presence=recorded)


def test_an_unlocked_screen_needs_no_proof(harness: ControllerHarness) -> None:
    events: list[AuditEvent] = []
    harness.controller.locking.record = events.append
    lock_of(harness).lock(LockReason.SCREEN)
    lock_of(harness).end(LockReason.SCREEN)
    assert events[-1] == AuditEvent(APP_UNLOCKED)


def test_an_unlock_by_other_means_withdraws_the_prompt(harness: ControllerHarness) -> None:
    async def unlock_while_asking(presence: SlowPresence) -> None:
        await unlock_with(harness, presence, "ask")
        lock_of(harness).unlock()
        await asyncio.sleep(0.01)
        presence.answered.set()
        await asyncio.sleep(0.01)
        lock_of(harness).lock(LockReason.SCREEN)
        lock_of(harness).end(LockReason.SCREEN)

    events: list[AuditEvent] = []
    harness.controller.locking.record = events.append
    presence = SlowPresence()
    run_on_event_loop(unlock_while_asking(presence))
    assert presence.withdrawn
    assert {each.presence for each in events} == {""}


def test_a_lock_clears_the_copied_token(harness: ControllerHarness) -> None:
    async def copy_and_lock() -> None:
        progress = ProgressListener(harness.controller.copier)
        harness.controller.copy_token()
        await progress.wait_for(2)
        assert QGuiApplication.clipboard().text() == TOKEN
        lock_of(harness).lock(LockReason.SCREEN)

    harness.show(signed_in())
    run_on_event_loop(copy_and_lock())
    assert QGuiApplication.clipboard().text() == ""


@pytest.mark.parametrize("copied", ["copy_code", "copy_link"])
def test_a_lock_clears_the_copied_code(harness: ControllerHarness, copied: str) -> None:
    harness.show(waiting(user_code="WDJB-MJHT"))
    getattr(harness.controller, copied)()
    assert "WDJB-MJHT" in QGuiApplication.clipboard().text()
    lock_of(harness).lock(LockReason.SCREEN)
    assert QGuiApplication.clipboard().text() == ""


def test_a_lock_while_a_copy_waits_copies_nothing(harness: ControllerHarness) -> None:
    async def copy_and_lock() -> None:
        harness.session.renewed.clear()
        harness.controller.copy_token()
        await asyncio.sleep(0)
        lock_of(harness).lock(LockReason.SCREEN)
        harness.session.renewed.set()
        await asyncio.sleep(0.01)

    harness.show(signed_in())
    run_on_event_loop(copy_and_lock())
    assert QGuiApplication.clipboard().text() == ""


def test_a_locked_app_copies_nothing_even_from_an_open_menu(harness: ControllerHarness) -> None:
    async def copy() -> None:
        lock_of(harness).lock(LockReason.SCREEN)
        harness.controller.copy_token()
        await asyncio.sleep(0.01)

    harness.show(signed_in())
    run_on_event_loop(copy())
    assert QGuiApplication.clipboard().text() == ""


def test_a_lock_closes_the_details_with_a_revealed_token(harness: ControllerHarness) -> None:
    harness.show(signed_in())
    harness.controller.open_details()
    assert isinstance(harness.window.page, DetailsView)
    lock_of(harness).lock(LockReason.SCREEN)
    settle()
    assert harness.window.page is None


@pytest.mark.parametrize("is_active", [True, False])
def test_nothing_below_the_lock_keeps_what_was_said(
    harness: ControllerHarness, announced: list[str], *, is_active: bool
) -> None:
    harness.show(STATES["signed_out"])
    harness.controller.pages.open_settings()
    settle()
    harness.show(waiting(user_code="WDJB-MJHT"))
    settle()
    assert any("W, D, J, B" in each for each in announced)
    other = QWidget()
    if not is_active:
        other.show()
        other.activateWindow()
        settle()
    lock_of(harness).lock(LockReason.SCREEN)
    settle()
    told = [
        text
        for each in harness.window.findChildren(QWidget)
        for text in (each.accessibleName(), each.accessibleDescription(), each.toolTip())
    ]
    assert not [each for each in told if "W, D, J, B" in each or "WDJB" in each]
    other.close()


def test_a_page_waits_below_the_lock_with_what_was_typed(harness: ControllerHarness) -> None:
    harness.controller.settings_store.why_no_autostart = "not here"
    harness.show(signed_in())
    harness.controller.open_settings()
    page = harness.window.page
    assert isinstance(page, SettingsView)
    lock_of(harness).lock(LockReason.SCREEN)
    settle()
    assert not page.isVisibleTo(harness.window)
    assert harness.window.view.isVisibleTo(harness.window)
    harness.window.escape()
    lock_of(harness).unlock()
    settle()
    assert harness.window.page is page
    assert page.isVisibleTo(harness.window)
    assert not harness.window.view.isVisibleTo(harness.window)


@pytest.mark.parametrize("key", [Qt.Key.Key_Comma, Qt.Key.Key_K])
def test_a_locked_app_opens_no_pages(harness: ControllerHarness, key: Qt.Key) -> None:
    harness.controller.add_shortcuts()
    harness.window.enable_header()
    harness.window.add_profile_switcher()
    harness.show(signed_in())
    lock_of(harness).lock(LockReason.SCREEN)
    settle()
    QTest.keyClick(harness.window, key, Qt.KeyboardModifier.ControlModifier)
    settle()
    assert harness.window.page is None
    assert [each.text() for each in enabled_buttons(harness)] == ["Unlock"]


def test_a_page_that_arrives_late_waits_below_the_lock(harness: ControllerHarness) -> None:
    harness.show(signed_in())
    lock_of(harness).lock(LockReason.SCREEN)
    harness.controller.pages.open_about()
    settle()
    page = harness.window.page
    assert page is not None
    assert not page.isVisibleTo(harness.window)
    lock_of(harness).unlock()
    settle()
    assert page.isVisibleTo(harness.window)


def test_the_shortcut_locks(harness: ControllerHarness) -> None:
    harness.controller.add_shortcuts()
    harness.show(signed_in())
    QTest.keyClick(harness.window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    settle()
    assert lock_of(harness).reason is LockReason.COMMAND


def test_a_locked_app_counts_nothing_down(harness: ControllerHarness) -> None:
    harness.show(signed_in())
    assert harness.controller.display._redraw_timer.isActive()
    lock_of(harness).lock(LockReason.SCREEN)
    assert not harness.controller.display._redraw_timer.isActive()


def test_other_profiles_disappear_from_the_tray(harness: ControllerHarness) -> None:
    statuses = tuple(ProfileStatus(PROFILE, STATES[each]) for each in ("signed_in", "waiting"))
    sessions = cast("FakeSessions", harness.controller.sessions)
    sessions.statuses = statuses
    told: list[object] = []
    harness.controller.display.profiles_drawn.connect(lambda given, _at: told.append(given))
    harness.show(signed_in())
    lock_of(harness).lock(LockReason.SCREEN)
    assert told[0] == statuses
    assert told[-1] == ()


@pytest.mark.parametrize(
    ("name", "setting", "reason"),
    [
        ("screen", "lock_on_screen_lock", LockReason.SCREEN),
        ("sleeping", "lock_on_sleep", LockReason.SLEEP),
        ("left", "lock_on_user_switch", LockReason.AWAY),
    ],
)
def test_an_event_locks_unless_its_setting_is_off(
    harness: ControllerHarness, events: LockEvents, name: str, setting: str, reason: LockReason
) -> None:
    def happen() -> None:
        if name == "screen":
            events.screen_changed.emit(True)
        else:
            getattr(events, name).emit()

    off = replace(Settings(), **{setting: False})  # type: ignore[arg-type] # each is a switch
    harness.controller.settings_store.use(off)
    happen()
    assert not lock_of(harness).is_locked
    harness.controller.settings_store.use(Settings())
    happen()
    assert lock_of(harness).reason is reason


def test_an_unlocked_screen_unlocks(harness: ControllerHarness, events: LockEvents) -> None:
    events.screen_changed.emit(True)
    assert lock_of(harness).is_locked
    events.screen_changed.emit(False)
    assert not lock_of(harness).is_locked


def test_nobody_there_for_so_many_minutes_locks(
    harness: ControllerHarness, events: LockEvents
) -> None:
    del events
    idle = harness.controller.locking._idle
    assert not idle.isActive()
    harness.controller.settings_store.use(Settings(lock_after_minutes=5))
    assert 5 * 60_000 <= idle.interval() <= 6 * 60_000
    assert idle.isActive()
    idle.timeout.emit()
    assert lock_of(harness).reason is LockReason.IDLE
    assert not idle.isActive()
    lock_of(harness).unlock()
    assert idle.isActive()


def test_using_the_window_counts_the_minutes_again(harness: ControllerHarness) -> None:
    harness.controller.settings_store.use(Settings(lock_after_minutes=5))
    idle = harness.controller.locking._idle
    idle.stop()
    harness.controller.display.touched.emit()
    assert idle.isActive()

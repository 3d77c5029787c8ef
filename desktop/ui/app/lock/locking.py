"""Locks XDR Login when the settings say so, and empties screen and clipboard then."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from desktop.services.model.errors import PresenceNotProven, PresenceUnavailable
from desktop.services.session.lock.app_lock import LockReason
from desktop.services.session.lock.presence import Purpose, SystemPresence
from desktop.services.session.one_task import OneTask

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop.services.model.audit import AuditEvent
    from desktop.services.model.settings import Settings
    from desktop.services.session.lock.app_lock import AppLock
    from desktop.services.session.lock.presence import Presence
    from desktop.ui.app.controller import Controller
    from desktop.ui.app.lock.lock_events import LockEvents

_log = logging.getLogger(__name__)

_MILLISECONDS = 60_000  # of a minute
# Uses are reported at most this often, and the lock must not come early.
_LATE = 30_000  # milliseconds


class Locking(QObject):
    """Locks on command and on the events of the system, and unlocks.

    `record` writes to the audit log. Where a profile demands it, `presence` is proven before the
    window unlocks, if that is possible here: a lock that never opens helps nobody. An unlocked
    screen needs no such proof: whoever unlocked it has just proven who they are.
    """

    def __init__(self, controller: Controller) -> None:
        super().__init__(controller)
        self.presence: Presence = SystemPresence()
        self.record: Callable[[AuditEvent], None] = lambda _event: None
        self._controller = controller
        self._lock: AppLock | None = None
        self._proven = ""  # what the audit log says about the presence of whoever unlocks
        self._events: LockEvents | None = None
        self._unlocking = OneTask(on_crash=lambda _error: None)
        self._idle = QTimer(self, singleShot=True)
        self._idle.setProperty("timerType", "VeryCoarseTimer")
        self._idle.timeout.connect(lambda: self._lock_for(LockReason.IDLE))
        controller.settings_store.changed.connect(lambda _settings: self._on_use())
        controller.copier.progressed.connect(lambda _progress: self._on_use())
        controller.display.touched.connect(self._on_use)

    def set_lock(self, lock: AppLock) -> None:
        """Obey `lock` from now on."""
        self._lock = lock
        lock.watch(self._on_change)

    def start(self) -> None:
        """Watch the system from now on."""
        from desktop.ui.app.lock.lock_events import LockEvents

        events = self._events = LockEvents(self)
        events.screen_changed.connect(self._on_screen)
        events.sleeping.connect(self._on_sleep)
        events.left.connect(self._on_left)
        self._on_use()

    @property
    def is_locked(self) -> bool:
        return self._lock is not None and self._lock.is_locked

    def lock(self) -> None:
        self._lock_for(LockReason.COMMAND)

    def unlock(self) -> None:
        """Unlock, once `presence` is sure of who asks for it."""
        if self.is_locked:
            self._unlocking.start(self._unlock)

    async def close(self) -> None:
        """Stop watching."""
        self._idle.stop()
        if self._events is not None:
            self._events.close()
        await self._unlocking.close(grace=0)

    async def _unlock(self) -> None:
        if self._lock is None:
            return
        try:
            self._proven = await self._prove()
        except PresenceNotProven as error:
            self._lock.error = error
            self._controller.display.show_lock()
        else:
            self._lock.unlock()

    async def _prove(self) -> str:
        """Return what the audit log says about it; raises `PresenceNotProven`."""
        sessions = self._controller.sessions
        statuses = sessions.statuses if sessions is not None else ()
        if not any(each.profile.demands_presence for each in statuses):
            return "not_required"
        try:
            await self.presence.prove(Purpose.UNLOCK)
        except PresenceUnavailable as error:
            _log.info("unlocking without proof of presence: %s", type(error).__name__)
            return "unavailable"
        return "proved"

    def _lock_for(self, reason: LockReason) -> None:
        if self._lock is not None:
            self._lock.lock(reason)

    @property
    def _settings(self) -> Settings:
        return self._controller.settings_store.settings

    def _on_screen(self, locked: bool) -> None:  # noqa: FBT001 - a slot
        if not locked and self._lock is not None:
            self._lock.end(LockReason.SCREEN)
        elif self._settings.lock_on_screen_lock:
            self._lock_for(LockReason.SCREEN)

    def _on_sleep(self) -> None:
        if self._settings.lock_on_sleep:
            self._lock_for(LockReason.SLEEP)

    def _on_left(self) -> None:
        if self._settings.lock_on_user_switch:
            self._lock_for(LockReason.AWAY)

    def _on_change(self) -> None:
        self._record_change()
        if self.is_locked:
            self._idle.stop()
            self._controller.copier.cancel()
            self._controller.clipboard.clear_for_lock()
        else:
            self._on_use()
        self._controller.display.show_lock()

    def _record_change(self) -> None:
        from desktop.services.model.audit import AuditEvent
        from desktop.services.model.audit_kinds import APP_LOCKED, APP_UNLOCKED

        reason = None if self._lock is None else self._lock.reason
        if reason is None:
            self.record(AuditEvent(APP_UNLOCKED, presence=self._proven))
            self._proven = ""
        else:
            self.record(AuditEvent(APP_LOCKED, reason=reason.name.lower()))

    def _on_use(self) -> None:
        """Count the idle minutes from now on."""
        minutes = self._settings.lock_after_minutes
        if minutes and not self.is_locked:
            self._idle.start(minutes * _MILLISECONDS + _LATE)
        else:
            self._idle.stop()

"""Whether XDR Login is locked, why, and what that ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, TypeVar

from desktop.services.model.errors import AppLocked
from desktop.services.model.states import Locked, State

if TYPE_CHECKING:
    from desktop.services.model.errors import PresenceNotProven
    from desktop.services.model.profile import Profile

T = TypeVar("T")

_log = logging.getLogger(__name__)


class LockReason(Enum):
    """What locked XDR Login."""

    COMMAND = auto()
    """Somebody chose to, in the window, the tray or a terminal."""
    SCREEN = auto()
    """The screen was locked."""
    SLEEP = auto()
    """The computer went to sleep."""
    AWAY = auto()
    """Another user took over the screen, or a remote desktop was disconnected."""
    IDLE = auto()
    """Nobody used XDR Login for a while."""


class AppLock:
    """The one place that knows whether XDR Login is locked, and the `reason`.

    `error` is why the last attempt to unlock failed.
    Watchers are called after each change, in the order in which they were added.
    """

    def __init__(self) -> None:
        self.reason: LockReason | None = None
        self.error: PresenceNotProven | None = None
        self._watchers: list[Callable[[], None]] = []
        self._times_locked = 0
        self._running: set[asyncio.Task[Any]] = set()

    @property
    def is_locked(self) -> bool:
        return self.reason is not None

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call `watcher` from now on after each change."""
        self._watchers.append(watcher)

    def lock(self, reason: LockReason) -> None:
        """Lock, and cancel what `run_unlocked` runs.

        A locked screen replaces other reasons, because whoever unlocks it has proven who they are.
        It does not replace the choice to lock: that is for the same person to undo.
        """
        before, replacing = self.reason, (LockReason.SCREEN, LockReason.COMMAND)
        if before is None or (reason in replacing and before is not LockReason.COMMAND):
            self.reason = reason
        if before is None:
            _log.info("locked: %s", reason.name.lower())
            self._times_locked += 1
            for task in self._running:
                task.cancel()
            self._notify()

    def unlock(self) -> None:
        if self.is_locked:
            _log.info("unlocked")
            self.reason = self.error = None
            self._notify()

    def end(self, reason: LockReason) -> None:
        """Unlock if it was locked for `reason`, which is over."""
        if self.reason is reason:
            self.unlock()

    def mask(self, profile: Profile | None, state: State) -> State:
        """Return what may be shown of `state`, which is that of `profile`."""
        if not self.is_locked:
            return state
        unattended = profile is not None and profile.unattended
        return Locked(unattended=unattended, error=self.error)

    async def run_unlocked(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work`; raises `AppLocked` if XDR Login is locked or has been before the end."""
        if self.is_locked:
            work.close()
            raise AppLocked
        before, task = self._times_locked, asyncio.ensure_future(work)
        self._running.add(task)
        try:
            result = await task
        except asyncio.CancelledError:
            if self._times_locked == before:  # the caller gave up
                raise
            raise AppLocked from None
        finally:
            self._running.discard(task)
        if self._times_locked != before:
            raise AppLocked
        return result

    def _notify(self) -> None:
        for watcher in self._watchers:
            watcher()

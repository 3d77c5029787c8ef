"""Announcements for screen readers, which read changes only if they are announced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent

from desktop.services.model.states import SignedIn
from desktop.ui.wording import window_texts
from desktop.ui.wording.update_timing import countdown, is_renewal_failing, should_announce

if TYPE_CHECKING:
    from datetime import datetime

    from PySide6.QtCore import QObject

    from desktop.services.model.states import State


class Announcer:
    """Announces new states and countdown marks for the object `source`."""

    def __init__(self, source: QObject) -> None:
        self._source = source
        self._seconds_left: float | None = None
        self._has_announced_trouble = False

    def announce(self, text: str) -> None:
        if text and QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._source, text))

    def reset_countdown(self, before: State, state: State) -> None:
        """Start the countdown again if `state` is new."""
        if should_announce(before, state):
            self._seconds_left = None  # a new countdown has passed no mark

    def announce_countdown(self, state: State, at: datetime, *, in_sight: bool) -> None:
        """Announce the time that is left when it passes a mark."""
        left = countdown(state, at)
        if left is not None and in_sight:
            self.announce(window_texts.spoken_count(state, self._seconds_left, left))
        self._seconds_left = left

    def announce_state(self, before: State, state: State, at: datetime) -> None:
        """Announce `state` if it is new, and failing renewals only once."""
        if should_announce(before, state):
            self.announce(window_texts.announcement(state, at))
        if not is_renewal_failing(state):
            self._has_announced_trouble = False
        elif isinstance(state, SignedIn) and state.trouble and not self._has_announced_trouble:
            self._has_announced_trouble = True
            self.announce(window_texts.spoken_trouble(state, at))

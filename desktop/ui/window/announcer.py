"""What a screen reader is told: it reads aloud only what is announced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent

from desktop.services.model.states import SignedIn
from desktop.ui.wording import tray_texts, window_texts
from desktop.ui.wording.announcements import is_news
from desktop.ui.wording.redraw_times import countdown

if TYPE_CHECKING:
    from datetime import datetime

    from PySide6.QtCore import QObject

    from desktop.services.model.states import State


class Announcer:
    """Announces what is news, in the name of `source`."""

    def __init__(self, source: QObject) -> None:
        self._source = source
        self._left: float | None = None
        self._told_trouble = False

    def say(self, text: str) -> None:
        """Announce `text`."""
        if text and QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._source, text))

    def begin(self, before: State, state: State) -> None:
        """A new state is about to be counted in."""
        if is_news(before, state):
            self._left = None  # another countdown, of which no mark has been passed

    def count(self, state: State, at: datetime, *, in_sight: bool) -> None:
        """Announce what is left where a mark has been passed."""
        left = countdown(state, at)
        if left is not None and in_sight:
            self.say(window_texts.spoken_count(state, self._left, left))
        self._left = left

    def tell(self, before: State, state: State, at: datetime) -> None:
        """Announce `state` if it is news, and trouble once, until a renewal works."""
        if is_news(before, state):
            self.say(window_texts.announcement(state, at))
        if not tray_texts.trouble_goes_on(state):
            self._told_trouble = False
        elif isinstance(state, SignedIn) and state.trouble and not self._told_trouble:
            self._told_trouble = True
            self.say(window_texts.spoken_trouble(state, at))

"""Announcements for screen readers, which read changes only if they are announced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.services.model.states import SignedIn
from desktop.services.wording.formats import join_sentences
from desktop.ui.kit.widgets import say
from desktop.ui.wording import window_texts
from desktop.ui.wording.update_timing import countdown, is_renewal_failing, should_announce

if TYPE_CHECKING:
    from datetime import datetime

    from PySide6.QtWidgets import QWidget

    from desktop.services.model.states import State


class Announcer:
    """Announces new states and countdown marks in the window of `source`."""

    def __init__(self, source: QWidget) -> None:
        self._source = source
        self._seconds_left: float | None = None
        self._has_announced_trouble = False

    def announce(self, text: str, *, again: bool = True) -> None:
        """Say `text`; unless `again`, not where the focus has just been described by it."""
        say(self._source, text, again=again)

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

    def news(self, before: State, state: State, at: datetime) -> str:
        """Tell what is new in `state`, and of failing renewals only the first."""
        news = window_texts.announcement(state, at) if should_announce(before, state) else ""
        if not is_renewal_failing(state):
            self._has_announced_trouble = False
        elif isinstance(state, SignedIn) and state.trouble and not self._has_announced_trouble:
            self._has_announced_trouble = True
            news = join_sentences(news, window_texts.spoken_trouble(state, at))
        return news

"""That a token is on the clipboard, for how long, and a button that clears it now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from math import ceil
from typing import TYPE_CHECKING

from PySide6.QtCore import QDeadlineTimer, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from desktop.services.model.states import SignedIn
from desktop.services.system.translation import translate
from desktop.ui.kit.widgets import Button, fit_to_text, label
from desktop.ui.wording import window_texts

if TYPE_CHECKING:
    from desktop.ui.views.actions import Actions

_SECOND = 1000  # milliseconds
_HEIGHT = 38  # as of a button, whose place it may take


class CopiedBanner(QFrame):
    """Is visible for as long as the copy is on the clipboard, as far as XDR Login clears it."""

    def __init__(self, clear: Callable[[], object]) -> None:
        super().__init__()
        self.setProperty("card", "good")
        self.setMinimumHeight(_HEIGHT)
        self.clear_now = fit_to_text(Button(translate("Clear now"), clear, "link"))
        self._text = label("", "good")
        self._copied = ""
        self._deadline = QDeadlineTimer(0)
        self._timer = QTimer(self, interval=_SECOND)
        self._timer.timeout.connect(self._show_seconds)
        line = QHBoxLayout(self)
        line.setContentsMargins(12, 4, 12, 4)
        line.setSpacing(12)
        line.addWidget(self._text, 1)
        line.addWidget(self.clear_now)
        self.hide()

    def show_copied(self, copied: str, seconds: float) -> None:
        """Say that `copied` was, and count the `seconds` until it is cleared."""
        self._copied = copied
        # The countdown is silent: a screen reader would read each second.
        self._text.setAccessibleName(copied)
        self._deadline.setRemainingTime(round(seconds * _SECOND))
        self._show_seconds()
        self.show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_seconds()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def _show_seconds(self) -> None:
        left = ceil(self._deadline.remainingTime() / _SECOND)
        self._text.setText(f"✓ {window_texts.copied_until_cleared(self._copied, left)}")


class StatusOrCopy(QWidget):
    """A line about the token, in whose place a copy is confirmed, so that nothing else moves."""

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        self.banner = CopiedBanner(actions.clear_copy)
        self._status = label("", "muted", centered=True)
        self.setMinimumHeight(_HEIGHT)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._status)
        column.addWidget(self.banner)
        if copied := actions.profiles.copied:  # before another profile was in the window
            self.show_copied(window_texts.copied_as(copied.format), copied.clear_after)

    def show_status(self, state: SignedIn, at: datetime) -> None:
        # Named first, without the seconds: a label without a name of its own tells screen readers
        # every new text.
        later = max(at, state.next_at or at)
        self._status.setAccessibleName(window_texts.renewal_status(state, later))
        self._status.setText(window_texts.renewal_status(state, at))

    def show_copied(self, copied: str, seconds: float) -> None:
        self.banner.show_copied(copied, seconds)
        self._status.hide()

    def hide_copied(self) -> None:
        self.banner.hide()
        self._status.show()

"""Signing out: at once, or asked about first where it reaches further than this computer."""

from dataclasses import dataclass

from PySide6.QtCore import QElapsedTimer, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QFocusEvent, QHideEvent

from desktop.services.model.states import Revocation
from desktop.services.wording.sign_out_texts import (
    CONFIRM_ALL_COMPUTERS,
    SPOKEN_CONFIRM_ALL_COMPUTERS,
    sign_out_tooltip,
)
from desktop.ui.kit.widgets import Button, fit_to_text, set_style_property, set_tooltip
from desktop.ui.views.actions import Actions

QUESTION_TIMEOUT = 5000  # milliseconds
_TOO_SOON = 400  # milliseconds: the second half of a double click, or a key that is held


@dataclass(frozen=True, slots=True)
class ButtonLabels:
    """What the button says, what it asks, and the question for who listens."""

    text: str
    question: str
    spoken: str


SIGN_OUT_LABELS = ButtonLabels("Sign out", CONFIRM_ALL_COMPUTERS, SPOKEN_CONFIRM_ALL_COMPUTERS)


class SignOutButton(Button):
    """The first press asks where signing out ends more than this sign-in; the second does it.

    The question goes by itself, with Escape, and with the focus.

    Signals:
        asking: whether the question is shown now.
    """

    asking = Signal(bool)

    def __init__(self, actions: Actions, words: ButtonLabels = SIGN_OUT_LABELS) -> None:
        super().__init__(words.text, self._press, "quiet")
        fit_to_text(self)
        self._labels = words
        self._actions = actions
        self._since_question = QElapsedTimer()
        self._question_timer = QTimer(self, singleShot=True, interval=QUESTION_TIMEOUT)
        self._question_timer.timeout.connect(self.cancel_question)

    def refresh(self, *, leaving: bool) -> None:
        """Tell what signing out will do; nothing more to press once one is `leaving`."""
        set_tooltip(self, sign_out_tooltip(self._actions.revocation_offered()))
        if leaving:
            self.cancel_question()
        self.setEnabled(not leaving)

    def ask(self) -> None:
        """Ask, in place of doing it."""
        self._since_question.start()
        self._question_timer.start()
        self.replace_text(self._labels.question)
        set_style_property(self, "asks", "true")
        self.asking.emit(True)
        if QAccessible.isActive():
            event = QAccessibleAnnouncementEvent(self, self._labels.spoken)
            QAccessible.updateAccessibility(event)

    def cancel_question(self) -> bool:
        """Take the question back; whether there was one."""
        asked = self._since_question.isValid()
        self._since_question.invalidate()
        self._question_timer.stop()
        if asked:
            self.restore_text()
            set_style_property(self, "asks", "false")
            self.asking.emit(False)
        return asked

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take the question back: who goes elsewhere does not mean it."""
        super().focusOutEvent(event)
        self.cancel_question()

    def hideEvent(self, event: QHideEvent) -> None:
        """Take the question back."""
        super().hideEvent(event)
        self.cancel_question()

    def _press(self) -> None:
        if self._actions.revocation_offered() is not Revocation.GRANT_REVOKED:
            self._actions.sign_out()
        elif not self._since_question.isValid():
            self.ask()
        elif self._since_question.elapsed() >= _TOO_SOON:
            self.cancel_question()
            self._actions.sign_out()

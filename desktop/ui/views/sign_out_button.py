"""Signing out: at once, or after a question if it affects other computers too."""

from PySide6.QtCore import QElapsedTimer, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent

from desktop.frozen import frozen
from desktop.services.model.states import Revocation
from desktop.services.system.translation import translatable, translate
from desktop.services.wording.sign_out_texts import (
    CONFIRM_ALL_COMPUTERS,
    SPOKEN_CONFIRM_ALL_COMPUTERS,
    sign_out_tooltip,
)
from desktop.ui.kit.widgets import Button, fit_to_text, say, set_style_property, set_tooltip
from desktop.ui.views.actions import Actions

QUESTION_TIMEOUT = 5000  # milliseconds
_TOO_SOON = 400  # milliseconds: the second click of a double click, or a key that is held


@frozen
class ButtonLabels:
    """The texts of the button: its label, its question, and the question for screen readers."""

    text: str
    question: str
    spoken: str


SIGN_OUT_LABELS = ButtonLabels(
    translatable("Sign out"), CONFIRM_ALL_COMPUTERS, SPOKEN_CONFIRM_ALL_COMPUTERS
)


class SignOutButton(Button):
    """Asks at the first click if signing out ends more than this sign-in; the second does it.

    The question ends after a while, with Escape, and when the button loses the focus.

    Signals:
        asking: whether the question is shown.
    """

    asking = Signal(bool)

    def __init__(self, actions: Actions, labels: ButtonLabels = SIGN_OUT_LABELS) -> None:
        super().__init__(translate(labels.text), self._press, "quiet")
        fit_to_text(self)
        self._labels = labels
        self._actions = actions
        self._since_question = QElapsedTimer()
        self._question_timer = QTimer(self, singleShot=True, interval=QUESTION_TIMEOUT)
        self._question_timer.timeout.connect(self.cancel_question)

    def refresh(self, *, signing_out: bool) -> None:
        """Show in the tooltip what signing out does, and disable the button while `signing_out`."""
        set_tooltip(self, sign_out_tooltip(self._actions.revocation_offered()))
        if signing_out:
            self.cancel_question()
        self.setEnabled(not signing_out)

    def ask(self) -> None:
        self._since_question.start()
        self._question_timer.start()
        self.replace_text(translate(self._labels.question))
        set_style_property(self, "asks", "true")
        self.asking.emit(True)
        say(self, translate(self._labels.spoken))

    def cancel_question(self) -> bool:
        """Remove the question; return whether there was one."""
        asked = self._since_question.isValid()
        self._since_question.invalidate()
        self._question_timer.stop()
        if asked:
            self.restore_text()
            set_style_property(self, "asks", "false")
            self.asking.emit(False)
        return asked

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.cancel_question()

    def hideEvent(self, event: QHideEvent) -> None:
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

"""Signing out: at once, or asked about first where it reaches further than this computer."""

from dataclasses import dataclass

from PySide6.QtCore import QElapsedTimer, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QFocusEvent, QHideEvent

from desktop.services.model.states import Revocation
from desktop.services.wording.sign_out_texts import (
    ASK_ABOUT_ALL,
    SPOKEN_ASK_ABOUT_ALL,
    sign_out_tip,
)
from desktop.ui.kit.widgets import Button, quiet, restyled, set_tip
from desktop.ui.views.actions import Actions

ASKS_FOR = 5000  # milliseconds
_TOO_SOON = 400  # milliseconds: the second half of a double click, or a key that is held


@dataclass(frozen=True, slots=True)
class Words:
    """What the button says, what it asks, and the question for who listens."""

    text: str
    question: str
    spoken: str


SIGN_OUT = Words("Sign out", ASK_ABOUT_ALL, SPOKEN_ASK_ABOUT_ALL)


class LeaveButton(Button):
    """The first press asks where signing out ends more than this sign-in; the second does it.

    The question goes by itself, with Escape, and with the focus.

    Signals:
        asking: whether the question is shown now.
    """

    asking = Signal(bool)

    def __init__(self, actions: Actions, words: Words = SIGN_OUT) -> None:
        super().__init__(words.text, self._press, "quiet")
        quiet(self)
        self._words = words
        self._actions = actions
        self._asked = QElapsedTimer()
        self._until = QTimer(self, singleShot=True, interval=ASKS_FOR)
        self._until.timeout.connect(self.give_up)

    def show_offer(self, *, leaving: bool) -> None:
        """Tell what signing out will do; nothing more to press once one is `leaving`."""
        set_tip(self, sign_out_tip(self._actions.revocation_offered()))
        if leaving:
            self.give_up()
        self.setEnabled(not leaving)

    def ask(self) -> None:
        """Ask, in place of doing it."""
        self._asked.start()
        self._until.start()
        self.hold(self._words.question)
        restyled(self, "asks", "true")
        self.asking.emit(True)
        if QAccessible.isActive():
            event = QAccessibleAnnouncementEvent(self, self._words.spoken)
            QAccessible.updateAccessibility(event)

    def give_up(self) -> bool:
        """Take the question back; whether there was one."""
        asked = self._asked.isValid()
        self._asked.invalidate()
        self._until.stop()
        if asked:
            self.release()
            restyled(self, "asks", "false")
            self.asking.emit(False)
        return asked

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take the question back: who goes elsewhere does not mean it."""
        super().focusOutEvent(event)
        self.give_up()

    def hideEvent(self, event: QHideEvent) -> None:
        """Take the question back."""
        super().hideEvent(event)
        self.give_up()

    def _press(self) -> None:
        if self._actions.revocation_offered() is not Revocation.GRANT_REVOKED:
            self._actions.sign_out()
        elif not self._asked.isValid():
            self.ask()
        elif self._asked.elapsed() >= _TOO_SOON:
            self.give_up()
            self._actions.sign_out()

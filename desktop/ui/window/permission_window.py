"""The window that asks whether a program may use the token.

It does not interrupt typing: it appears without the focus, its buttons are disabled for a moment,
and then Return presses Deny. Keys count only after a pause in typing, also when it gets the focus
later.
"""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QDeadlineTimer, QEvent, QRect, Qt, QTimer
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from desktop.services.session.token_permission import ANSWER_TIMEOUT, PermissionAnswer
from desktop.services.system.translation import translate
from desktop.services.wording.spoken import spoken_mark
from desktop.ui.kit.fact_rows import FactRows
from desktop.ui.kit.reader_roles import read_as
from desktop.ui.kit.theme import GAP, NARROWEST, SPACE
from desktop.ui.kit.widgets import Button, ButtonRow, label, say, set_mnemonics, set_tooltip
from desktop.ui.wording import page_texts

if TYPE_CHECKING:
    from PySide6.QtCore import QObject
    from PySide6.QtGui import QCloseEvent, QIcon, QKeyEvent

    from desktop.services.session.token_permission import PermissionRequest

_TOO_SOON = 800  # milliseconds: a click or a key before was meant for another window
_SECOND = 1000  # milliseconds
_WIDTH = 440
_KEYS = (QEvent.Type.KeyPress, QEvent.Type.Shortcut)  # the latter is Alt with a letter


class PermissionWindow(QWidget):
    """Shows `question`; closing it denies access.

    It appears in the middle of `over`; its buttons are enabled after `too_soon` milliseconds.
    """

    def __init__(
        self, question: PermissionRequest, icon: QIcon, *, over: QRect, too_soon: int = _TOO_SOON
    ) -> None:
        super().__init__(None, Qt.WindowType.Window | Qt.WindowType.WindowStaysOnTopHint)
        read_as(self, "Dialog")
        self._answer: asyncio.Future[PermissionAnswer] | None = None
        self._too_soon = too_soon
        self._keys_count = QDeadlineTimer(too_soon)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setWindowTitle(translate(page_texts.PERMISSION_TITLE))
        self.setWindowIcon(icon)
        self.setAccessibleName(page_texts.spoken_permission_request(question))
        self.setMinimumWidth(NARROWEST)
        self._make_buttons(question)
        self._guard = QTimer(self, singleShot=True, interval=too_soon)
        self._guard.timeout.connect(self._enable_buttons)
        self._deadline = QDeadlineTimer(round(ANSWER_TIMEOUT * 1000))
        self._seconds_left: float = ANSWER_TIMEOUT
        self._remaining = label(page_texts.denied_in(ANSWER_TIMEOUT), "muted")
        # Fixed, or screen readers would be told of each second.
        self._remaining.setAccessibleName(translate(page_texts.DENIED_AFTER_A_MINUTE))
        self._countdown = QTimer(self, interval=_SECOND)
        self._countdown.timeout.connect(self._show_remaining)
        column = self._lay_out(question)
        place = QRect(0, 0, _WIDTH, column.totalHeightForWidth(_WIDTH))
        place.moveCenter(over.center())
        self.setGeometry(place)

    def _make_buttons(self, question: PermissionRequest) -> None:
        self.deny = Button(translate("Deny"), partial(self._give_answer, PermissionAnswer.DENY))
        self.once = Button(
            translate("Allow once"), partial(self._give_answer, PermissionAnswer.ONCE)
        )
        self.for_terminal = Button(
            translate("Allow in this terminal"),
            partial(self._give_answer, PermissionAnswer.FOR_TERMINAL),
        )
        self.for_an_hour = Button(
            translate("Allow for an hour"), partial(self._give_answer, PermissionAnswer.FOR_AN_HOUR)
        )
        set_tooltip(self.for_terminal, translate(page_texts.ABOUT_FOR_TERMINAL))
        set_tooltip(self.for_an_hour, page_texts.about_for_an_hour(question))
        # Shown without a parent, they would be windows.
        if question.terminal_key is None or not question.can_be_remembered:
            self.for_terminal.hide()
        if question.key is None or not question.can_be_remembered:
            self.for_an_hour.hide()
        self._buttons = (self.deny, self.once, self.for_terminal, self.for_an_hour)
        set_mnemonics(*self._buttons)
        for button in self._buttons:
            button.installEventFilter(self)

    def _lay_out(self, question: PermissionRequest) -> QVBoxLayout:
        facts = FactRows("", stacked=True)
        facts.show_rows(page_texts.permission_request_rows(question))
        longer = ButtonRow(self.for_terminal, self.for_an_hour)
        if self.for_terminal.isHidden() and self.for_an_hour.isHidden():
            longer.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        column.setSpacing(GAP)
        column.addWidget(label(page_texts.permission_question(question.program), "title"))
        column.addWidget(facts)
        column.addWidget(label(page_texts.permission_note(question), "muted"))
        column.addWidget(self._remaining)
        column.addStretch(1)
        column.addWidget(longer)
        column.addWidget(ButtonRow(self.deny, self.once))
        for before, after in pairwise((self.deny, self.once, self.for_terminal, self.for_an_hour)):
            QWidget.setTabOrder(before, after)
        return column

    async def ask(self) -> PermissionAnswer:
        self._answer = asyncio.get_running_loop().create_future()
        self._disable_buttons()
        self._deadline.setRemainingTime(round(ANSWER_TIMEOUT * 1000))
        self._countdown.start()
        self.show()
        self.raise_()
        QApplication.alert(self)
        try:
            return await self._answer
        finally:
            self._answer = None
            self.close()
            self.deleteLater()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Deny with Escape, unless somebody is typing."""
        if self._is_typing():
            return
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Keep from the buttons what is typed for another window."""
        return event.type() in _KEYS and self._is_typing()

    def changeEvent(self, event: QEvent) -> None:
        """Wait for a pause in typing when the window gets the focus."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self._keys_count.setRemainingTime(self._too_soon)

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self._give_answer(PermissionAnswer.DENY)

    def _is_typing(self) -> bool:
        """Tell whether a key is likely meant for another window, as the one just before it was."""
        if self._keys_count.hasExpired():
            return False
        self._keys_count.setRemainingTime(self._too_soon)
        if self._guard.isActive():
            self._guard.start()
        return True

    def _show_remaining(self) -> None:
        left = self._deadline.remainingTime() / 1000
        self._remaining.setText(page_texts.denied_in(left))
        say(self, spoken_mark(self._seconds_left, left))
        self._seconds_left = left

    def _disable_buttons(self) -> None:
        for button in self._buttons:
            button.setEnabled(False)
        self._keys_count.setRemainingTime(self._too_soon)
        self._guard.start()

    def _enable_buttons(self) -> None:
        for button in self._buttons:
            button.setEnabled(True)
        self.deny.take_focus(ringed=True)

    def _give_answer(self, answer: PermissionAnswer) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

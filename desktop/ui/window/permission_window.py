"""The window that asks whether a program may use the token.

It does not interrupt typing: it appears without the focus, its buttons are disabled for a moment,
and then Return presses Deny.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QDeadlineTimer, QRect, Qt, QTimer
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from desktop.services.session.token_permission import ANSWER_TIMEOUT, PermissionAnswer
from desktop.services.system.translation import translate
from desktop.ui.kit.fact_rows import FactRows
from desktop.ui.kit.theme import GAP, NARROWEST, SPACE
from desktop.ui.kit.widgets import Button, ButtonRow, label
from desktop.ui.wording import page_texts

if TYPE_CHECKING:
    from PySide6.QtGui import QCloseEvent, QIcon, QKeyEvent

    from desktop.services.session.token_permission import PermissionRequest

_TOO_SOON = 800  # milliseconds: a click before was meant for another window
_SECOND = 1000  # milliseconds
_WIDTH = 440


class PermissionWindow(QWidget):
    """Shows `question`; closing it denies access.

    It appears in the middle of `over`; its buttons are enabled after `too_soon` milliseconds.
    """

    def __init__(
        self, question: PermissionRequest, icon: QIcon, *, over: QRect, too_soon: int = _TOO_SOON
    ) -> None:
        super().__init__(None, Qt.WindowType.Window | Qt.WindowType.WindowStaysOnTopHint)
        self._answer: asyncio.Future[PermissionAnswer] | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setWindowTitle(translate(page_texts.PERMISSION_TITLE))
        self.setWindowIcon(icon)
        self.setAccessibleName(page_texts.spoken_permission_request(question))
        self.setMinimumWidth(NARROWEST)
        self._facts = FactRows("", stacked=True)
        self._facts.show_rows(page_texts.permission_request_rows(question))
        self.deny = Button(translate("Deny"), partial(self._give_answer, PermissionAnswer.DENY))
        self.once = Button(
            translate("Allow once"), partial(self._give_answer, PermissionAnswer.ONCE)
        )
        self.for_an_hour = Button(
            translate("Allow for an hour"), partial(self._give_answer, PermissionAnswer.FOR_AN_HOUR)
        )
        self.for_an_hour.setVisible(question.can_be_remembered)
        self._guard = QTimer(self, singleShot=True, interval=too_soon)
        self._guard.timeout.connect(self._enable_buttons)
        self._deadline = QDeadlineTimer(round(ANSWER_TIMEOUT * 1000))
        self._remaining = label(page_texts.denied_in(ANSWER_TIMEOUT), "muted")
        self._countdown = QTimer(self, interval=_SECOND)
        self._countdown.timeout.connect(self._show_remaining)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        column.setSpacing(GAP)
        column.addWidget(label(page_texts.permission_question(question.program), "title"))
        column.addWidget(self._facts)
        column.addWidget(label(page_texts.permission_note(question), "muted"))
        column.addWidget(self._remaining)
        column.addStretch(1)
        column.addWidget(ButtonRow(self.deny, self.once, self.for_an_hour))
        place = QRect(0, 0, _WIDTH, column.totalHeightForWidth(_WIDTH))
        place.moveCenter(over.center())
        self.setGeometry(place)

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
        """Deny with Escape, once the buttons are enabled."""
        if event.key() == Qt.Key.Key_Escape and self.deny.isEnabled():
            self.close()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self._give_answer(PermissionAnswer.DENY)

    def _show_remaining(self) -> None:
        self._remaining.setText(page_texts.denied_in(self._deadline.remainingTime() / 1000))

    def _disable_buttons(self) -> None:
        for button in (self.deny, self.once, self.for_an_hour):
            button.setEnabled(False)
        self._guard.start()

    def _enable_buttons(self) -> None:
        for button in (self.deny, self.once, self.for_an_hour):
            button.setEnabled(True)
        self.deny.take_focus(ringed=True)

    def _give_answer(self, answer: PermissionAnswer) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

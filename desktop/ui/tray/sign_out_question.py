"""The window that asks before the tray signs out of every computer.

A menu item is easily hit by mistake, and a menu has no room to say what ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from desktop.services.system.translation import translate
from desktop.services.wording.formats import join_sentences
from desktop.services.wording.sign_out_texts import ENDS_ON_ALL_COMPUTERS, sign_out_question
from desktop.ui.kit.reader_roles import read_as
from desktop.ui.kit.theme import GAP, NARROWEST, SPACE
from desktop.ui.kit.widgets import Button, ButtonRow, label, set_mnemonics

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QKeyEvent


class SignOutQuestion(QWidget):
    """Asks whether to sign out of the profile called `name`; closing it changes nothing."""

    def __init__(self, name: str, sign_out: Callable[[], object]) -> None:
        super().__init__(None, Qt.WindowType.Window | Qt.WindowType.WindowStaysOnTopHint)
        read_as(self, "Dialog")
        self._sign_out = sign_out
        title, text = sign_out_question(name), translate(ENDS_ON_ALL_COMPUTERS)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("Sign out"))
        self.setWindowIcon(QApplication.windowIcon())
        self.setAccessibleName(join_sentences(title, text))
        self.setMinimumWidth(NARROWEST)
        self.cancel = Button(translate("Cancel"), self.close)
        self.confirm = Button(translate("Sign out everywhere"), self._confirm)
        set_mnemonics(self.cancel, self.confirm)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        column.setSpacing(GAP)
        column.addWidget(label(title, "title"))
        column.addWidget(label(text))
        column.addStretch(1)
        column.addWidget(ButtonRow(self.cancel, self.confirm))

    def ask(self) -> None:
        self.show()
        self.raise_()
        self.activateWindow()
        self.cancel.take_focus(ringed=True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Cancel with Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def _confirm(self) -> None:
        self.close()
        self._sign_out()

"""Who is signed in: initials, name or address, and organization."""

from __future__ import annotations

import re

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.services.model.states import SignedIn
from desktop.services.system.translation import translate
from desktop.ui.kit.fitted_label import ElidedLabel
from desktop.ui.kit.theme import Theme

_CIRCLE = 34
_LETTERS = 0.36  # height of the font, as a share of the circle


def initials(user: str) -> str:
    """Return up to two letters for a name or an e-mail address."""
    parts = [part for part in re.split(r"[\W_]+", user.partition("@")[0]) if part]
    chosen = parts if len(parts) < 2 else [parts[0], parts[-1]]
    return "".join(part[0] for part in chosen).upper()


class AccountRow(QWidget):
    """The account of the token; hidden if the server does not tell whose it is."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._circle = _Initials(theme)
        self._user, self._organization = ElidedLabel("heading"), ElidedLabel("muted")
        line, words = QHBoxLayout(self), QVBoxLayout()
        line.setContentsMargins(0, 0, 0, 4)
        line.setSpacing(10)
        line.addStretch(1)
        line.addWidget(self._circle)
        line.addLayout(words)
        line.addStretch(1)
        words.setSpacing(0)
        words.addStretch(1)
        words.addWidget(self._user)
        words.addWidget(self._organization)
        words.addStretch(1)

    def show_state(self, state: SignedIn) -> None:
        first, second = state.user, state.organization
        if not first:
            first, second = second, ""
        self._circle.show_letters(initials(first))
        self._user.setText(first)
        self._user.setAccessibleName(translate("Signed in as {user}", user=first))
        self._organization.setText(second)
        self._organization.setVisible(bool(second))
        self.setVisible(bool(first))


class _Initials(QWidget):
    """Letters in a circle; a plain widget, because the name is next to it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._letters = ""
        self.setFixedSize(QSize(_CIRCLE, _CIRCLE))

    def show_letters(self, letters: str) -> None:
        if letters != self._letters:
            self._letters = letters
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("good_fill"))
        painter.drawEllipse(QRectF(self.rect()))
        font = QFont(self.font())
        font.setPixelSize(round(_CIRCLE * _LETTERS))
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(self._theme.color("good_text"))
        painter.drawText(QRectF(self.rect()), Qt.AlignmentFlag.AlignCenter, self._letters)

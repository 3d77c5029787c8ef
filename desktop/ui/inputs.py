"""What a form is made of: a name, the control below it, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from desktop.ui.widgets import label, restyled, set_tip

if TYPE_CHECKING:
    from desktop.ui.theme import Theme

_ARROW = QPoint(-22, 5)  # from the middle of the right edge
_LINES = 3


class Choice(QComboBox):
    """One of a few; the wheel turns it only where the keyboard is on it."""

    def __init__(self, entries: Mapping[str, str], theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setMinimumContentsLength(8)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        for value, text in entries.items():
            self.addItem(text, value)

    def value(self) -> str:
        """What is chosen."""
        return str(self.currentData() or "")

    def choose(self, value: str) -> None:
        """Choose `value` without calling it a change; one that is not known is added."""
        self.blockSignals(True)
        if self.findData(value) < 0:
            self.addItem(value, value)
        self.setCurrentIndex(self.findData(value))
        self.blockSignals(False)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let the page be scrolled."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the arrow, which the style sheet takes away."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setPen(self._theme.color("muted"))
        edge = QPoint(self.width(), self.height() // 2)
        painter.drawText(edge + _ARROW, "▾")


class Line(QLineEdit):
    """One line of text."""

    def __init__(self, hint: str = "", *, secret: bool = False) -> None:
        super().__init__()
        self.setPlaceholderText(hint)
        if secret:
            self.setEchoMode(QLineEdit.EchoMode.Password)

    def value(self) -> str:
        """What was typed."""
        return self.text()

    def choose(self, value: str) -> None:
        """Show `value` without calling it a change."""
        self.blockSignals(True)
        self.setText(value)
        self.blockSignals(False)
        self.setCursorPosition(0)


class Lines(QPlainTextEdit):
    """A few lines of text. Tab goes on to the next field."""

    def __init__(self, hint: str = "") -> None:
        super().__init__()
        self.setPlaceholderText(hint)
        self.setTabChangesFocus(True)
        self.setFixedHeight(self.fontMetrics().lineSpacing() * _LINES + 26)

    def value(self) -> str:
        """What was typed."""
        return self.toPlainText()

    def choose(self, value: str) -> None:
        """Show `value` without calling it a change."""
        self.blockSignals(True)
        self.setPlainText(value)
        self.blockSignals(False)


Control = Choice | Line | Lines


class Field(QWidget):
    """A control with its name above it; below it what it is for, or what is wrong with it."""

    def __init__(self, name: str, control: Control, about: str = "") -> None:
        super().__init__()
        self.control = control
        self._about = about
        self._name = name
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        self.heading = label(name, "heading")
        self.heading.setBuddy(control)
        self._note = label("", "muted")
        for widget in (self.heading, control, self._note):
            column.addWidget(widget)
        control.setAccessibleName(name)
        self.setFocusProxy(control)
        self.show_fault("")

    @property
    def fault(self) -> str:
        """What is wrong with it; empty for nothing."""
        return self._note.text() if self._note.property("role") == "fault" else ""

    def show_fault(self, text: str) -> None:
        """Show what is wrong, or what it is for where nothing is."""
        self._note.setText(text or self._about)
        self._note.setVisible(bool(text or self._about))
        restyled(self._note, "role", "fault" if text else "muted")
        restyled(self.control, "wrong", "true" if text else "false")
        set_tip(self.control, text or self._about)

    def explain(self, about: str) -> None:
        """Say what it is for now."""
        self._about = about
        self.show_fault(self.fault)

    def on_change(self, deed: Callable[[], object]) -> None:
        """Call `deed` whenever a person has changed it."""
        if isinstance(self.control, Choice):
            self.control.currentIndexChanged.connect(lambda _index: deed())
        elif isinstance(self.control, Line):
            self.control.textChanged.connect(lambda _text: deed())
        else:
            self.control.textChanged.connect(deed)

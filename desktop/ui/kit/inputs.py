"""The controls of a form, and fields with a name, a control and a note."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QStandardItemModel, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QStyledItemDelegate,
    QVBoxLayout,
    QWidget,
)

from desktop.services.system.translation import translate
from desktop.ui.kit.stepper import Stepper
from desktop.ui.kit.widgets import add_row, describe, label, set_style_property, show_tooltip
from desktop.ui.kit.word_breaks import unbroken

if TYPE_CHECKING:
    from desktop.ui.kit.theme import Theme

_ARROW = QPoint(-22, 5)  # from the middle of the right edge
_LINES = 3


def put_after(before: QWidget, part: QWidget) -> None:
    """Let Tab go from `before` to what is in `part`, which was added to the window later."""
    for each in part.findChildren(QWidget):
        if (
            each.focusPolicy() & Qt.FocusPolicy.TabFocus
            and each.focusProxy() is None
            and each.window() is part.window()  # unlike the list of a combo box
        ):
            QWidget.setTabOrder(before, each)
            before = each


class Choice(QComboBox):
    """One of a few values; the mouse wheel changes it only while it has the focus."""

    def __init__(self, entries: Mapping[str, str], theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setProperty("mirrored", "true" if self.isRightToLeft() else "false")
        # The default delegate of a combo box ignores heights and disabled items in style sheets.
        self.setItemDelegate(QStyledItemDelegate(self))
        self.setMinimumContentsLength(8)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        for value, text in entries.items():
            self.addItem(text, value)

    def value(self) -> str:
        """Return the chosen value."""
        return str(self.currentData() or "")

    def show_value(self, value: str) -> None:
        """Choose `value` without a change signal; an unknown one is added."""
        if self.count() and self.currentData() == value:
            return  # a screen reader would be told, however often
        self.blockSignals(True)
        if self.findData(value) < 0:
            self.addItem(value, value)
        self.setCurrentIndex(self.findData(value))
        self.blockSignals(False)

    def disable_values(self, values: Container[str]) -> None:
        """Show `values` as disabled."""
        model = self.model()
        assert isinstance(model, QStandardItemModel)  # noqa: S101 - the default model
        for number in range(self.count()):
            model.item(number).setEnabled(self.itemData(number) not in values)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll the page unless this has the focus."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the arrow, which the style sheet removes."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setPen(self._theme.color("muted"))
        edge = QPoint(self.width(), self.height() // 2) + _ARROW
        if self.isRightToLeft():
            edge.setX(self.width() - edge.x() - painter.fontMetrics().horizontalAdvance("▾"))
        painter.drawText(edge, "▾")


class TextInput(QLineEdit):
    """One line of text."""

    def __init__(self, hint: str = "", *, secret: bool = False) -> None:
        super().__init__()
        self.setPlaceholderText(hint)
        if self.isRightToLeft():  # also for names and addresses, and while it is empty
            places = Qt.AlignmentFlag
            self.setAlignment(places.AlignRight | places.AlignAbsolute | places.AlignVCenter)
        if secret:
            self.setEchoMode(QLineEdit.EchoMode.Password)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Take the focus; an empty field without selecting its text.

        Qt tells screen readers of the selection before the focus. Orca 43 then says nothing at all.
        """
        super().focusInEvent(event if self.text() else QFocusEvent(event.type()))

    def value(self) -> str:
        """Return the text."""
        return self.text()

    def show_value(self, value: str) -> None:
        """Show `value` without a change signal."""
        if self.text() == value:
            return
        self.blockSignals(True)
        self.setText(value)
        self.blockSignals(False)
        self.setCursorPosition(0)


class MultilineInput(QPlainTextEdit):
    """A few lines of text. Tab moves to the next field."""

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setProperty("field", "true")  # editable, unlike a text that is only shown
        self.setFixedHeight(self.fontMetrics().lineSpacing() * _LINES + 26)

    def value(self) -> str:
        """Return the text."""
        return self.toPlainText()

    def show_value(self, value: str) -> None:
        """Show `value` without a change signal."""
        if self.toPlainText() == value:
            return
        self.blockSignals(True)
        self.setPlainText(value)
        self.blockSignals(False)


class NumberOrDefault(QWidget):
    """A custom number, or the default.

    Signals:
        changed: the user changed it.
    """

    changed = Signal()

    def __init__(
        self,
        name: str,
        theme: Theme,
        *,
        default: int,
        allowed: range,
        unit: str,
        labels: tuple[str, str],
    ) -> None:
        super().__init__()
        as_default, custom = labels
        self._choice = Choice({"": as_default, _CUSTOM: custom}, theme)
        self._number = Stepper(
            translate("{name}: {choice}", name=name, choice=custom),
            allowed=allowed,
            unit=unit,
            changed=self._on_change,
        )
        self._number.show_value(default)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(12)
        line.addWidget(self._choice, 1)
        line.addWidget(self._number)
        self._number.hide()
        self._choice.setAccessibleName(name)
        self._choice.currentIndexChanged.connect(self._on_change)
        self.setFocusProxy(self._choice)

    def value(self) -> str:
        """Return the number, or an empty text for the default."""
        return str(self._number.number.value()) if self._choice.value() else ""

    def show_value(self, value: str) -> None:
        """Show `value` without a change signal."""
        self._choice.show_value(_CUSTOM if value else "")
        if value.isascii() and value.isdigit():
            self._number.show_value(int(value))
        self._number.setVisible(bool(value))

    def _on_change(self, _changed: int) -> None:
        self._number.setVisible(bool(self._choice.value()))
        self.changed.emit()


_CUSTOM = "own"

Control = Choice | TextInput | MultilineInput | NumberOrDefault


class Field(QWidget):
    """A control with its name above, and its help or what is wrong below."""

    def __init__(
        self, name: str, control: Control, about: str = "", *, beside: QWidget | None = None
    ) -> None:
        super().__init__()
        self.control = control
        self._about = about
        self._fault = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        self.heading = label(name, "heading")
        self.heading.setBuddy(control.focusProxy() or control)
        self._note = label("", "muted")
        column.addWidget(self.heading)
        if beside is None:
            column.addWidget(control)
        else:
            add_row(column, control, beside).setStretch(0, 1)
        column.addWidget(self._note)
        control.setAccessibleName(name)
        self.setFocusProxy(control)
        self.show_fault("")

    @property
    def fault(self) -> str:
        """What is wrong with the value; empty if nothing is."""
        return self._fault

    def show_fault(self, text: str) -> None:
        """Show what is wrong, or the help if nothing is."""
        self._fault = text
        self._note.setText(text or self._about)
        self._note.setVisible(bool(text or self._about))
        set_style_property(self._note, "role", "fault" if text else "muted")
        set_style_property(self.control, "wrong", "true" if text else "false")
        spoken = translate("Invalid entry: {problem}", problem=text) if text else self._about
        focusable = self.control.focusProxy() or self.control
        show_tooltip(focusable, text or self._about)
        # Without a description, Qt takes the example. Readers skip one that is the name.
        describe(focusable, unbroken(spoken) or focusable.accessibleName())

    def set_help(self, about: str) -> None:
        """Change the help."""
        self._about = about
        self.show_fault(self._fault)

    def on_change(self, callback: Callable[[], object]) -> None:
        """Call `callback` whenever the user changes the value."""
        if isinstance(self.control, Choice):
            self.control.currentIndexChanged.connect(lambda _index: callback())
        elif isinstance(self.control, TextInput):
            self.control.textChanged.connect(lambda _text: callback())
        elif isinstance(self.control, NumberOrDefault):
            self.control.changed.connect(callback)
        else:
            self.control.textChanged.connect(callback)

"""A setting that is a number."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QSpinBox, QWidget

from desktop.ui.kit.widgets import Button, set_style_property

_STEP = 5
_WIDTH, _HEIGHT = 66, 32


class Stepper(QWidget):
    """A number between two buttons; keys, wheel and typing work too."""

    def __init__(
        self, name: str, *, allowed: range, unit: str, changed: Callable[[int], object]
    ) -> None:
        super().__init__()
        self.number = _Number()
        self.number.setAccessibleName(name)
        self.number.setRange(allowed.start, allowed.stop - 1)
        self.number.setSuffix(f" {unit}")
        self.number.valueChanged.connect(changed)
        self.setFocusProxy(self.number)
        self._less = self._button("−", "Less", -1)
        self._more = self._button("+", "More", 1)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        for widget in (self._less, _NumberFrame(self.number), self._more):
            line.addWidget(widget)

    def show_value(self, value: int) -> None:
        """Show `value` without calling it a change."""
        self.number.blockSignals(True)
        self.number.setValue(value)
        self.number.blockSignals(False)

    def _button(self, text: str, name: str, steps: int) -> Button:
        made = Button(text, lambda: self.number.stepBy(steps), "step")
        made.setAccessibleName(f"{name}: {self.number.accessibleName()}")
        made.setFixedSize(30, _HEIGHT)
        made.setAutoRepeat(True)
        # The arrow keys do the same in the number itself.
        made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return made


class _NumberFrame(QFrame):
    """The frame of a number: a style sheet that gives the number itself one takes its text away."""

    def __init__(self, number: "_Number") -> None:
        super().__init__()
        self.setProperty("field", "true")
        self.setFixedSize(_WIDTH, _HEIGHT)
        line = QHBoxLayout(self)
        line.setContentsMargins(4, 2, 4, 2)
        line.addWidget(number)
        number.focused.connect(self._show_ring)

    def _show_ring(self, focused: bool) -> None:  # noqa: FBT001 - a slot
        set_style_property(self, "ring", "true" if focused else "false")


class _Number(QSpinBox):
    """Steps to round numbers, and lets the page be scrolled while it is not in use.

    Signals:
        focused: whether the keyboard is on it.
    """

    focused = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.setFrame(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setKeyboardTracking(False)  # half a number is no change
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def stepBy(self, steps: int) -> None:
        """From 12 up to 15, from 12 down to 10."""
        value = self.value()
        base = value // _STEP if steps > 0 else -(-value // _STEP)
        self.setValue((base + steps) * _STEP)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show it."""
        super().focusInEvent(event)
        self.focused.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show that it is elsewhere."""
        super().focusOutEvent(event)
        self.focused.emit(False)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turn the number only where the keyboard is on it."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

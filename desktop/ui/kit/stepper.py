"""An input for a number."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QSpinBox, QWidget

from desktop.services.system.translation import translate
from desktop.services.wording.formats import around_count
from desktop.ui.kit.widgets import Button, set_style_property

_STEP = 5
_WIDTH, _HEIGHT = 66, 32
_BESIDE_NUMBER = 4


class Stepper(QWidget):
    """A number between two buttons; arrow keys, mouse wheel and typing work too.

    `unit` is a text to translate with `{count}` in it.
    """

    def __init__(
        self, name: str, *, allowed: range, unit: str, changed: Callable[[int], object]
    ) -> None:
        super().__init__()
        self.number = _Number()
        self.number.setAccessibleName(name)
        self.number.setRange(allowed.start, allowed.stop - 1)
        before, after = around_count(unit)
        self.number.setPrefix(before)
        self.number.setSuffix(after)
        self.number.valueChanged.connect(changed)
        self.setFocusProxy(self.number)
        self._less = self._button("−", translate("Less: {name}", name=name), -1)
        self._more = self._button("+", translate("More: {name}", name=name), 1)
        # More is on the right in every language, as on a scale.
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        for widget in (self._less, _NumberFrame(self.number), self._more):
            line.addWidget(widget)

    def show_value(self, value: int) -> None:
        """Show `value` without a change signal."""
        self.number.blockSignals(True)
        self.number.setValue(value)
        self.number.blockSignals(False)

    def _button(self, text: str, name: str, steps: int) -> Button:
        made = Button(text, lambda: self.number.stepBy(steps), "step")
        made.setAccessibleName(name)
        made.setFixedSize(30, _HEIGHT)
        made.setAutoRepeat(True)
        # In the number the arrow keys do the same.
        made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return made


class _NumberFrame(QFrame):
    """The frame of a number, because a style sheet with a border hides the text of a spin box."""

    def __init__(self, number: "_Number") -> None:
        super().__init__()
        self.setProperty("field", "true")
        self.setFixedHeight(_HEIGHT)
        self.setMinimumWidth(max(_WIDTH, number.sizeHint().width() + 2 * _BESIDE_NUMBER))
        line = QHBoxLayout(self)
        line.setContentsMargins(_BESIDE_NUMBER, 2, _BESIDE_NUMBER, 2)
        line.addWidget(number)
        number.focused.connect(self._show_ring)

    def _show_ring(self, focused: bool) -> None:  # noqa: FBT001 - a slot
        set_style_property(self, "ring", "true" if focused else "false")


class _Number(QSpinBox):
    """Steps to round numbers, and ignores the mouse wheel without the focus.

    Signals:
        focused: whether it has the focus.
    """

    focused = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.setFrame(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setKeyboardTracking(False)  # a half typed number is not a change
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def stepBy(self, steps: int) -> None:
        """Step from 12 up to 15, or down to 10."""
        value = self.value()
        base = value // _STEP if steps > 0 else -(-value // _STEP)
        self.setValue((base + steps) * _STEP)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focus ring."""
        super().focusInEvent(event)
        self.focused.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide the focus ring."""
        super().focusOutEvent(event)
        self.focused.emit(False)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Change the number only with the focus."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

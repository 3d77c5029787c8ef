"""An input that is on or off."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRectF, QSize
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox

from desktop.ui.kit.theme import Theme
from desktop.ui.kit.widgets import has_focus_ring, update_focus_ring

_SIZE = QSize(46, 28)
_TRACK = QRectF(3, 3, 40, 22)
_KNOB = 14.0  # diameter


class Switch(QCheckBox):
    """A check box whose states differ in position and fill, not only in color."""

    def __init__(self, name: str, theme: Theme, *, switched: Callable[[bool], object]) -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName(name)
        self.setFixedSize(_SIZE)
        self._switched = switched
        self.clicked.connect(self._on_clicked)

    def hitButton(self, pos: QPoint) -> bool:
        """Accept clicks on the whole switch."""
        return self.rect().contains(pos)

    def _on_clicked(self, checked: bool) -> None:  # noqa: FBT001 - as Qt emits it
        # A method, because Qt cannot tell how many arguments a partial takes.
        self._switched(checked)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focus ring only if the keyboard is used."""
        super().focusInEvent(event)
        update_focus_ring(self, event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide the focus ring, unless the whole window loses the focus."""
        super().focusOutEvent(event)
        update_focus_ring(self, event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the track and the knob."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.isRightToLeft():
            painter.translate(self.width(), 0)
            painter.scale(-1, 1)
        color = self._theme.color
        if has_focus_ring(self):
            painter.setPen(QPen(color("focus"), 2))
            painter.drawRoundedRect(_TRACK.adjusted(-2, -2, 2, 2), 13, 13)
        if not self.isEnabled():
            painter.setOpacity(0.45)
        outline = "primary" if self.isChecked() else "muted"
        painter.setPen(QPen(color(outline), 1.5))
        painter.setBrush(color("primary" if self.isChecked() else "card"))
        painter.drawRoundedRect(_TRACK.adjusted(1, 1, -1, -1), 10, 10)
        knob = QRectF(0, 0, _KNOB, _KNOB)
        end = _TRACK.right() - 11 if self.isChecked() else _TRACK.left() + 11
        knob.moveCenter(QRectF(end, _TRACK.center().y(), 0, 0).topLeft())
        painter.setPen(QPen(color("on_primary" if self.isChecked() else "muted"), 0))
        painter.setBrush(color("on_primary" if self.isChecked() else "muted"))
        painter.drawEllipse(knob)

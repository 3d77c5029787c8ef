"""A closed padlock, painted in one color."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from PySide6.QtGui import QColor, QPaintEvent

    from desktop.ui.kit.theme import Theme

_CANVAS = 16.0  # the shape is drawn on 16 by 16 units
_SIZE = QSize(44, 44)


def paint_padlock(painter: QPainter, color: QColor) -> None:
    """Paint it on 16 by 16 units."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    pen = QPen(color, 1.7)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)
    # The shackle: half a circle and two posts. Qt counts in sixteenths of a degree.
    painter.drawArc(QRectF(5, 2.2, 6, 6), 0, 180 * 16)
    for x in (5.0, 11.0):
        painter.drawLine(QRectF(x, 5.1, 0, 0).topLeft(), QRectF(x, 7.6, 0, 0).topLeft())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawRoundedRect(QRectF(3, 7.2, 10, 7), 1.4, 1.4)


class Padlock(QWidget):
    """The padlock in the color of secondary text; decoration, so screen readers skip it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setFixedSize(_SIZE)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(self.width() / _CANVAS, self.height() / _CANVAS)
        paint_padlock(painter, self._theme.color("muted"))
        painter.end()

"""The icon in the tray: a shape and a color for the state, an arc for the time that is left.

The shapes differ, because some trays show no colors. The colors have a medium brightness, to be
visible on light and dark panels.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap

from desktop.ui.kit.padlock import paint_padlock
from desktop.ui.wording.tray_texts import ARC_STEPS, IconShape
from desktop.ui.wording.window_texts import ENDING_SHARE

SIZES = (16, 20, 22, 24, 32, 44, 48, 64)  # pixels: common sizes at common scales

COLORS = {
    IconShape.SIGNED_OUT: "#828b98",
    IconShape.WAITING: "#3d84f5",
    IconShape.SIGNED_IN: "#159a56",
    IconShape.TROUBLE: "#e0483e",
    IconShape.COPIED: "#159a56",
    IconShape.LOCKED: "#828b98",
}
ENDING_COLOR = "#c9780f"

_CANVAS = 16.0  # the shapes are drawn on 16 by 16 units
_MIDDLE = QPointF(8, 8)
_ARC = QRectF(1, 1, 14, 14)
_ARC_STROKE = 1.7


def tray_icon(shape: IconShape, steps: int) -> QIcon:
    """Make the icon of `shape` in every size, with `steps` of `ARC_STEPS` of the time left."""
    icon = QIcon()
    for size in SIZES:
        icon.addPixmap(_pixmap(size, shape, steps))
    return icon


def _pixmap(size: int, shape: IconShape, steps: int) -> QPixmap:
    pixmap = QPixmap(size, size)
    pixmap.fill(QColor(0, 0, 0, 0))
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(size / _CANVAS, size / _CANVAS)
    color = QColor(COLORS[shape])
    _PAINTERS[shape](painter, color)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
    if steps:
        _paint_arc(painter, steps / ARC_STEPS, color)
    painter.end()
    return pixmap


def _paint_arc(painter: QPainter, share: float, color: QColor) -> None:
    shown = QColor(ENDING_COLOR) if share < ENDING_SHARE else color
    painter.setBrush(Qt.BrushStyle.NoBrush)
    pen = QPen(shown, _ARC_STROKE)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)
    # In sixteenths of a degree, counterclockwise from the top.
    painter.drawArc(_ARC, 90 * 16, round(share * 360 * 16))


def _paint_signed_out(painter: QPainter, color: QColor) -> None:
    """Paint the outline of a key."""
    painter.setPen(_pen(color, 1.6))
    painter.drawEllipse(QPointF(5.2, 8), 3.2, 3.2)
    painter.drawLine(QPointF(8.4, 8), QPointF(14.2, 8))
    painter.drawLine(QPointF(13.4, 8), QPointF(13.4, 10.8))
    painter.drawLine(QPointF(10.8, 8), QPointF(10.8, 10))


def _paint_waiting(painter: QPainter, color: QColor) -> None:
    """Paint an hourglass."""
    glass = QPainterPath(QPointF(5.2, 4.2))
    glass.lineTo(10.8, 4.2)
    glass.lineTo(8, 8)
    glass.lineTo(10.8, 11.8)
    glass.lineTo(5.2, 11.8)
    glass.lineTo(8, 8)
    glass.closeSubpath()
    painter.setPen(_pen(color, 1.2))
    painter.setBrush(color)
    painter.drawPath(glass)


def _paint_signed_in(painter: QPainter, color: QColor) -> None:
    """Paint a filled disc with a key cut out of it."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawEllipse(_MIDDLE, 5.4, 5.4)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    _cut(painter, 1.2)
    painter.drawEllipse(QPointF(6.1, 8), 1.6, 1.6)
    painter.drawLine(QPointF(7.8, 8), QPointF(11.2, 8))
    painter.drawLine(QPointF(10.8, 8), QPointF(10.8, 9.6))


def _paint_trouble(painter: QPainter, color: QColor) -> None:
    """Paint a triangle with an exclamation mark cut out of it."""
    triangle = QPainterPath(QPointF(8, 2))
    triangle.lineTo(14.4, 13.4)
    triangle.lineTo(1.6, 13.4)
    triangle.closeSubpath()
    painter.setPen(_pen(color, 1.6))
    painter.setBrush(color)
    painter.drawPath(triangle)
    _cut(painter, 1.6)
    painter.drawLine(QPointF(8, 6.2), QPointF(8, 9.2))
    painter.drawPoint(QPointF(8, 11.9))


def _paint_copied(painter: QPainter, color: QColor) -> None:
    """Paint a check mark."""
    check = QPainterPath(QPointF(2.4, 8.6))
    check.lineTo(6.4, 12.6)
    check.lineTo(13.6, 4)
    painter.setPen(_pen(color, 2.8))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(check)


def _cut(painter: QPainter, width: float) -> None:
    """Cut what is drawn next out of the icon, so that it is visible without colors."""
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Clear)
    painter.setPen(_pen(QColor(), width))


def _pen(color: QColor, width: float) -> QPen:
    pen = QPen(color, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen


_PAINTERS: dict[IconShape, Callable[[QPainter, QColor], None]] = {
    IconShape.SIGNED_OUT: _paint_signed_out,
    IconShape.WAITING: _paint_waiting,
    IconShape.SIGNED_IN: _paint_signed_in,
    IconShape.TROUBLE: _paint_trouble,
    IconShape.COPIED: _paint_copied,
    IconShape.LOCKED: paint_padlock,
}

"""Texts in a window that is mirrored, for a language that is written from right to left."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QPainter, QTextLayout, QTextOption
from PySide6.QtWidgets import QStyle

if TYPE_CHECKING:
    from desktop.ui.kit.widgets import Label

_ISOLATE = "\N{FIRST STRONG ISOLATE}"
_ACROSS = {Qt.AlignmentFlag.AlignRight: 1, Qt.AlignmentFlag.AlignHCenter: 0.5}
_VERTICAL = {Qt.AlignmentFlag.AlignBottom: 1, Qt.AlignmentFlag.AlignVCenter: 0.5}
_LINE_SEPARATOR = "\u2028"  # what Qt breaks a line at


def text_direction(text: str) -> Qt.LayoutDirection:
    """Return the direction of `text`: names, addresses and codes keep theirs.

    Qt goes by the first letter, so "Cisco XDR" would turn the words after it around.
    """
    is_sentence = _ISOLATE in text or any(map(_is_right_to_left, text))
    directions = Qt.LayoutDirection
    return directions.RightToLeft if is_sentence else directions.LeftToRight


def is_selectable(label: Label) -> bool:
    """Whether the mouse can select the text of `label`; Qt paints that in another way."""
    return bool(label.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse)


def paint_text(label: Label) -> None:
    """Paint the frame and the text of `label`, both on the side where lines begin.

    WORKAROUND: Qt 6.11 moves every line from right to left that is wrapped to the left, by the
    width of the space at its end (`QTextEngine::leadingSpaceWidth`).
    """
    painter = QPainter(label)
    label.drawFrame(painter)
    painter.setPen(label.palette().color(label.foregroundRole()))
    alignment = QStyle.visualAlignment(label.layoutDirection(), label.alignment())
    room = _room(label, alignment)
    layout, height = _laid_out(label, room.width())
    top = room.y() + (room.height() - height) * _share_before(alignment, _VERTICAL)
    for number in range(layout.lineCount()):
        line = layout.lineAt(number)
        beside = room.width() - line.horizontalAdvance()
        line.draw(painter, QPointF(room.x() + beside * _share_before(alignment, _ACROSS), top))
    painter.end()


def _share_before(alignment: Qt.AlignmentFlag, shares: dict[Qt.AlignmentFlag, float]) -> float:
    """Return which share of the room that a text leaves is on the left of it, or above."""
    return next((share for flag, share in shares.items() if alignment & flag), 0)


def _is_right_to_left(letter: str) -> bool:
    return "\u0590" <= letter <= "\u08ff" or "\ufb1d" <= letter <= "\ufefc"


def _room(label: Label, alignment: Qt.AlignmentFlag) -> QRect:
    """Return where the text goes; Qt indents it within a frame."""
    room = label.contentsRect()
    indent = label.fontMetrics().horizontalAdvance("x") // 2 if label.frameWidth() else 0
    if alignment & Qt.AlignmentFlag.AlignLeft:
        room.setLeft(room.left() + indent)
    elif alignment & Qt.AlignmentFlag.AlignRight:
        room.setRight(room.right() - indent)
    return room


def _laid_out(label: Label, width: int) -> tuple[QTextLayout, float]:
    """Break the text of `label` into lines, as Qt does, and return them with their height."""
    text = label.text().replace("\n", _LINE_SEPARATOR)
    modes, option = QTextOption.WrapMode, QTextOption()
    option.setWrapMode(modes.WordWrap if label.wordWrap() else modes.ManualWrap)
    option.setTextDirection(text_direction(text))
    layout = QTextLayout(text, label.font(), label)
    layout.setTextOption(option)
    leading = label.fontMetrics().leading()
    height = float(-leading)
    layout.beginLayout()
    while (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        height = ceil(height + leading)
        line.setPosition(QPointF(0, height))
        height += line.height()
    layout.endLayout()
    return layout, height

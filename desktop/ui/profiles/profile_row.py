"""A row of the list of profiles: badge, name, place and state."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from desktop.ui.kit.profile_badge import paint_badge

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import QModelIndex, QPersistentModelIndex

    from desktop.services.session.sessions import ProfileStatus
    from desktop.ui.kit.theme import Theme

_BADGE = 28  # logical pixels, as all that follow
_AROUND, _BETWEEN, _LINES_APART, _CORNER = 10, 10, 2, 8
_LARGEST_SHARE = 0.7  # of the width, for the state: the place needs the rest
_COLORS = {"good": "good_text", "bad": "bad_text", "busy": "link"}  # by kind of the state


@dataclass(frozen=True, slots=True)
class Row:
    """What a row says; a heading has a title only."""

    title: str
    place: str = ""
    state: str = ""
    kind: str = ""
    status: ProfileStatus | None = None


class ProfileRow(QStyledItemDelegate):
    """Draws the rows in sight."""

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(
        self, option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(0, row_height(option.fontMetrics))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        row: Row = index.data(Qt.ItemDataRole.UserRole)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if row.status is None:
            self._paint_heading(painter, option.rect, option.font, row.title)
        else:
            self._paint_background(painter, option)
            # As from left to right, and then mirrored where the texts are from right to left.
            mirrored = partial(QStyle.visualRect, option.direction, option.rect)
            inner = option.rect.adjusted(_AROUND, _AROUND, -_AROUND, -_AROUND)
            badge = QRect(inner.left(), inner.center().y() - _BADGE // 2, _BADGE, _BADGE)
            paint_badge(painter, QRectF(mirrored(badge)), row.status.profile)
            inner.setLeft(inner.left() + _BADGE + _BETWEEN)
            self._paint_text(painter, inner, option.font, row, mirrored)
        painter.restore()

    def _paint_heading(self, painter: QPainter, rect: QRect, font: QFont, text: str) -> None:
        painter.setPen(self._theme.color("muted"))
        painter.setFont(_bold(font))
        room = rect.adjusted(_AROUND, 0, -_AROUND, -_AROUND // 2)
        painter.drawText(room, Qt.AlignmentFlag.AlignBottom, text)

    def _paint_background(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        state = option.state
        is_current = bool(state & QStyle.StateFlag.State_Selected)
        if is_current or state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(self._theme.color("fill"))
            painter.setPen(QPen(self._theme.color("focus"), 2) if is_current else Qt.PenStyle.NoPen)
            painter.drawRoundedRect(QRectF(option.rect).adjusted(1, 1, -1, -1), _CORNER, _CORNER)

    def _paint_text(
        self,
        painter: QPainter,
        room: QRect,
        font: QFont,
        row: Row,
        mirrored: Callable[[QRect], QRect],
    ) -> None:
        """Paint the name and, below it, the place and the state."""
        top, bottom = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignBottom
        self._paint_line(painter, mirrored(room), _bold(font), "text", row.title, top)
        below, metrics = QRect(room), QFontMetrics(font)
        width = metrics.horizontalAdvance(row.state)
        below.setLeft(room.right() - min(width, int(_LARGEST_SHARE * room.width())))
        color = _COLORS.get(row.kind, "muted")
        self._paint_line(painter, mirrored(below), font, color, row.state, bottom)
        below = QRect(room.topLeft(), below.bottomLeft())
        below.setRight(below.right() - _BETWEEN)
        self._paint_line(painter, mirrored(below), font, "muted", row.place, bottom)

    def _paint_line(
        self,
        painter: QPainter,
        room: QRect,
        font: QFont,
        color: str,
        text: str,
        where: Qt.AlignmentFlag,
    ) -> None:
        painter.setFont(font)
        painter.setPen(self._theme.color(color))
        # A name in the middle: the ends of similar names tell them apart.
        modes = Qt.TextElideMode
        elide = modes.ElideMiddle if where == Qt.AlignmentFlag.AlignTop else modes.ElideRight
        painter.drawText(room, where, QFontMetrics(font).elidedText(text, elide, room.width()))


def row_height(metrics: QFontMetrics) -> int:
    return 2 * metrics.height() + _LINES_APART + 2 * _AROUND


def _bold(font: QFont) -> QFont:
    made = QFont(font)
    made.setWeight(QFont.Weight.DemiBold)
    return made

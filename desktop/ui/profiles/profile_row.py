"""A row of the list of profiles: badge, name and place, and the state at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from desktop.frozen import frozen
from desktop.ui.kit.profile_badge import paint_badge

if TYPE_CHECKING:
    from PySide6.QtCore import QModelIndex, QPersistentModelIndex

    from desktop.services.session.sessions import ProfileStatus
    from desktop.ui.kit.theme import Theme

_BADGE = 28  # logical pixels, as all that follow
_AROUND, _BETWEEN, _LINES_APART, _CORNER = 10, 10, 2, 8
_LARGEST_SHARE = 0.5  # of the width, for the state: name and place need the rest
_COLORS = {"good": "good_text", "bad": "bad_text", "busy": "link"}  # by kind of the state


@frozen
class Row:
    """What a row says; a heading has a title only."""

    title: str
    place: str = ""
    state: str = ""
    kind: str = ""
    status: ProfileStatus | None = None
    is_current: bool = False  # the profile in the window


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
            self._paint_background(painter, option, row)
            direction = option.direction
            inner = option.rect.adjusted(_AROUND, _AROUND, -_AROUND, -_AROUND)
            badge = QRect(inner.left(), inner.center().y() - _BADGE // 2, _BADGE, _BADGE)
            paint_badge(
                painter, QRectF(QStyle.visualRect(direction, inner, badge)), row.status.profile
            )
            beside = inner.adjusted(_BADGE + _BETWEEN, 0, 0, 0)
            self._paint_text(painter, QStyle.visualRect(direction, inner, beside), option, row)
        painter.restore()

    def _paint_heading(self, painter: QPainter, rect: QRect, font: QFont, text: str) -> None:
        painter.setPen(self._theme.color("muted"))
        painter.setFont(_bold(font))
        room = rect.adjusted(_AROUND, 0, -_AROUND, -_AROUND // 2)
        painter.drawText(room, Qt.AlignmentFlag.AlignBottom, text)

    def _paint_background(self, painter: QPainter, option: QStyleOptionViewItem, row: Row) -> None:
        """Fill the profile in the window and the one below the mouse; ring that of the keyboard."""
        state = option.state
        is_chosen = bool(state & QStyle.StateFlag.State_Selected)
        is_filled = row.is_current or bool(state & QStyle.StateFlag.State_MouseOver)
        if is_chosen or is_filled:
            painter.setBrush(self._theme.color("fill") if is_filled else Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._theme.color("focus"), 2) if is_chosen else Qt.PenStyle.NoPen)
            painter.drawRoundedRect(QRectF(option.rect).adjusted(1, 1, -1, -1), _CORNER, _CORNER)

    def _paint_text(
        self, painter: QPainter, room: QRect, option: QStyleOptionViewItem, row: Row
    ) -> None:
        """Paint the name, the place below it, and beside both the state."""
        font, direction = option.font, option.direction
        width = min(
            QFontMetrics(font).horizontalAdvance(row.state) + 1, int(_LARGEST_SHARE * room.width())
        )
        names = room.adjusted(0, 0, -width - _BETWEEN, 0)
        state = QRect(room.right() - width + 1, room.top(), width, room.height())
        names, state = (QStyle.visualRect(direction, room, each) for each in (names, state))
        alignments = Qt.AlignmentFlag
        leading = QStyle.visualAlignment(direction, alignments.AlignLeft)
        trailing = QStyle.visualAlignment(direction, alignments.AlignRight)
        color = _COLORS.get(row.kind, "muted")
        self._paint_line(
            painter, names, _bold(font), "text", row.title, leading | alignments.AlignTop
        )
        self._paint_line(painter, names, font, "muted", row.place, leading | alignments.AlignBottom)
        self._paint_line(painter, state, font, color, row.state, trailing | alignments.AlignVCenter)

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
        # In the middle: the ends of similar names tell them apart.
        elide = Qt.TextElideMode.ElideMiddle
        painter.drawText(room, where, QFontMetrics(font).elidedText(text, elide, room.width()))


def row_height(metrics: QFontMetrics) -> int:
    return 2 * metrics.height() + _LINES_APART + 2 * _AROUND


def _bold(font: QFont) -> QFont:
    made = QFont(font)
    made.setWeight(QFont.Weight.DemiBold)
    return made

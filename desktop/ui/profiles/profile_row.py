"""A row of the list of profiles: badge, name and place, and the state at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from desktop.frozen import frozen
from desktop.ui.kit.mirrored_text import text_direction
from desktop.ui.kit.profile_badge import paint_badge

if TYPE_CHECKING:
    from PySide6.QtCore import QModelIndex, QPersistentModelIndex

    from desktop.services.session.sessions import ProfileStatus
    from desktop.ui.kit.theme import Theme

_BADGE = 28  # logical pixels, as all that follow
_AROUND, _BETWEEN, _LINES_APART, _CORNER = 10, 10, 2, 8
_LARGEST_SHARE = 0.5  # of the width, for the state beside the name
_NARROW = 21  # lines of text, the width below which the name has its line for itself
_SHORTEST_PLACE = 4  # lines of text
_MIDDLE = Qt.TextElideMode.ElideMiddle  # the ends of similar names tell them apart
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
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Give a heading, which is the only row that nobody can choose, half the height."""
        height = row_height(option.fontMetrics)
        is_heading = index.flags() == Qt.ItemFlag.NoItemFlags
        return QSize(0, height // 2 if is_heading else height)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        row: Row = index.data(Qt.ItemDataRole.UserRole)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(option.rect)  # accents upon accents would reach other rows
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
        """Paint the name, the place below it, and at the end of both the state, never cut.

        Where that leaves too little for the name, the state is at the end of a name that is short
        enough, else of the place.
        """
        font, bold = option.font, _bold(option.font)
        width = min(QFontMetrics(font).horizontalAdvance(row.state) + 1, room.width())
        beside = room.adjusted(0, 0, -width - _BETWEEN, 0)
        names, lower = beside, beside
        lines = Qt.AlignmentFlag
        line = lines.AlignVCenter
        if width > _LARGEST_SHARE * room.width() or _is_narrow(option):
            is_beside_name = QFontMetrics(bold).horizontalAdvance(row.title) <= beside.width()
            line = lines.AlignTop if is_beside_name else lines.AlignBottom
            names, lower = (beside, room) if is_beside_name else (room, beside)
        if lower.width() <= _SHORTEST_PLACE * option.fontMetrics.height():
            lower = QRect()
        color = _COLORS.get(row.kind, "muted")
        for text, where, look, paint, alignment, elide in (
            (row.title, names, bold, "text", lines.AlignTop, _MIDDLE),
            (row.place, lower, font, "muted", lines.AlignBottom, _where_to_elide_place(row)),
            (row.state, room, font, color, line | lines.AlignRight, _MIDDLE),
        ):
            painter.setFont(look)
            painter.setPen(self._theme.color(paint))
            shown = painter.fontMetrics().elidedText(text, elide, where.width())
            _paint_line(painter, room, where, option.direction, shown, alignment)


def _paint_line(
    painter: QPainter,
    room: QRect,
    where: QRect,
    direction: Qt.LayoutDirection,
    text: str,
    alignment: Qt.AlignmentFlag,
) -> None:
    if where.isEmpty():
        return
    painter.setLayoutDirection(
        text_direction(text) if direction == Qt.LayoutDirection.RightToLeft else direction
    )
    absolute = QStyle.visualAlignment(direction, alignment) | Qt.AlignmentFlag.AlignAbsolute
    painter.drawText(QStyle.visualRect(direction, room, where), absolute, text)


def _where_to_elide_place(row: Row) -> Qt.TextElideMode:
    """At the end, unless a host is there: only its end tells it from a lookalike."""
    profile = row.status.profile if row.status is not None else None
    names_server = profile is None or profile.names_own_server or not profile.provider
    return _MIDDLE if names_server else Qt.TextElideMode.ElideRight


def _is_narrow(option: QStyleOptionViewItem) -> bool:
    return option.rect.width() < _NARROW * option.fontMetrics.height()


def row_height(metrics: QFontMetrics) -> int:
    return 2 * metrics.height() + _LINES_APART + 2 * _AROUND


def _bold(font: QFont) -> QFont:
    made = QFont(font)
    made.setWeight(QFont.Weight.DemiBold)
    return made

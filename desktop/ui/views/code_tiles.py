"""The user code as tiles, grouped as the server sent it (RFC 8628 section 6.1)."""

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import (
    QFont,
    QFontDatabase,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QLabel, QSizePolicy

from desktop.services.system.translation import translate
from desktop.services.wording.spoken import spoken_code
from desktop.ui.kit.theme import Theme

_GAP = 4.0
_WIDEST, _NARROWEST = 44.0, 22.0
_SEPARATOR = 0.45  # width of a dash or space, in tiles
_SEPARATORS = "- ._"
_ALIGN_CENTER = 0x84  # of `Qt.AlignmentFlag`, see docs/decisions/start.md


class CodeTiles(QLabel):
    """Letters and digits on tiles, separators between them; wraps if a code is very long.

    A label, because screen readers skip plain widgets.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._code = ""
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setProperty("focusPolicy", "TabFocus")

    def set_code(self, code: str) -> None:
        """Show `code`; a screen reader spells it out."""
        if code != self._code:
            self._code = code
            self.setAccessibleName(translate("Code: {code}", code=spoken_code(code)))
            self.updateGeometry()
            self.update()

    def hasHeightForWidth(self) -> bool:
        """Narrow windows make smaller tiles, then more lines."""
        return True

    def heightForWidth(self, width: int) -> int:
        tile = self._tile_width(width)
        lines = len(self._lines(width, tile))
        return round(lines * (tile * 1.32 + 2 * _GAP))

    def sizeHint(self) -> QSize:
        return QSize(360, self.heightForWidth(360))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the height that the width needs: a layout within a layout asks for less."""
        super().resizeEvent(event)
        self.setMinimumHeight(self.heightForWidth(event.size().width()))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tile = self._tile_width(self.width())
        painter.setFont(self._font(tile))
        height = tile * 1.32
        for number, line in enumerate(self._lines(self.width(), tile)):
            x = (self.width() - _line_width(line, tile)) / 2
            y = number * (height + 2 * _GAP) + _GAP
            for character in line:
                box = QRectF(x, y, _width(character, tile), height)
                self._paint_character(painter, character, box)
                x += box.width() + _GAP
        if self.hasFocus():
            outline = QPainterPath()
            outline.addRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
            painter.strokePath(outline, QPen(self._theme.color("focus"), 1.0))

    def _paint_character(self, painter: QPainter, character: str, box: QRectF) -> None:
        shape = QPainterPath()
        if character == " ":
            return
        if character in _SEPARATORS:
            dash = QRectF(0, 0, box.width() * 0.75, 2.4)
            dash.moveCenter(box.center())
            shape.addRoundedRect(dash, 1.2, 1.2)
            painter.fillPath(shape, self._theme.brush("muted"))
            return
        shape.addRoundedRect(box, 7, 7)
        painter.fillPath(shape, self._theme.brush("fill"))
        # The pen of a label has the color of its text; `setPen` would load `Qt` too early, see
        # docs/decisions/start.md.
        painter.drawText(box, _ALIGN_CENTER, character)

    def _font(self, tile: float) -> QFont:
        # A fixed-width font distinguishes 0 from O and 1 from I.
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(max(12, round(tile * 0.72)))
        return font

    def _tile_width(self, width: int) -> float:
        units = sum(_width(character, 1.0) for character in self._code) or 1.0
        fitting = (width - _GAP * max(0, len(self._code) - 1)) / units
        return max(_NARROWEST, min(_WIDEST, fitting))

    def _lines(self, width: int, tile: float) -> list[str]:
        lines = [""]
        for character in self._code:
            if lines[-1] and _line_width(lines[-1] + character, tile) > width + 0.5:
                lines[-1:] = _broken(lines[-1])
            lines[-1] += character
        return lines


def _broken(line: str) -> tuple[str, str]:
    """Break `line` after its last separator, or at its end if it has none."""
    after = max((at + 1 for at, each in enumerate(line) if each in _SEPARATORS), default=len(line))
    return line[:after], line[after:]


def _width(character: str, tile: float) -> float:
    return tile * (_SEPARATOR if character in _SEPARATORS else 1.0)


def _line_width(line: str, tile: float) -> float:
    return sum(_width(character, tile) for character in line) + _GAP * max(0, len(line) - 1)

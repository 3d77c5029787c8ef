"""The badge that identifies a profile: a letter on a color."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPixmap

if TYPE_CHECKING:
    from desktop.services.model.profile import Profile

# White on each has a contrast of 4.5:1 or better; the names are those of `profiles.COLORS`.
COLORS = {
    "blue": "#0b5fff",
    "teal": "#0b7a75",
    "green": "#12793f",
    "amber": "#8a5a00",
    "orange": "#b3480a",
    "red": "#c62828",
    "pink": "#b8256f",
    "purple": "#7a3fc4",
    "grey": "#565f6d",
}
_SIZES = (16, 20, 22, 24, 28, 32, 44, 56, 64)  # pixels: common sizes at common scales
_CORNER = 0.24  # of the size
_DARK_TEXT, _LIGHT_TEXT = "#10151d", "#ffffff"


def letter_of(profile: Profile) -> str:
    """Return the letter of `profile`: its own, or the first of its name."""
    first = next((each for each in profile.name if each.isalnum()), "?")
    return profile.letter or first.upper()


def color_of(profile: Profile) -> str:
    """Return the color of `profile`: its own, or one derived from its id."""
    if profile.color:
        return COLORS.get(profile.color, profile.color)
    names = list(COLORS)
    return COLORS[names[zlib.crc32(profile.id.encode()) % len(names)]]


def text_color(background: str) -> str:
    """Return light or dark, whichever has more contrast on `background`."""
    return max((_LIGHT_TEXT, _DARK_TEXT), key=lambda text: contrast(text, background))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colors, from 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def badge_icon(profile: Profile) -> QIcon:
    """Make the badge of `profile`, in every size."""
    icon = QIcon()
    for size in _SIZES:
        icon.addPixmap(_pixmap(profile, size))
    return icon


def paint_badge(painter: QPainter, box: QRectF, profile: Profile) -> None:
    """Paint the badge of `profile` into the square `box`."""
    from PySide6.QtCore import Qt  # late, see docs/decisions/start.md

    color, letter, size = color_of(profile), letter_of(profile), box.width()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(color))
    painter.drawRoundedRect(box, size * _CORNER, size * _CORNER)
    font = QFont(painter.font())
    font.setPixelSize(round(size * (0.58 if len(letter) == 1 else 0.44)))
    font.setWeight(QFont.Weight.DemiBold)
    painter.setFont(font)
    painter.setPen(QColor(text_color(color)))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, letter)


def _pixmap(profile: Profile, size: int) -> QPixmap:
    pixmap = QPixmap(size, size)
    pixmap.fill(QColor(0, 0, 0, 0))
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint_badge(painter, QRectF(0, 0, size, size), profile)
    painter.end()
    return pixmap


def _luminance(color: str) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    shown = QColor(color)
    red, green, blue = (linear(each) for each in (shown.redF(), shown.greenF(), shown.blueF()))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

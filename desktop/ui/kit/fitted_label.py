"""A label for names and hosts that is never too wide, however long a word is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.ui.kit.widgets import Label
from desktop.ui.kit.word_breaks import unbroken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtCore import QEvent, QSize
    from PySide6.QtGui import QFont, QResizeEvent

_BREAK = "\N{ZERO WIDTH SPACE}"


class FittedLabel(Label):
    """Breaks long words at the end of the line, and elides text after `most` lines.

    The whole text is in the tooltip, and is what a screen reader reads.
    """

    def __init__(self, role: str, *, most: int | None = None, centered: bool = False) -> None:
        super().__init__()
        self._whole = ""
        self._most = most
        self.setProperty("textFormat", "PlainText")
        self.setWordWrap(True)
        self.setProperty("role", role)
        if centered:
            self.setProperty("alignment", "AlignCenter")

    def setText(self, text: str) -> None:
        """Show `text`, or as much of it as fits."""
        self._whole = text
        self._fit()

    def minimumSizeHint(self) -> QSize:
        """Let no word make the window wider."""
        hint = super().minimumSizeHint()
        hint.setWidth(0)
        return hint

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the text to the new width."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Fit the text to the new font."""
        super().changeEvent(event)
        self._fit()  # for every event: its type would build an enumeration

    def _fit(self) -> None:
        shown = fitted(self._whole, self.font(), self.contentsRect().width(), most=self._most)
        super(Label, self).setText(shown)
        plain = unbroken(self._whole)
        self.setAccessibleName("" if shown == plain else plain)
        is_cut = shown.replace(_BREAK, "") != self._whole
        self.setToolTip(_as_markup(self._whole) if is_cut else "")


def fitted(text: str, font: QFont, width: int, *, most: int | None = None) -> str:
    """Break words of `text` that are wider than `width`, and elide it after `most` lines."""
    from PySide6.QtGui import QFontMetrics

    metrics = QFontMetrics(font)
    if width <= 0 or metrics.horizontalAdvance(text) <= width:
        return text
    lines = list(_lines(text, font, width))
    if most is not None and len(lines) > most:
        from PySide6.QtCore import Qt

        rest = "".join(lines[most - 1 :])
        lines[most - 1 :] = [metrics.elidedText(rest, Qt.TextElideMode.ElideRight, width)]
    ends = (line if line[-1:].isspace() else f"{line}{_BREAK}" for line in lines[:-1])
    return "".join((*ends, lines[-1]))


def _lines(text: str, font: QFont, width: int) -> Iterator[str]:
    from PySide6.QtGui import QTextLayout, QTextOption

    units = text.encode("utf-16-le")  # what Qt counts
    layout, option = QTextLayout(text, font), QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    while (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        first, end = line.textStart(), line.textStart() + line.textLength()
        yield units[2 * first : 2 * end].decode("utf-16-le")
    layout.endLayout()


def _as_markup(text: str) -> str:
    """Turn `text` into markup, because Qt guesses whether a tooltip is markup."""
    from html import escape

    return f"<span>{escape(text)}</span>"

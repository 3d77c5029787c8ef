"""Labels for names and hosts that are never too wide, however long a word is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.ui.kit.reader_roles import read_as
from desktop.ui.kit.widgets import Label, show_tooltip
from desktop.ui.kit.word_breaks import unbroken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtCore import QEvent, QSize
    from PySide6.QtGui import QFont, QResizeEvent

_BREAK = "\N{ZERO WIDTH SPACE}"


class FittedLabel(Label):
    """Breaks long words at the end of the line.

    The text without these breaks is what a screen reader reads, unless the label gets a name.
    """

    _fitted_name = ""

    def __init__(self, role: str, *, centered: bool = False) -> None:
        super().__init__()
        if role == "title":
            read_as(self, "Heading")
        self._whole = ""
        self.setProperty("textFormat", "PlainText")
        self.setWordWrap(True)
        self.setProperty("role", role)
        if centered:
            self.setProperty("alignment", "AlignCenter")

    def setText(self, text: str) -> None:
        """Show `text`, or as much of it as fits."""
        if text != self._whole:
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
        width = self.contentsRect().width()
        shown = self._fitted(width) if width > 0 else self._whole
        super(Label, self).setText(shown)
        plain = unbroken(self._whole)
        if self.accessibleName() == self._fitted_name:
            self._fitted_name = "" if shown == plain else plain
            self.setAccessibleName(self._fitted_name)
        is_cut = shown.replace(_BREAK, "") != self._whole
        show_tooltip(self, self._whole if is_cut else "")

    def _fitted(self, width: int) -> str:
        return fitted(self._whole, self.font(), width)


class ElidedLabel(FittedLabel):
    """Shows one line, and elides what is longer; the whole text is in the tooltip.

    With `keeps_end` the start is elided: the end of a host tells it from a lookalike.
    """

    def __init__(self, role: str, *, keeps_end: bool = False) -> None:
        super().__init__(role)
        self._keeps_end = keeps_end
        self.setWordWrap(False)

    def sizeHint(self) -> QSize:
        """Ask for the room of the whole text, also while less of it is shown."""
        hint = super().sizeHint()
        hint.setWidth(self.fontMetrics().horizontalAdvance(self._whole) + 1)
        return hint

    def _fitted(self, width: int) -> str:
        from PySide6.QtGui import QFontMetrics

        # Not with `elidedText`, which would need `Qt` before the first code, see
        # docs/decisions/start.md.
        advance = QFontMetrics(self.font()).horizontalAdvance
        text, keeps_end = self._whole, self._keeps_end
        if advance(text) <= width:
            return text
        fits, too_many = 0, len(text)
        while too_many - fits > 1:
            kept = (fits + too_many) // 2
            if advance(_elided(text, kept, keeps_end=keeps_end)) <= width:
                fits = kept
            else:
                too_many = kept
        return _elided(text, fits, keeps_end=keeps_end)


def fitted(text: str, font: QFont, width: int) -> str:
    """Break words of `text` that are wider than `width`."""
    from PySide6.QtGui import QFontMetrics

    if QFontMetrics(font).horizontalAdvance(text) <= width:
        return text
    lines = list(_lines(text, font, width))
    ends = (line if line[-1:].isspace() else f"{line}{_BREAK}" for line in lines[:-1])
    return "".join((*ends, lines[-1]))


def _elided(text: str, kept: int, *, keeps_end: bool) -> str:
    return f"…{text[len(text) - kept :].lstrip()}" if keeps_end else f"{text[:kept].rstrip()}…"


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

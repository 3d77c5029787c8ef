"""Tables on a terminal: columns that align in every script, below a header."""

from __future__ import annotations

import shutil
import sys
import unicodedata
from collections.abc import Sequence

from desktop.cli.terminal.output import print_result
from desktop.services.system.translation import translate

_APART = "  "
_NARROWEST = 8  # columns that are left of a text, however narrow the terminal is


def display_width(text: str) -> int:
    """How many columns of a terminal `text` takes: East Asian characters take two (UAX #11)."""
    return len(text) if text.isascii() else sum(map(_character_width, text))


def pad(text: str, width: int) -> str:
    """Add spaces to `text` until it takes `width` columns."""
    return text + " " * (width - display_width(text))


def shorten(text: str, width: int) -> str:
    """Cut `text` to `width` columns, with an ellipsis at its end."""
    if display_width(text) <= width:
        return text
    while text and display_width(text) >= width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def print_table(header: Sequence[str], rows: Sequence[tuple[str, ...]]) -> None:
    """Print `rows` below `header`, a message for each column; no row, no header.

    On a terminal, the columns are narrowed until they fit, but not the first, whose texts commands
    take. Into a pipe they are printed in full. A column in which all rows are empty is left out.
    """
    kept = [number for number in range(len(header)) if any(row[number] for row in rows)]
    titles = tuple(translate(header[number]) for number in kept)
    lines = [titles, *(tuple(row[number] for number in kept) for row in rows)] if rows else []
    widths = [max(map(display_width, column)) for column in zip(*lines, strict=True)]
    if sys.stdout.isatty():
        widths = _fitted(widths, shutil.get_terminal_size().columns)
    for line in lines:
        cells = (pad(shorten(text, width), width) for text, width in zip(line, widths, strict=True))
        print_result(_APART.join(cells).rstrip())


def print_rows(rows: Sequence[tuple[str, ...]]) -> None:
    """Print `rows` in columns; the last may be long, so it sets no width."""
    widths = [max(map(display_width, column)) for column in zip(*rows, strict=True)]
    for *cells, last in rows:
        shown = (pad(text, width) for text, width in zip(cells, widths, strict=False))
        print_result(_APART.join((*shown, last)).rstrip())


def _fitted(widths: list[int], room: int) -> list[int]:
    """Narrow the widest columns after the first until all fit `room`, as far as they can be."""
    fitted = list(widths)
    while sum(fitted) + len(_APART) * (len(fitted) - 1) > room:
        widest = max(range(1, len(fitted)), key=fitted.__getitem__, default=0)
        if widest == 0 or fitted[widest] <= _NARROWEST:
            break
        fitted[widest] -= 1
    return fitted


def _character_width(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1

"""Tables on a terminal: columns that align in every script, below a header."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from desktop.cli.terminal.columns import (
    display_width,
    has_right_to_left,
    pad,
    shorten,
    terminal_width,
    wrap,
)
from desktop.cli.terminal.output import print_result
from desktop.services.system.translation import translate

_APART = "  "
_NARROWEST = 8  # columns that are left of a text, however narrow the terminal is
_READABLE = 12  # columns that are left of a text for the sake of another one
_LEFT_TO_RIGHT = "\u200e"


def print_table(
    header: Sequence[str], rows: Sequence[tuple[str, ...]], *, cut_last: str = ""
) -> None:
    """Print `rows` below `header`, a message for each column; no row, no header.

    On a terminal, the columns are narrowed until they fit, but not the first, whose texts commands
    take, and `cut_last` only where nothing else helps. Into a pipe they are printed in full. A
    column in which all rows are empty is left out.
    """
    kept = [number for number in range(len(header)) if any(row[number] for row in rows)]
    titles = tuple(translate(header[number]) for number in kept)
    lines = [titles, *(tuple(row[number] for number in kept) for row in rows)] if rows else []
    widths = [max(map(display_width, column)) for column in zip(*lines, strict=True)]
    if sys.stdout.isatty():
        kept_whole = [at for at, number in enumerate(kept) if header[number] == cut_last]
        widths = _fitted(widths, terminal_width(), cut_last=kept_whole)
    for line in lines:
        cells = [pad(shorten(text, width), width) for text, width in zip(line, widths, strict=True)]
        print_result(_in_columns(cells))


def print_rows(rows: Sequence[tuple[str, ...]]) -> None:
    """Print `rows` in columns; the last may be long, so it sets no width."""
    widths = [max(map(display_width, column)) for column in zip(*rows, strict=True)]
    for *cells, last in rows:
        shown = (pad(text, width) for text, width in zip(cells, widths, strict=False))
        print_result(_in_columns((*shown, last)))


def print_outcome(
    outcome: str, text: str, *below: str, outcomes: Iterable[str], color: str
) -> None:
    """Print the outcome of a check, what was found, and what is `below` that.

    `outcomes` are all messages that `outcome` may be: what is found stands in a column.
    """
    width = max(display_width(translate(each)) for each in outcomes)
    mark = pad(translate(outcome), width)
    for number, each in enumerate(filter(None, (text, *below))):
        lines = _wrapped(each, width + len(_APART))
        marks = (mark if number == 0 else " " * width, *(" " * width for _ in lines[1:]))
        shown = map(_in_columns, zip(marks, lines, strict=True))
        print_result("\n".join(shown), color=color if number == 0 else "")


def _wrapped(text: str, indent: int) -> list[str]:
    """Wrap `text` on a terminal, behind `indent` columns."""
    room = terminal_width() - indent if sys.stdout.isatty() else 0
    return wrap(text, room) if room >= _NARROWEST else [text]


def _fitted(widths: list[int], room: int, *, cut_last: Sequence[int] = ()) -> list[int]:
    """Narrow the widest columns after the first until all fit `room`, as far as they can be."""
    fitted = list(widths)
    columns = range(1, len(fitted))
    others = [each for each in columns if each not in cut_last]
    for narrowed, least in ((others, _READABLE), (columns, _NARROWEST)):
        while sum(fitted) + len(_APART) * (len(fitted) - 1) > room:
            widest = max(narrowed, key=fitted.__getitem__, default=0)
            if widest == 0 or fitted[widest] <= least:
                break
            fitted[widest] -= 1
    return fitted


def _in_columns(cells: Sequence[str]) -> str:
    """Join the cells of a line.

    On a terminal, texts from right to left would change places with what is next to them, so there
    are marks between the cells.
    """
    line = _APART.join(cells).rstrip()
    if not (sys.stdout.isatty() and has_right_to_left(line)):
        return line
    return _LEFT_TO_RIGHT + f" {_LEFT_TO_RIGHT} ".join(cells).rstrip(f" {_LEFT_TO_RIGHT}")

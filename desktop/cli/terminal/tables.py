"""Tables on a terminal: columns that align in every script, below a header."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence

from desktop.cli.terminal.columns import display_width, pad, shorten, wrap
from desktop.cli.terminal.output import print_result
from desktop.services.system.translation import translate

_APART = "  "
_NARROWEST = 8  # columns that are left of a text, however narrow the terminal is


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


def print_outcome(
    outcome: str, text: str, *below: str, outcomes: Iterable[str], color: str
) -> None:
    """Print the outcome of a check, what was found, and what is `below` that.

    `outcomes` are all messages that `outcome` may be: what is found stands in a column.
    """
    width = max(display_width(translate(each)) for each in outcomes) + len(_APART)
    found, *others = (_indented(each, width) for each in (text, *below) if each)
    print_result(pad(translate(outcome), width) + found[width:], color=color)
    for each in others:
        print_result(each)


def _indented(text: str, width: int) -> str:
    """Indent `text` by `width` columns, and wrap it on a terminal."""
    room = shutil.get_terminal_size().columns - width if sys.stdout.isatty() else 0
    lines = wrap(text, room) if room >= _NARROWEST else [text]
    return "\n".join(" " * width + line for line in lines)


def _fitted(widths: list[int], room: int) -> list[int]:
    """Narrow the widest columns after the first until all fit `room`, as far as they can be."""
    fitted = list(widths)
    while sum(fitted) + len(_APART) * (len(fitted) - 1) > room:
        widest = max(range(1, len(fitted)), key=fitted.__getitem__, default=0)
        if widest == 0 or fitted[widest] <= _NARROWEST:
            break
        fitted[widest] -= 1
    return fitted

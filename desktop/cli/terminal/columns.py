"""Texts on a terminal: how many columns they take, and where they are wrapped."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator

from desktop.services.system.translation import END_OF_ISOLATE, ISOLATE

_USUAL_WIDTH = 80  # columns
# Besides brackets and quotation marks, in their usual width.
_NOT_AT_START = frozenset(",.:;!?、。・…ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ")
# What people type is kept on one line: a command with what follows it, or an option with its value.
_METAVAR = r"(?:[\w=-]*[A-Z]{2,}[\w=-]*)"
_OPTION = r"--?[a-z][\w-]*"
_COMMAND = rf"""
    xdr-login (?:[ ](?:profiles|grants|credential)(?=[ ][a-z]))? (?:[ ][a-z][a-z-]*)?
    (?:[ ]\w[\w-]*(?=[ ]--))? (?:[ ](?:{_OPTION}(?:[ =]\w[\w./:=-]*)? | {_METAVAR}))*
"""
_PIECE = re.compile(
    rf"(?P<space>[ \t\n]+) | (?<![\w-])(?:{_COMMAND} | {_OPTION}(?:[ =]{_METAVAR})?) | .",
    re.VERBOSE | re.ASCII | re.DOTALL,
)


def terminal_width(file: int = 1) -> int:
    """Return the columns of the terminal that `file` is, or the usual 80.

    `shutil` has this too, with everything that unpacks archives.
    """
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size(file).columns or _USUAL_WIDTH
    except OSError:  # it is no terminal
        return _USUAL_WIDTH


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
    # What was isolated ends here, and not with the line.
    return f"{text.rstrip()}…" + END_OF_ISOLATE * (text.count(ISOLATE) - text.count(END_OF_ISOLATE))


def has_right_to_left(text: str) -> bool:
    """Tell whether there are characters in `text` that are written from right to left."""
    return not text.isascii() and any(
        unicodedata.bidirectional(each) in {"R", "AL"} for each in text
    )


def wrap(text: str, width: int) -> list[str]:
    """Break `text` into lines of `width` columns: at spaces, and between East Asian characters.

    Commands, options, paths and words are kept whole, even where they are wider.
    """
    lines = [""]
    for space, part in _unbreakable_parts(text):
        longer = f"{lines[-1]}{space}{part}" if lines[-1] else part
        if lines[-1] and display_width(longer) > width:
            lines.append(part)
        else:
            lines[-1] = longer
    return lines


def _unbreakable_parts(text: str) -> Iterator[tuple[str, str]]:
    """Yield the parts between which a line may end, each with the space before it."""
    space, part = "", ""
    for match in _PIECE.finditer(text):
        piece = match[0]
        if match["space"]:
            if part:
                yield space, part
            space, part = " ", ""
        elif part and _may_break(part[-1], piece[0]):
            yield space, part
            space, part = "", piece
        else:
            part += piece
    if part:
        yield space, part


def _may_break(before: str, after: str) -> bool:
    """Tell whether a line may end between two characters without a space (JIS X 4051)."""
    opens = unicodedata.category(before) in {"Ps", "Pi"}
    closes = unicodedata.category(after) in {"Pe", "Pf"}
    if opens or closes or unicodedata.normalize("NFKC", after) in _NOT_AT_START:
        return False
    return _character_width(before) == 2 or _character_width(after) == 2


def _character_width(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1

"""The layout of help texts, as Click has it, but by columns instead of characters."""

from __future__ import annotations

from collections.abc import Iterable

import click

from desktop.cli.terminal.columns import display_width, pad, wrap
from desktop.services.system.translation import for_terminal, translate
from desktop.services.wording.formats import with_label

_LEAST_ROOM = 20  # columns for a text beside something else; with less, it goes below
_BELOW = 4  # columns that it is indented there


class ColumnFormatter(click.HelpFormatter):
    """A formatter for texts in any script."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write how a command is called."""
        label = translate("Usage:") if prefix is None else prefix.rstrip()
        self.write_beside(f"{label} {prog} ", args)

    def write_heading(self, heading: str) -> None:
        """Write a heading, with the colon as the language has it."""
        self.write(f"{' ' * self.current_indent}{with_label(heading, '')}\n")

    def write_text(self, text: str) -> None:
        """Write paragraphs, with an empty line between them."""
        margin, width = " " * self.current_indent, self.width - self.current_indent
        shown = (
            "".join(f"{margin}{line}\n" for line in wrap(each, width))
            for each in text.split("\n\n")
        )
        self.write("\n".join(shown))

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Write terms and their texts in two columns; the text of a long term goes below it."""
        rows = list(rows)
        widest = max((display_width(term) for term, _ in rows), default=0)
        column = min(widest, col_max) + col_spacing
        for term, text in rows:
            self.write_beside(term, text, column=column)

    def write_beside(self, start: str, text: str, *, column: int | None = None) -> None:
        """Write `text` from `column` on, the end of `start` unless it is given; `start` is whole.

        The text goes below where there is too little room.
        """
        width, margin = self.width - self.current_indent, " " * self.current_indent
        column = display_width(start) if column is None else column
        if width - column < _LEAST_ROOM:
            column = _BELOW
        lines = [pad("", column) + line for line in wrap(text, width - column)] if text else []
        if lines and display_width(start) <= column:
            lines[0] = pad(start, column) + lines[0][column:]
        elif start.strip():
            lines.insert(0, start)
        self.write("".join(f"{margin}{line}".rstrip() + "\n" for line in lines))

    def getvalue(self) -> str:
        """Return what was written."""
        return for_terminal(super().getvalue())

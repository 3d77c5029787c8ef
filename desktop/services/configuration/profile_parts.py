"""Splits the text of a file that is not TOML as a whole into profiles, which may still be."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import field

from desktop.frozen import frozen
from desktop.services.configuration.profile_lines import HEADING, name_in

_PLACE = re.compile(r"\(at line ([0-9]{1,9}), column ([0-9]{1,9})\)")
_AT_END = "(at end of document)"  # of the text that was parsed
# In an array, a line may begin with a bracket as well, but no word but these follows.
_TABLE = re.compile(
    r"^[ \t]*\[\[?[ \t]*(?!(?:true|false|inf|nan)\b)(?:[A-Za-z_]|\"profiles\"|'profiles')[^\n]*",
    re.MULTILINE,
)


@frozen
class Table:
    """The text of a table, which begins in `line`; `heading` is empty before the first table."""

    heading: str
    line: int
    text: str


@frozen
class ProfileText:
    """The text of one profile, with the tables in it, which may be in several places."""

    tables: list[Table] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(each.text for each in self.tables)

    def with_real_lines(self, error: str) -> str:
        """Replace the lines in `error`, a message about `text`, by those of the whole file."""

        def replaced(found: re.Match[str]) -> str:
            return f"(at line {self._real_line(int(found[1]))}, column {found[2]})"

        last = self._real_line(self.text.rstrip().count("\n") + 1)
        return _PLACE.sub(replaced, error).replace(_AT_END, f"(at line {last})")

    def _real_line(self, line: int) -> int:
        starts = [1]
        for each in self.tables:
            starts.append(starts[-1] + each.text.count("\n"))
        number = min(bisect_right(starts, line), len(self.tables)) - 1
        return self.tables[number].line + line - starts[number]


def split_profiles(text: str) -> dict[str, ProfileText]:
    """Split `text` into profiles by id; what belongs to none is left out."""
    profiles: dict[str, ProfileText] = {}
    for table in split_tables(text):
        if id_ := name_in(HEADING, table.heading):
            profiles.setdefault(id_, ProfileText()).tables.append(table)
    return profiles


def split_tables(text: str) -> list[Table]:
    """Split `text` at its headings, also where it is not TOML as a whole."""
    headings = list(_TABLE.finditer(text))
    starts = [0, *(each.start() for each in headings)]
    names = ["", *(each[0].strip() for each in headings)]
    tables, line = [], 1
    for name, start, end in zip(names, starts, [*starts[1:], len(text)], strict=True):
        tables.append(Table(name, line, text[start:end]))
        line += text.count("\n", start, end)
    return tables

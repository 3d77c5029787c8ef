"""Where profiles and their members are in the text of a file, also of one that is not TOML."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from desktop.services.model.toml_text import Table, split_tables

_NAME = r"""(?:"([^"\n]*)"|'([^'\n]*)'|([\w-]+))"""
_HEADING = re.compile(rf"[ \t]*\[\[?[ \t]*[\"']?profiles[\"']?[ \t]*\.[ \t]*{_NAME}")
_MEMBER = re.compile(rf"[ \t]*{_NAME}[ \t]*[.=]")
_PLACE = re.compile(r"\(at line ([0-9]{1,9}), column ([0-9]{1,9})\)")

_AT_END = "(at end of document)"  # of the text that was parsed


class ProfileLines:
    """Finds the lines of profiles and members in `text`, which is read when one is wanted."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines: dict[tuple[str, str], int] = {}

    def find(self, id_: str, member: str = "") -> int:
        """Find the line of `member`, or else of the profile itself; 0 for neither."""
        if self._text:
            self._read()
        return self._lines.get((id_, member)) or self._lines.get((id_, ""), 0)

    def _read(self) -> None:
        text, self._text, id_ = self._text, "", ""
        for number, line in enumerate(text.split("\n"), 1):  # as TOML ends lines
            if line.lstrip().startswith("["):
                id_ = _name_in(_HEADING, line)
                if id_:
                    self._lines.setdefault((id_, ""), number)
            elif id_ and (member := _name_in(_MEMBER, line)):
                self._lines.setdefault((id_, member), number)


@dataclass(frozen=True, slots=True)
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
        if id_ := _name_in(_HEADING, table.heading):
            profiles.setdefault(id_, ProfileText()).tables.append(table)
    return profiles


def _name_in(pattern: re.Pattern[str], line: str) -> str:
    found = pattern.match(line)
    return next(filter(None, found.groups()), "") if found else ""

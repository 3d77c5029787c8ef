"""The lines of profiles and their members in a file, also in one that is not TOML."""

from __future__ import annotations

import re

_NAME = r"""(?:"([^"\n]*)"|'([^'\n]*)'|([\w-]+))"""
# Patterns, which `re` compiles when an error is located.
HEADING = rf"[ \t]*\[\[?[ \t]*[\"']?profiles[\"']?[ \t]*\.[ \t]*{_NAME}"
_MEMBER = rf"[ \t]*{_NAME}[ \t]*[.=]"


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
                id_ = name_in(HEADING, line)
                if id_:
                    self._lines.setdefault((id_, ""), number)
            elif id_ and (member := name_in(_MEMBER, line)):
                self._lines.setdefault((id_, member), number)


def name_in(pattern: str, line: str) -> str:
    """Return the name at the beginning of `line`; empty unless it matches `pattern`."""
    found = re.match(pattern, line)
    return next(filter(None, found.groups()), "") if found else ""

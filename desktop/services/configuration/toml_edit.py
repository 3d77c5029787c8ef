"""Edits profiles in TOML text.

Only the lines of a changed profile are touched. tomlkit alone would add new members behind a
comment that belongs to the next profile, and remove that comment together with a profile.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from desktop.services.model.toml_text import parse_toml, require_editable

if TYPE_CHECKING:
    from collections.abc import Callable

    from tomlkit import TOMLDocument

Tables = Mapping[str, dict[str, Any]]
"""The profiles by id, as in TOML."""


_EDIT_ERRORS = (
    *(TOMLKitError, ValueError, KeyError, TypeError, AttributeError, IndexError),
    RecursionError,  # tomlkit reads less nesting than tomllib
)


def edit_candidates(text: str, tables: Tables) -> Iterator[str]:
    """Yield edits of `text` after which its profiles should be `tables`, the best first.

    The caller must parse the result: there are layouts that cannot be edited.
    """
    editors: tuple[Callable[[str, Tables], str], ...] = (_edit_lines, _edit_document)
    for edit in editors:
        try:
            yield edit(text, tables)
        # tomlkit raises errors of all kinds for odd layouts.
        except _EDIT_ERRORS:
            continue


def appended(text: str, tables: Tables) -> str:
    """Append `tables` to `text`."""
    document = tomlkit.document()
    for id_, members in tables.items():
        _set_members(document, id_, members)
    before = f"{text.rstrip()}\n\n" if text.strip() else ""
    return _with_line_endings_of(text, before + tomlkit.dumps(document))


def _edit_lines(text: str, tables: Tables) -> str:
    there: Any = parse_toml(text).get("profiles", {})
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    for id_ in there:
        if tables.get(id_) == there[id_]:
            continue
        lines_of = _profile_lines(id_, lines)
        if id_ in tables:
            own = "".join(lines[lines_of]).rstrip() + "\n"
            require_editable(own)
            document = tomlkit.parse(own)
            _set_members(document, id_, tables[id_])
            lines[lines_of] = [_with_line_endings_of(text, tomlkit.dumps(document))]
        else:
            behind = lines_of.stop
            while behind < len(lines) and not lines[behind].strip():
                behind += 1
            lines[lines_of.start : behind] = []
    new = {id_: table for id_, table in tables.items() if id_ not in there}
    changed = "".join(lines)
    return appended(changed, new) if new else changed


def _profile_lines(id_: str, lines: list[str]) -> slice:
    """Find the lines of the profile `id_`, with the tables in it; raises `ValueError`.

    A comment after a blank line at its end belongs to what comes next.
    """
    own = re.compile(rf"\s*\[\s*profiles\s*\.\s*[\"']?{re.escape(id_)}[\"']?\s*[].]")
    heads = [number for number, line in enumerate(lines) if line.lstrip().startswith("[")]
    mine = [number for number in heads if own.match(lines[number])]
    if not mine:
        raise ValueError(id_)
    start = mine[0]
    next_one = next((each for each in heads if each > start and each not in mine), len(lines))
    end = next_one
    while end > start + 1 and _is_comment_or_blank(lines[end - 1]):
        end -= 1
    # Directly below the last member, and before a blank line, it belongs to this profile.
    tail = [number for number in range(end, next_one) if not lines[number].strip()]
    if tail or next_one == len(lines):
        end = tail[0] if tail else next_one
    return slice(start, end)


def _is_comment_or_blank(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _edit_document(text: str, tables: Tables) -> str:
    require_editable(text)
    document = tomlkit.parse(text)
    there: Any = document.get("profiles", {})
    for id_ in [each for each in there if each not in tables]:
        del there[id_]
    for id_, members in tables.items():
        _set_members(document, id_, members)
    return tomlkit.dumps(document)


def _set_members(document: TOMLDocument, id_: str, members: Mapping[str, Any]) -> None:
    """Set `members` of the profile `id_` in `document`; equal values are not touched."""
    if "profiles" not in document:
        document["profiles"] = tomlkit.table(is_super_table=True)
    profiles: Any = document["profiles"]
    if id_ not in profiles:
        profiles[id_] = tomlkit.table()
    table = profiles[id_]
    for name in [each for each in table if each not in members]:
        del table[name]
    for name, value in members.items():
        if name not in table or table[name] != value:
            table[name] = _inline_table(value) if isinstance(value, dict) else deepcopy(value)


def _inline_table(members: Mapping[str, Any]) -> object:
    # After a separate table, no further members of the profile could follow.
    table = tomlkit.inline_table()
    table.update(members)
    return table


def _with_line_endings_of(text: str, changed: str) -> str:
    """Give `changed` the line endings of `text`."""
    return re.sub(r"(?<!\r)\n", "\r\n", changed) if "\r\n" in text else changed

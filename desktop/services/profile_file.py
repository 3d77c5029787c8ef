"""Changes the file with the profiles, keeping a person's comments, order and unknown members.

What a change makes of the file is read again before it is written: either it says what it said
before and what was to be changed, or the file stays as it is.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from desktop.services.profile_reading import (
    is_plain_id,
    read_document,
    read_profiles,
    read_text,
)
from desktop.services.profiles import BrokenProfile
from desktop.services.toml_file import write_all_at_once

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

    from tomlkit import TOMLDocument

Members = dict[str, Any]
"""Members of a profile as TOML has them; `None` takes one away."""

_TRIES = 5
_LONGEST_ID = 40
_NOT_SAFE = "it is laid out so that it cannot be changed here; change it in an editor"


def save_profile(file: Path, id_: str, members: Mapping[str, object]) -> None:
    """Give profile `id_` the `members`; others that it has stay, `None` takes one away. Blocks.

    Raises `BrokenProfile` where the file, or what would become of the profile, makes no sense.
    """

    def change(tables: Members) -> None:
        given = {name: value for name, value in members.items() if value is not None}
        kept = {name: value for name, value in tables.get(id_, {}).items() if name not in members}
        tables[id_] = kept | given

    _change(file, change, touched={id_})


def remove_profile(file: Path, id_: str) -> None:
    """Take profile `id_` out of `file`; nothing happens where it is not in it. Blocks.

    Raises `BrokenProfile`.
    """
    _change(file, lambda tables: tables.pop(id_, None), touched=set())


def import_profiles(file: Path, text: str) -> tuple[str, ...]:
    """Add the profiles in `text`, as `export_profiles` gave it, to `file`; their new ids. Blocks.

    None that is there is replaced: another one of its name gets a number. Raises `BrokenProfile`.
    """
    document = read_document(file, text)
    found = read_profiles(file, document)
    for complaint in found.broken.values():
        raise complaint
    if not found.good:
        raise BrokenProfile(file, "there is no profile in what was to be imported")
    tables: Members = document["profiles"]  # type: ignore[assignment] # it was just read
    added: dict[str, object] = {}

    def change(there: Members) -> None:
        added.clear()
        for id_, table in tables.items():
            added[new_id(id_, {*there, *added})] = table
        there.update(added)

    _change(file, change, touched=tables)
    return tuple(added)


def export_profiles(file: Path, ids: Iterable[str]) -> str:
    """The profiles `ids` of `file` as a text of TOML. Raises `BrokenProfile`. Blocks.

    There is no secret in it: none stands in the file.
    """
    wanted = set(ids)
    tables: Any = read_document(file, read_text(file)).get("profiles", {})
    chosen = {id_: table for id_, table in tables.items() if id_ in wanted}
    heading = "# Profiles of XDR Login. Passwords and tokens are never in here.\n\n"
    return heading + tomlkit.dumps({"profiles": chosen})


def new_id(name: str, taken: Collection[str]) -> str:
    """A plain id for a profile called `name` that is none of `taken`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    start = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST_ID] or "profile"
    if is_plain_id(name):
        start = name
    number, id_ = 1, start
    while id_ in taken:
        number += 1
        id_ = f"{start}-{number}"
    return id_


def _change(file: Path, change: Callable[[Members], object], *, touched: Collection[str]) -> None:
    """Do `change` to the tables of profiles in `file`; those `touched` must make sense then."""
    file = file.resolve()  # a link stays a link
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for _ in range(_TRIES):
            before = read_text(file)
            after = _changed(file, before, change, touched=touched)
            if read_text(file) == before:  # nobody else has changed it meanwhile
                write_all_at_once(after, file)
                return
    except OSError as error:
        raise BrokenProfile(file, str(error)) from error
    raise BrokenProfile(file, "another program keeps changing it; try again later")


def _changed(
    file: Path, text: str, change: Callable[[Members], object], *, touched: Collection[str]
) -> str:
    """`text` after `change`; raises `BrokenProfile` where it would not say what it should."""
    wanted: Members = read_document(file, text)
    tables = wanted.setdefault("profiles", {})
    if not isinstance(tables, dict) or not all(isinstance(each, dict) for each in tables.values()):
        raise BrokenProfile(file, "`profiles` must be a table of tables")
    before = dict(tables)
    change(tables)
    found = read_profiles(file, wanted)
    for id_, complaint in found.broken.items():
        if id_ in touched or id_ not in before:
            raise complaint
    after = _written(text, tables)
    try:
        said: Members = tomllib.loads(after)
    except (ValueError, RecursionError) as error:
        raise BrokenProfile(file, _NOT_SAFE) from error
    if {"profiles": {}, **said} != wanted:
        raise BrokenProfile(file, _NOT_SAFE)
    return after


def _written(text: str, tables: Members) -> str:
    """`text` with its profiles made `tables`, in the style it has."""
    try:
        document = tomlkit.parse(text)
        _make(document, tables)
        return tomlkit.dumps(document)
    # What tomlkit cannot do to an odd layout it tells with errors of all kinds; the text that comes
    # of it is looked at by the caller, and nothing is no TOML of profiles.
    except (TOMLKitError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        return _appended(text, tables)


def _make(document: TOMLDocument, tables: Members) -> None:
    if "profiles" not in document:
        document["profiles"] = tomlkit.table(is_super_table=True)
    there: Any = document["profiles"]
    for id_ in [each for each in there if each not in tables]:
        del there[id_]
    for id_, members in tables.items():
        if id_ not in there:
            there[id_] = tomlkit.table()
        table = there[id_]
        for name in [each for each in table if each not in members]:
            del table[name]
        for name, value in members.items():
            if name not in table or table[name] != value:
                table[name] = value


def _appended(text: str, tables: Members) -> str:
    """`text` with those `tables` that it lacks at its end."""
    there: Any = tomllib.loads(text).get("profiles", {})
    new = {id_: table for id_, table in tables.items() if id_ not in there}
    return text.rstrip() + "\n\n" + tomlkit.dumps({"profiles": new})

"""Changes the file with the profiles, and keeps comments, order and unknown members.

Each change is parsed before it is written. If it does not contain exactly the old content and the
change, the file is left as it is.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from filelock import Timeout

from desktop.services.configuration.profile_names import name_keys, names_in
from desktop.services.configuration.profile_reader import (
    is_valid_id,
    read_document,
    read_profiles,
    read_text,
)
from desktop.services.configuration.toml_edit import appended, edit_candidates
from desktop.services.model.profile import MEMBERS, BrokenProfile, Profile, ProfilesNotSaved
from desktop.services.model.toml_text import parse_toml
from desktop.services.system import paths
from desktop.services.system.atomic_file import write_atomically
from desktop.services.system.file_locks import file_lock
from desktop.services.system.translation import translatable, translate

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from pathlib import Path

Members = dict[str, Any]
"""Members of a profile as in TOML; None removes one."""

_log = logging.getLogger(__name__)

_MAX_ATTEMPTS = 5
_LOCK_TIMEOUT = 10.0  # seconds; a change takes a few milliseconds
_MAX_ID_LENGTH = 40
_LONGEST_NAME = 500  # characters that an id is made of
MAX_IMPORT_LENGTH = 200_000  # bytes
_MAX_PROFILE_LENGTH = 10_000  # characters; tomlkit is slow with long lists
_LOCK_NAME = "(profiles).lock"  # no profile can have this name; each has its own lock there
_KEEPS_CHANGING = translatable("another program keeps changing the file; try again later")
_CANNOT_EDIT = translatable("XDR Login can't change a file with this layout; edit it yourself")


def save_profile(
    file: Path,
    id_: str,
    members: Mapping[str, object],
    *,
    locked: Collection[str] = (),
    names: Collection[str] = (),
) -> None:
    """Set `members` of the profile `id_`; others stay, None removes one. Blocks.

    Settings that are `locked` by a policy stay: they apply again without it. `names` are the ids
    and names of profiles elsewhere. Raises `BrokenProfile` where the file or the changed profile is
    invalid, or another profile has its name.
    """

    def change(tables: Members) -> None:
        before = tables.get(id_, {})
        given = {name: value for name, value in members.items() if value is not None}
        kept = {name: value for name, value in before.items() if name not in members}
        tables[id_] = kept | given
        own = before.get("settings", {})
        if isinstance(own, dict) and (stay := {name: own[name] for name in locked if name in own}):
            tables[id_]["settings"] = {**tables[id_].get("settings", {}), **stay}

    _change_file(file, change, touched={id_}, names=names)


def remove_profile(file: Path, id_: str) -> None:
    """Remove the profile `id_` from `file`, if it is there. Blocks.

    Raises `BrokenProfile`.
    """
    _change_file(file, lambda tables: tables.pop(id_, None), touched=set())


def import_profiles(
    file: Path,
    text: str,
    source: Path | None = None,
    *,
    taken: Collection[str] = (),
    names: Collection[str] = (),
) -> tuple[str, ...]:
    """Add the profiles in `text`, as exported, to `file`; return their new ids. Blocks.

    No profile is replaced: an id or a name that exists, or is in `taken` or `names` elsewhere, gets
    a number. Raises `BrokenProfile`, which names `source`, the file that `text` is from; also where
    an id is the name of another profile, or something looks like it.
    """
    read_import(source or file, text)
    document = read_document(source or file, text)
    tables: Members = document["profiles"]  # type: ignore[assignment] # it was just read
    added: dict[str, object] = {}

    def change(there: Members) -> None:
        added.clear()
        ids = {*there, *taken}
        used = {*names_in(there), *names}
        for id_, table in tables.items():
            if len(str(table)) > _MAX_PROFILE_LENGTH:
                raise BrokenProfile(
                    source or file, translate("profile `{id}` is too large", id=id_)
                )
            new = _numbered_id(id_, ids)
            added[new] = _with_free_name(table, id_, new, names=used, ids=ids)
            ids.add(new)
            used.update(names_in({new: added[new]}))
        there.update(added)

    _change_file(file, change, touched=set(), names=names)
    return tuple(added)


def read_import(source: Path, text: str) -> tuple[Profile, ...]:
    """Read the profiles in `text`, from `source`; raises `BrokenProfile` if it has no good ones."""
    found = read_profiles(source, read_document(source, text), text)
    for error in found.broken.values():
        raise error
    if not found.good:
        raise BrokenProfile(source, translate("the file contains no profiles"))
    return tuple(found.good.values())


def _with_free_name(
    table: object, id_: str, new: str, *, names: Collection[str], ids: Collection[str]
) -> object:
    """Add a number to the name, that of the new id, where it is in use.

    A name that is an id of another profile stays, and is refused later.
    """
    if not isinstance(table, dict):
        return table
    name = table.get("name", id_)
    number = int(new.rpartition("-")[2]) if new != id_ else 1
    numbered = name if number == 1 else f"{name} {number}"
    while numbered in names and numbered not in ids and numbered != new:
        number += 1
        numbered = f"{name} {number}"
    return table if numbered == name else table | {"name": numbered}


def export_profiles(file: Path, ids: Iterable[str]) -> str:
    """Write the profiles `ids` of `file` as TOML. Raises `ProfileError`. Blocks.

    Unknown members are left out: they might be secrets.
    """
    text = read_text(file)
    document: Any = read_document(file, text)
    found = read_profiles(file, document, text)
    chosen = {}
    for id_ in ids:
        found.find(id_)  # raises for a broken one
        table = document["profiles"][id_]
        chosen[id_] = {name: value for name, value in table.items() if name in MEMBERS}
    return appended("# Profiles of XDR Login. Never contains secrets or tokens.", chosen)


def _names_of(tables: Members, id_: str) -> list[str]:
    """List the id and the name of the profile `id_`; empty where there is none."""
    return names_in({id_: tables[id_]}) if id_ in tables else []


def _require_own_names(
    file: Path, tables: Members, before: Members, names: Collection[str]
) -> None:
    """Raise `BrokenProfile` where a new id or name reads like that of another profile."""
    keys = {id_: name_keys(_names_of(tables, id_)) for id_ in tables}
    counts = Counter(key for own in keys.values() for key in own)
    elsewhere = name_keys(names)
    for id_, own in keys.items():
        if _names_of(tables, id_) == _names_of(before, id_):
            continue
        if not any(counts[key] > 1 or key in elsewhere for key in own):
            continue
        detail = translate(
            "another profile has the name or ID “{name}”, or one that looks like it",
            name=_names_of(tables, id_)[-1],
        )
        raise BrokenProfile(file, detail)


def new_id(name: str, taken: Collection[str]) -> str:
    """Make an id for a profile called `name` that is not in `taken`."""
    plain = (
        unicodedata.normalize("NFKD", name[:_LONGEST_NAME])
        .encode("ascii", "ignore")
        .decode()
        .lower()
    )
    start = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_MAX_ID_LENGTH] or "profile"
    if is_valid_id(name):
        start = name
    return _numbered_id(start, name_keys(taken))


def _numbered_id(start: str, taken: Collection[str]) -> str:
    number, id_ = 1, start
    while id_ in taken:
        number += 1
        id_ = f"{start}-{number}"
    return id_


def _change_file(
    file: Path,
    change: Callable[[Members], object],
    *,
    touched: Collection[str],
    names: Collection[str] = (),
) -> None:
    """Apply `change` to the profiles in `file`; those `touched` must be valid afterwards."""
    file = file.resolve()  # a link stays a link
    try:
        with _exclusive_access(file):
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            for _ in range(_MAX_ATTEMPTS):
                before = read_text(file)
                after = _changed_text(file, before, change, touched=touched, names=names)
                if read_text(file) == before:  # no editor has changed it meanwhile
                    write_atomically(after, file)
                    return
    except OSError as error:
        raise ProfilesNotSaved(file, error.strerror or str(error)) from error
    except RecursionError as error:
        raise BrokenProfile(file, translate(_CANNOT_EDIT)) from error
    raise BrokenProfile(file, translate(_KEEPS_CHANGING))


@contextmanager
def _exclusive_access(file: Path) -> Iterator[None]:
    """Keep other processes of XDR Login from changing `file`. Raises `BrokenProfile`.

    Without a writable folder for locks, there is no lock.
    """
    lock = file_lock(paths.locks_folder() / _LOCK_NAME, timeout=_LOCK_TIMEOUT)
    try:
        paths.locks_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise BrokenProfile(file, translate(_KEEPS_CHANGING)) from error
    except OSError as error:
        _log.warning("changing profiles without a lock: %s", error)
    try:
        yield
    finally:
        lock.release()


def _changed_text(
    file: Path,
    text: str,
    change: Callable[[Members], object],
    *,
    touched: Collection[str],
    names: Collection[str],
) -> str:
    """Apply `change` to `text`; raises `BrokenProfile` where that is not possible."""
    wanted: Members = read_document(file, text)
    tables = wanted.setdefault("profiles", {})
    if not isinstance(tables, dict) or not all(isinstance(each, dict) for each in tables.values()):
        raise BrokenProfile(
            file, translate("{field} must be a table of tables", field="`profiles`")
        )
    before = dict(tables)
    change(tables)
    found = read_profiles(file, wanted)
    for id_, error in found.broken.items():
        if id_ in touched or id_ not in before:
            raise error
    _require_own_names(file, tables, before, names)
    for after in edit_candidates(text, tables):
        try:
            said = parse_toml(after.encode().decode())  # as it will be read
        except ValueError:
            continue
        if {"profiles": {}, **said} == wanted:
            return after
    raise BrokenProfile(file, translate(_CANNOT_EDIT))

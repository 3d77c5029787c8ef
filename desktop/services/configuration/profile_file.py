"""Changes the file with the profiles, keeping a person's comments, order and unknown members.

What a change makes of the file is read again before it is written: either it says what it said
before and what was to be changed, or the file stays as it is.
"""

from __future__ import annotations

import logging
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from desktop.services.configuration.profile_reader import (
    is_valid_id,
    read_document,
    read_profiles,
    read_text,
)
from desktop.services.configuration.toml_edit import appended, edit_candidates
from desktop.services.model.profile import MEMBERS, BrokenProfile
from desktop.services.system import paths
from desktop.services.system.atomic_file import write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from pathlib import Path

Members = dict[str, Any]
"""Members of a profile as TOML has them; `None` takes one away."""

_log = logging.getLogger(__name__)

_MAX_ATTEMPTS = 5
_LOCK_TIMEOUT = 10.0  # seconds; a change takes a few milliseconds
_MAX_ID_LENGTH = 40
MAX_IMPORT_LENGTH = 200_000  # characters
_MAX_PROFILE_LENGTH = (
    10_000  # characters; of a long list tomlkit looks at all for each that it adds
)
_LOCK_NAME = (
    "(profiles).lock"  # no profile can be called that: each has a lock of its own beside it
)
_KEEPS_CHANGING = "another program keeps changing it; try again later"
_CANNOT_EDIT = "it is laid out so that it cannot be changed here; change it in an editor"


def save_profile(
    file: Path, id_: str, members: Mapping[str, object], *, locked: Collection[str] = ()
) -> None:
    """Give profile `id_` the `members`; others that it has stay, `None` takes one away. Blocks.

    Of its settings those that are `locked` stay as they are: they count again some day.
    Raises `BrokenProfile` where the file, or what would become of the profile, makes no sense.
    """

    def change(tables: Members) -> None:
        before = tables.get(id_, {})
        given = {name: value for name, value in members.items() if value is not None}
        kept = {name: value for name, value in before.items() if name not in members}
        tables[id_] = kept | given
        own = before.get("settings", {})
        if isinstance(own, dict) and (stay := {name: own[name] for name in locked if name in own}):
            tables[id_]["settings"] = {**tables[id_].get("settings", {}), **stay}

    _change_file(file, change, touched={id_})


def remove_profile(file: Path, id_: str) -> None:
    """Take profile `id_` out of `file`; nothing happens where it is not in it. Blocks.

    Raises `BrokenProfile`.
    """
    _change_file(file, lambda tables: tables.pop(id_, None), touched=set())


def import_profiles(
    file: Path, text: str, source: Path | None = None, *, taken: Collection[str] = ()
) -> tuple[str, ...]:
    """Add the profiles in `text`, as `export_profiles` gave it, to `file`; their new ids. Blocks.

    None that is there is replaced, and none gets an id that is `taken` elsewhere: another one of
    its name gets a number. Raises `BrokenProfile`, which names `source`, the file that `text` is
    from, where that makes no sense.
    """
    document = read_document(source or file, text)
    found = read_profiles(source or file, document, text)
    for complaint in found.broken.values():
        raise complaint
    if not found.good:
        raise BrokenProfile(source or file, "there is no profile in what was to be imported")
    tables: Members = document["profiles"]  # type: ignore[assignment] # it was just read
    added: dict[str, object] = {}

    def change(there: Members) -> None:
        added.clear()
        for id_, table in tables.items():
            if len(str(table)) > _MAX_PROFILE_LENGTH:
                raise BrokenProfile(source or file, f"profile `{id_}` is far too large")
            new = new_id(id_, {*there, *added, *taken})
            added[new] = table if new == id_ else _with_numbered_name(table, id_, new)
        there.update(added)

    _change_file(file, change, touched=set())
    return tuple(added)


def _with_numbered_name(table: object, id_: str, new: str) -> object:
    """`table` with the number that its id got in its name too, so that a person sees it."""
    if not isinstance(table, dict):
        return table
    return table | {"name": f"{table.get('name', id_)} {new.rpartition('-')[2]}"}


def export_profiles(file: Path, ids: Iterable[str]) -> str:
    """The profiles `ids` of `file` as a text of TOML. Raises `ProfileError`. Blocks.

    There is no secret in it: what is not known here, and might be one, is left out.
    """
    text = read_text(file)
    document: Any = read_document(file, text)
    found = read_profiles(file, document, text)
    chosen = {}
    for id_ in ids:
        found.find(id_)  # which raises for one that makes no sense
        table = document["profiles"][id_]
        chosen[id_] = {name: value for name, value in table.items() if name in MEMBERS}
    return appended("# Profiles of XDR Login. Passwords and tokens are never in here.", chosen)


def new_id(name: str, taken: Collection[str]) -> str:
    """A plain id for a profile called `name` that is none of `taken`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    start = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_MAX_ID_LENGTH] or "profile"
    if is_valid_id(name):
        start = name
    number, id_ = 1, start
    while id_ in taken:
        number += 1
        id_ = f"{start}-{number}"
    return id_


def _change_file(
    file: Path, change: Callable[[Members], object], *, touched: Collection[str]
) -> None:
    """Do `change` to the tables of profiles in `file`; those `touched` must make sense then."""
    file = file.resolve()  # a link stays a link
    try:
        with _exclusive_access(file):
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            for _ in range(_MAX_ATTEMPTS):
                before = read_text(file)
                after = _changed_text(file, before, change, touched=touched)
                if read_text(file) == before:  # nor has an editor changed it meanwhile
                    write_atomically(after, file)
                    return
    except OSError as error:
        raise BrokenProfile(file, str(error)) from error
    except RecursionError as error:
        raise BrokenProfile(file, _CANNOT_EDIT) from error
    raise BrokenProfile(file, _KEEPS_CHANGING)


@contextmanager
def _exclusive_access(file: Path) -> Iterator[None]:
    """Keep other programs of this kind from changing `file`. Raises `BrokenProfile`.

    Without a folder for locks that can be written there is none.
    """
    lock = FileLock(paths.locks_folder() / _LOCK_NAME, timeout=_LOCK_TIMEOUT)
    try:
        paths.locks_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise BrokenProfile(file, _KEEPS_CHANGING) from error
    except OSError as error:
        _log.warning("changing profiles without a lock: %s", error)
    try:
        yield
    finally:
        lock.release()


def _changed_text(
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
    for after in edit_candidates(text, tables):
        try:
            said: Members = tomllib.loads(after.encode().decode())  # as it will be read
        except (ValueError, RecursionError):
            continue
        if {"profiles": {}, **said} == wanted:
            return after
    raise BrokenProfile(file, _CANNOT_EDIT)

"""Reads the policy from where each system keeps it. Only an administrator can write there.

No environment variable can change the place: anybody could set it.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop.frozen import frozen
from desktop.services.model.members import Kind
from desktop.services.model.policy import POLICY
from desktop.services.model.toml_text import LARGEST_TOML, parse_toml, require_small_integers
from desktop.services.system.files import read_file
from desktop.services.system.language import POLICY_FILE, POLICY_KEY, POLICY_PLIST
from desktop.services.system.translation import translate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

LINUX_FILE = Path(POLICY_FILE)
MACOS_FILE = Path(POLICY_PLIST)
WINDOWS_KEY = POLICY_KEY
# The members that are subkeys in the registry.
WINDOWS_SUBKEYS = tuple(name for name, each in POLICY.items() if each.kind is Kind.MEMBERS)

_ROOT_ID = 0


class UnusablePolicyError(Exception):
    """The policy at `source` cannot be used; `reason` is for people."""

    def __init__(self, source: str, why: str) -> None:
        super().__init__(f"{source}: {why}")
        self.source = source
        self.reason = why


@frozen
class RawPolicy:
    """A policy as read from `source`. The registry has numbers instead of booleans."""

    source: str
    members: Mapping[str, object]
    numbers_are_switches: bool = False


def find_policy() -> RawPolicy | None:
    """Read the policy of this computer; None without one. Blocks.

    Raises `UnusablePolicyError`.
    """
    match sys.platform:
        case "win32":
            return read_registry()
        case "darwin":
            return read_plist(MACOS_FILE)
        case _:
            return read_toml(LINUX_FILE)


def read_toml(file: Path, *, owner: int = _ROOT_ID) -> RawPolicy | None:
    """Read the policy `file` of Linux, which must belong to `owner`; None without one."""
    content = _read_trusted(file, owner)
    if content is None:
        return None
    try:
        return RawPolicy(str(file), parse_toml(content.decode("utf-8-sig")))
    except ValueError as error:  # errors of TOML and UTF-8 are
        raise UnusablePolicyError(str(file), str(error)) from error


def read_plist(file: Path, *, owner: int = _ROOT_ID) -> RawPolicy | None:
    """Read the managed preferences `file` of macOS; None without one."""
    import plistlib
    from xml.parsers.expat import ExpatError

    content = _read_trusted(file, owner)
    if content is None:
        return None
    try:
        members = plistlib.loads(content)
        require_small_integers(members)
    except (plistlib.InvalidFileException, ExpatError, ValueError, RecursionError) as error:
        raise UnusablePolicyError(
            str(file), translate("not a property list ({error})", error=error)
        ) from error
    # plistlib raises errors of all kinds for a broken one (CPython issue 61275).
    except (AttributeError, IndexError, KeyError, TypeError, OverflowError) as error:
        raise UnusablePolicyError(str(file), translate("not a property list")) from error
    if not isinstance(members, dict):
        raise UnusablePolicyError(str(file), translate("not a dictionary"))
    # macOS adds members of its own to managed preferences.
    return RawPolicy(str(file), {k: v for k, v in members.items() if not k.startswith("Payload")})


def read_registry() -> RawPolicy | None:
    """Read the policy key of Windows; None without one."""
    from importlib import import_module

    winreg = import_module("winreg")  # exists on Windows only
    source = rf"HKLM\{WINDOWS_KEY}"
    try:
        members = _read_values(winreg, WINDOWS_KEY)
        if members is None:
            return None
        for name in _list_subkeys(winreg, WINDOWS_KEY):
            table = _read_values(winreg, rf"{WINDOWS_KEY}\{name}")
            if table:
                members[_normalized_name(name)] = table
    except OSError as error:
        raise UnusablePolicyError(source, str(error)) from error
    return RawPolicy(source, members, numbers_are_switches=True) if members else None


def _normalized_name(table: str) -> str:
    """Write `table` in lower case where it is a known one: the registry ignores case."""
    return table.lower() if table.lower() in WINDOWS_SUBKEYS else table


def _list_subkeys(winreg: ModuleType, path: str) -> list[str]:
    """List all subkeys: a misspelled one would otherwise forbid nothing."""
    with _open_key(winreg, path) as key:
        return [winreg.EnumKey(key, number) for number in range(winreg.QueryInfoKey(key)[0])]


def _open_key(winreg: ModuleType, path: str) -> Any:  # noqa: ANN401 - which only Windows knows
    # A 32-bit Python must see what the 64-bit policy editor has written.
    rights = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
    return winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, path, 0, rights)


def _read_values(winreg: ModuleType, path: str) -> dict[str, object] | None:
    """Read the values of a key by name; None where there is no such key."""
    try:
        key = _open_key(winreg, path)
    except FileNotFoundError:
        return None
    with key:
        count = winreg.QueryInfoKey(key)[1]
        found = [winreg.EnumValue(key, number) for number in range(count)]
    # Old editors write an unnamed value when they create a key.
    return {name: value for name, value, _ in found if name}


def _read_trusted(file: Path, owner: int) -> bytes | None:
    """Read `file`, which only `owner` can have written; None where there is none."""

    def check(found: os.stat_result) -> None:
        why = _trust_problem(found, owner, file)
        for folder in {file.parent, file.resolve().parent}:
            why = why or _trust_problem(folder.stat(), owner, folder)
        if why:
            raise UnusablePolicyError(str(file), why)

    try:
        # Checked and read through one descriptor, so that it cannot be swapped in between.
        return read_file(file, limit=LARGEST_TOML, check=check)
    except (FileNotFoundError, NotADirectoryError):
        if os.path.lexists(file):
            raise UnusablePolicyError(str(file), translate("broken symbolic link")) from None
        return None
    except OSError as error:
        raise UnusablePolicyError(str(file), error.strerror or str(error)) from error


def _trust_problem(found: os.stat_result, owner: int, path: Path) -> str:
    if found.st_uid != owner:
        return translate("{path} must belong to root", path=path)
    by_group = found.st_mode & stat.S_IWGRP and found.st_gid != _ROOT_ID
    if by_group or found.st_mode & stat.S_IWOTH:
        return translate("{path} must be writable by root only", path=path)
    return ""

"""Where each system keeps what an administrator has decided. Only an administrator can write there.

No variable of the environment has a say in where: a person could set it.
"""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

LINUX_FILE = Path("/etc/xdg/xdr-login/policy.toml")
MACOS_FILE = Path("/Library/Managed Preferences/io.github.xdr_login.XDRLogin.plist")
WINDOWS_KEY = r"Software\Policies\XDRLogin"
# Members that the registry has as subkeys.
WINDOWS_SUBKEYS = ("formats", "settings")

_ROOT_ID = 0
_OTHERS_MAY_WRITE = "others than root may write to {}"


class UnusablePolicyError(Exception):
    """There is a policy at `source`, which cannot be used; why, in words."""

    def __init__(self, source: str, why: str) -> None:
        super().__init__(f"{source}: {why}")
        self.source = source
        self.reason = why


@dataclass(frozen=True, slots=True)
class RawPolicy:
    """A policy as it stands at `source`. The registry has numbers in place of switches."""

    source: str
    members: Mapping[str, object]
    numbers_are_switches: bool = False


def find_policy() -> RawPolicy | None:
    """What an administrator has put where this system looks; blocks.

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
    """What the policy `file` of Linux says, which is to be `owner`'s; `None` without one."""
    import tomllib

    content = _read_trusted(file, owner)
    if content is None:
        return None
    try:
        return RawPolicy(str(file), tomllib.loads(content.decode("utf-8-sig")))
    # Both of TOML and of UTF-8 are ValueErrors; brackets may be nested too deep.
    except (ValueError, RecursionError) as error:
        raise UnusablePolicyError(str(file), str(error)) from error


def read_plist(file: Path, *, owner: int = _ROOT_ID) -> RawPolicy | None:
    """What the managed preferences `file` of macOS says; `None` without one."""
    import plistlib
    from xml.parsers.expat import ExpatError

    content = _read_trusted(file, owner)
    if content is None:
        return None
    try:
        members = plistlib.loads(content)
    except (plistlib.InvalidFileException, ExpatError, ValueError, RecursionError) as error:
        raise UnusablePolicyError(str(file), f"it is no property list: {error}") from error
    # What plistlib makes of a broken one it tells with errors of all kinds (CPython issue 61275).
    except (AttributeError, IndexError, KeyError, TypeError, OverflowError) as error:
        raise UnusablePolicyError(str(file), "it is no property list") from error
    if not isinstance(members, dict):
        raise UnusablePolicyError(str(file), "it is no dictionary")
    # macOS adds members of its own to managed preferences.
    return RawPolicy(str(file), {k: v for k, v in members.items() if not k.startswith("Payload")})


def read_registry() -> RawPolicy | None:
    """What the policy key of this Windows says; `None` without one."""
    from importlib import import_module

    winreg = import_module("winreg")  # which only Windows has
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
    """`table` as it is known: the registry does not mind capitals."""
    return table.lower() if table.lower() in WINDOWS_SUBKEYS else table


def _list_subkeys(winreg: ModuleType, path: str) -> list[str]:
    """All subkeys of a key: one with a slip in its name would otherwise forbid nothing."""
    with _open_key(winreg, path) as key:
        return [winreg.EnumKey(key, number) for number in range(winreg.QueryInfoKey(key)[0])]


def _open_key(winreg: ModuleType, path: str) -> Any:  # noqa: ANN401 - which only Windows knows
    # A 32-bit Python is to see what the policies' editor, of 64 bits, has written.
    rights = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
    return winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, path, 0, rights)


def _read_values(winreg: ModuleType, path: str) -> dict[str, object] | None:
    """The values of a key, by name; `None` where there is no such key."""
    try:
        key = _open_key(winreg, path)
    except FileNotFoundError:
        return None
    with key:
        count = winreg.QueryInfoKey(key)[1]
        found = [winreg.EnumValue(key, number) for number in range(count)]
    # The unnamed value is what old editors write when they make a key.
    return {name: value for name, value, _ in found if name}


def _read_trusted(file: Path, owner: int) -> bytes | None:
    """What is in `file`, which only `owner` may have written; `None` where there is none."""
    try:
        # Looked at and read through one descriptor: it cannot be swapped in between.
        with file.open("rb") as opened:
            why = _trust_problem(os.fstat(opened.fileno()), owner, "it")
            for folder in {file.parent, file.resolve().parent}:
                why = why or _trust_problem(folder.stat(), owner, "its folder")
            if why:
                raise UnusablePolicyError(str(file), why)
            return opened.read()
    except (FileNotFoundError, NotADirectoryError):
        if os.path.lexists(file):
            raise UnusablePolicyError(str(file), "it is a link to nothing") from None
        return None
    except OSError as error:
        raise UnusablePolicyError(str(file), error.strerror or str(error)) from error


def _trust_problem(found: os.stat_result, owner: int, what: str) -> str:
    if found.st_uid != owner:
        return f"{what} does not belong to root"
    by_group = found.st_mode & stat.S_IWGRP and found.st_gid != _ROOT_ID
    if by_group or found.st_mode & stat.S_IWOTH:
        return _OTHERS_MAY_WRITE.format(what)
    return ""

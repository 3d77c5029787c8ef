"""The program of `run` and `foreach`: how it is found, and the variables that it gets."""

from __future__ import annotations

import errno
import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING

import click

from desktop.cli.scripts.commands import VARIABLE
from desktop.cli.terminal import PROFILE_VARIABLE
from desktop.oauth.errors import printable
from desktop.services.system.translation import translate
from desktop.services.token.api_services import services_of

if TYPE_CHECKING:
    from desktop.services.model.profile import Profile

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ADDRESS_VARIABLE = re.compile(r"XDR_[A-Z0-9_]+_URL")
_REGIONS = {"xdr-nam": "nam", "xdr-eu": "eu", "xdr-apjc": "apjc"}
# Exit codes as in a shell (POSIX, Shell Command Language section 2.8.2).
_NOT_STARTED = 126
_NOT_FOUND = 127


class CannotStart(Exception):
    """The program cannot be started; the text says why, and `code` is that of a shell."""

    def __init__(self, message: str, code: int = _NOT_STARTED) -> None:
        super().__init__(message)
        self.code = code


def require_variable_name(name: str) -> None:
    """Raise `BadParameter` if `name` cannot be the name of a variable."""
    if not _NAME.fullmatch(name):
        message = translate("Use letters, digits and “_”, with no digit first.")
        raise click.BadParameter(message, param_hint="--env")


def find_program(name: str) -> str:
    """Find program `name` as a shell does, and return its path. Blocks; raises `CannotStart`."""
    found = find_on_windows(name, os.environ) if sys.platform == "win32" else shutil.which(name)
    if found is not None:
        return found
    shown = printable(name)
    if Path(name).name != name and Path(name).exists():
        raise CannotStart(translate("Can't start “{program}”: it is not a program.", program=shown))
    raise CannotStart(translate("Program “{program}” not found.", program=shown), _NOT_FOUND)


def find_on_windows(name: str, environment: Mapping[str, str]) -> str | None:
    """Find program `name` in a folder of PATH, or by its own folder. Blocks.

    `shutil.which` would search the current folder first, so a program that came with an archive or
    lies in a shared folder would get the token.
    """
    endings = [each for each in environment.get("PATHEXT", ".EXE").split(";") if each]
    if name.lower().endswith(tuple(each.lower() for each in endings)):
        endings = [""]
    folders = [""]  # `name` may have a folder of its own
    if PureWindowsPath(name).name == name:
        folders = [
            each for each in environment.get("PATH", "").split(";") if Path(each).is_absolute()
        ]
    candidates = (Path(folder, name + ending) for folder in folders for ending in endings)
    return next((str(each) for each in candidates if each.is_file()), None)


def refused_start(name: str, error: OSError) -> CannotStart:
    """Describe why the system does not start program `name`."""
    shown = printable(name)
    if error.errno == errno.E2BIG:  # Linux limits a variable to 128 kB: execve(2)
        message = translate(
            "Can't start “{program}”: the token is too long for its environment. "
            "Pipe it instead: xdr-login token | {program}",
            program=shown,
        )
    else:
        message = translate(
            "Can't start “{program}”: {reason}.", program=shown, reason=error.strerror
        )
    return CannotStart(message)


def environment_for(profile: Profile) -> dict[str, str]:
    """Make the environment of a program that works with `profile`, without the token.

    `xdr-login` in that program uses the same profile.
    """
    environment = _without_bundle(os.environ)
    around = environment.get("XDR_PROFILE")  # of `run` or `foreach` around this one
    if around not in {None, profile.id}:
        environment = {
            name: value
            for name, value in environment.items()
            if name not in {"XDR_REGION", VARIABLE} and not _ADDRESS_VARIABLE.fullmatch(name)
        }
    if region := _REGIONS.get(profile.preset):
        environment["XDR_REGION"] = region
    for service in services_of(profile):
        name = service.name.upper().replace("-", "_")
        environment[f"XDR_{name}_URL"] = service.address
    return environment | {"XDR_PROFILE": profile.id, PROFILE_VARIABLE: profile.id}


def _without_bundle(environment: Mapping[str, str]) -> dict[str, str]:
    # On macOS, PyInstaller points variables to the Qt of XDR Login, which fits no other program.
    bundle = getattr(sys, "_MEIPASS", None)
    return {
        name: value
        for name, value in environment.items()
        if bundle is None or not value.startswith(bundle)
    }


def leave_bundle() -> None:
    """Let child processes load their own libraries, not those of the bundle, on Windows.

    PyInstaller, "Launching external programs from the frozen application".
    """
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.kernel32.SetDllDirectoryW(None)

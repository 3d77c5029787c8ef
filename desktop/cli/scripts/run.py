"""`xdr-login run`: run a program with a token in its environment."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path, PureWindowsPath
from typing import NoReturn

import click

from desktop.cli.scripts.token_source import fetch_token_by_name
from desktop.cli.terminal.output import print_message
from desktop.oauth.errors import printable
from desktop.services.model.copy_formats import CopyFormat
from desktop.services.system.translation import translate

supports_exec: bool = sys.platform != "win32"
"""Whether the program can replace this process; on Windows it runs as a child."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Exit codes as in a shell (POSIX, Shell Command Language section 2.8.2).
_NOT_STARTED = 126
_NOT_FOUND = 127


def run(*, profile: str | None, variable: str, command: tuple[str, ...]) -> int:
    if not _NAME.fullmatch(variable):
        message = translate("Use letters, digits and “_”, with no digit first.")
        raise click.BadParameter(message, param_hint="--env")
    program, shown = _find_program(command[0]), printable(command[0])
    if program is None and Path(command[0]).name != command[0] and Path(command[0]).exists():
        print_message(translate("Can't start “{program}”: it is not a program.", program=shown))
        return _NOT_STARTED
    if program is None:
        print_message(translate("Program “{program}” not found.", program=shown))
        return _NOT_FOUND
    token = fetch_token_by_name(profile, CopyFormat.ENVIRONMENT).access_token
    environment = {**_without_bundle(os.environ), variable: token}
    try:
        start = _exec if supports_exec else _run_as_child
        return start(program, command, environment)
    except OSError as error:
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
        print_message(message)
        return _NOT_STARTED


def _without_bundle(environment: Mapping[str, str]) -> dict[str, str]:
    # On macOS, PyInstaller points variables to the Qt of XDR Login, which fits no other program.
    bundle = getattr(sys, "_MEIPASS", None)
    return {
        name: value
        for name, value in environment.items()
        if bundle is None or not value.startswith(bundle)
    }


def _find_program(name: str) -> str | None:
    return find_on_windows(name, os.environ) if sys.platform == "win32" else shutil.which(name)


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


def _exec(program: str, command: Sequence[str], environment: dict[str, str]) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    if sys.platform != "win32":
        # Python ignores these signals, and the program would inherit that.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    os.execve(program, list(command), environment)  # noqa: S606 - without a shell


def _run_as_child(program: str, command: Sequence[str], environment: dict[str, str]) -> int:
    if sys.platform == "win32":
        # Otherwise the program would load libraries of the bundle instead of its own (PyInstaller,
        # "Launching external programs from the frozen application").
        import ctypes

        ctypes.windll.kernel32.SetDllDirectoryW(None)
    with subprocess.Popen(  # noqa: S603 - without a shell
        list(command), executable=program, env=environment
    ) as child:
        # Ctrl-C reaches both; the exit code of the child counts.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            return child.wait()
        finally:
            signal.signal(signal.SIGINT, before)

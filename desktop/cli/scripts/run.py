"""`xdr-login run`: one program gets a token in its environment, and nobody else."""

from __future__ import annotations

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
from desktop.cli.terminal.exits import handle_errors
from desktop.cli.terminal.output import CommandWithExamples, print_message, profile_option
from desktop.oauth.errors import printable
from desktop.services.model.copy_formats import CopyFormat

VARIABLE = "XDR_ACCESS_TOKEN"

supports_exec: bool = sys.platform != "win32"
"""Whether a program can take the place of this one; on Windows it runs below it."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What shells give where a program cannot be started, or is not there (POSIX, Shell Command Language
# section 2.8.2).
_NOT_STARTED = 126
_NOT_FOUND = 127


@click.command(
    cls=CommandWithExamples,
    context_settings={"allow_interspersed_args": False},
    examples="""\
xdr-login run -- python3 hunt.py           it finds the token in $XDR_ACCESS_TOKEN
xdr-login run --profile northwind -- make report
xdr-login run --env GITHUB_TOKEN --profile github -- gh api user
                                           under the name that a program expects
""",
)
@profile_option
@click.option(
    "--env",
    "variable",
    metavar="NAME",
    default=VARIABLE,
    show_default=True,
    help="The variable that holds the token.",
)
@click.argument("command", metavar="-- COMMAND [ARG]...", nargs=-1, required=True)
@handle_errors
def run(*, profile: str | None, variable: str, command: tuple[str, ...]) -> int:
    """Give one program a token, in a variable of its environment.

    The token is valid for at least a minute, and is in no argument, file or history. Signals reach
    the program, and its exit code becomes that of this command; 126 and 127 say, as in a shell,
    that it could not be started or was not found.
    """
    if not _NAME.fullmatch(variable):
        raise click.BadParameter("letters, digits and _ only", param_hint="--env")
    program, shown = _find_program(command[0]), printable(command[0])
    if program is None and Path(command[0]).name != command[0] and Path(command[0]).exists():
        print_message(f"“{shown}” cannot be started: it is no program.")
        return _NOT_STARTED
    if program is None:
        print_message(f"There is no program “{shown}”.")
        return _NOT_FOUND
    token = fetch_token_by_name(profile, CopyFormat.ENVIRONMENT).access_token
    environment = {**_without_bundle(os.environ), variable: token}
    try:
        start = _exec if supports_exec else _run_as_child
        return start(program, command, environment)
    except OSError as error:
        print_message(f"“{shown}” cannot be started: {error.strerror}.")
        return _NOT_STARTED


def _without_bundle(environment: Mapping[str, str]) -> dict[str, str]:
    # Where PyInstaller says so, on macOS, it is to this program's Qt; another one's is another.
    bundle = getattr(sys, "_MEIPASS", None)
    return {
        name: value
        for name, value in environment.items()
        if bundle is None or not value.startswith(bundle)
    }


def _find_program(name: str) -> str | None:
    return find_on_windows(name, os.environ) if sys.platform == "win32" else shutil.which(name)


def find_on_windows(name: str, environment: Mapping[str, str]) -> str | None:
    """Where program `name` is: in a folder of PATH, or where `name` itself says. Blocks.

    `shutil.which` would look into the current folder first: a program that somebody else has left
    there, in an archive or in a shared folder, would be started and get the token.
    """
    endings = [each for each in environment.get("PATHEXT", ".EXE").split(";") if each]
    if name.lower().endswith(tuple(each.lower() for each in endings)):
        endings = [""]
    folders = [""]  # what has a folder in its name is asked for by its place
    if PureWindowsPath(name).name == name:
        folders = [
            each for each in environment.get("PATH", "").split(";") if Path(each).is_absolute()
        ]
    candidates = (Path(folder, name + ending) for folder in folders for ending in endings)
    return next((str(each) for each in candidates if each.is_file()), None)


def _exec(program: str, command: Sequence[str], environment: dict[str, str]) -> NoReturn:
    """Run `command` in place of this one."""
    sys.stdout.flush()
    sys.stderr.flush()
    if sys.platform != "win32":
        # Python ignores them, and what is ignored stays so: a child would write on to nobody.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    os.execve(program, list(command), environment)  # noqa: S606 - what was asked for, and no shell


def _run_as_child(program: str, command: Sequence[str], environment: dict[str, str]) -> int:
    if sys.platform == "win32":
        # As every start of a bundle has it, a program of ours would find the bundle's libraries
        # before its own (PyInstaller, "Launching external programs from the frozen application").
        import ctypes

        ctypes.windll.kernel32.SetDllDirectoryW(None)
    with subprocess.Popen(  # noqa: S603 - what was asked for, and no shell
        list(command), executable=program, env=environment
    ) as child:
        # Ctrl-C reaches both: how the child ends is what counts.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            return child.wait()
        finally:
            signal.signal(signal.SIGINT, before)

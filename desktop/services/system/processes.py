"""Identifying the program that a process runs: its name and its path.

Its arguments are never shown, because they may be secrets. A process can choose its name, so this
prevents mistakes but stops no attacker (SECURITY.md).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from desktop.oauth.errors import printable
from desktop.services.system.translation import translatable

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST_NAME, _LONGEST_PATH = 80, 300  # characters
_MAX_PARENTS = 4


@dataclass(frozen=True, slots=True)
class Program:
    """A program that runs as process `pid`; `path` is empty where the system does not tell it.

    For a script, `path` is that of the script, and `interpreter` that of what runs it.
    """

    name: str
    path: str = ""
    pid: int | None = None
    interpreter: str = ""


UNKNOWN_PROGRAM = Program(translatable("An unknown program"))


class Process(Protocol):
    """The part of `psutil.Process` that is used here."""

    pid: int

    def name(self) -> str: ...

    def exe(self) -> str: ...

    def cmdline(self) -> list[str]: ...

    def cwd(self) -> str: ...

    def parent(self) -> Process | None: ...


def find_program(pid: int | None) -> Program:
    """Find the program of process `pid`, or, for our own command, the program that called it.

    `UNKNOWN_PROGRAM` if the process has ended or belongs to another user. Blocks.
    """
    if pid is None:
        return UNKNOWN_PROGRAM
    import psutil  # loaded when the first program asks for a token

    try:
        return find_caller(psutil.Process(pid))
    except (psutil.Error, OSError):
        return UNKNOWN_PROGRAM


def is_own_process(pid: int) -> bool:
    """Tell whether process `pid` belongs to the same user as this process. Blocks."""
    import psutil

    try:
        return bool(psutil.Process(pid).username() == psutil.Process().username())
    except (psutil.Error, OSError):  # Windows hides the processes of other users
        return False


def find_caller(process: Process) -> Program:
    """Find the program of `process`, or, for our own command, the program that started it.

    A shell that runs one line (`sh -c`) is skipped: git starts its helpers that way.
    """
    found = _identify(process)
    for _ in range(_MAX_PARENTS):
        is_between = _is_our_command(found) or _runs_one_line(process)
        parent = process.parent() if is_between else None
        if parent is None:
            break
        process, found = parent, _identify(parent)
    return found


def _identify(process: Process) -> Program:
    exe = _try_query(process.exe)
    stem = _stem(exe)
    script = _find_script(process, stem) if _INTERPRETER.fullmatch(stem) else ""
    path = script if "/" in script or "\\" in script else exe
    return Program(
        name=printable(_name(script or exe) or process.name(), _LONGEST_NAME),
        path=printable(path, _LONGEST_PATH),
        pid=process.pid,
        interpreter=printable(exe, _LONGEST_PATH) if script else "",
    )


_INTERPRETER = re.compile(
    r"(?:python|pypy|perl|ruby|node|nodejs|deno|bun|php|lua|tclsh|java|Rscript|pwsh|powershell|"
    r"bash|sh|dash|ash|zsh|fish|ksh|mksh|busybox)w?[0-9.-]*"
)
# Options that are followed by program text; also joined to others as in `bash -lc`, or to the text.
_RUNS_TEXT = re.compile(r"-[A-Za-z]{0,4}c|-c.*|-e|--|-(?i:command)", re.DOTALL)
_SHELL = re.compile(r"bash|sh|dash|ash|zsh|fish|ksh|mksh|busybox")
_ONE_LINE = re.compile(r"-[A-Za-z]*c")
_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


def _find_script(process: Process, interpreter: str) -> str:
    """Find the script that `interpreter` runs, or the name of the module; empty for neither."""
    arguments = process.cmdline()[1:]
    for number, argument in enumerate(arguments):
        if argument.startswith("-m"):
            module = argument[2:] or "".join(arguments[number + 1 : number + 2])
            return module if _MODULE.fullmatch(module) else ""
        # To a shell it is another option, as in `#!/bin/sh -e`.
        is_option = argument == "-e" and _SHELL.fullmatch(interpreter)
        if _RUNS_TEXT.fullmatch(argument) and not is_option:
            return ""  # what follows is program text, which may contain secrets
        if not argument.startswith("-"):
            script = Path(process.cwd(), argument)
            return str(script) if script.is_file() else ""
    return ""


def _try_query(ask: Callable[[], str]) -> str:
    """Call `ask`; empty where the system refuses, as for processes of other users."""
    import psutil

    try:
        return ask()
    except (psutil.Error, OSError):
        return ""


def _runs_one_line(process: Process) -> bool:
    """Tell whether it is a shell that runs a line from its arguments."""
    if not _SHELL.fullmatch(_stem(_try_query(process.exe))):
        return False
    options = takewhile(lambda each: each.startswith("-"), process.cmdline()[1:])
    return any(_ONE_LINE.fullmatch(each) for each in options)


def _is_our_command(program: Program) -> bool:
    return program.name in {"xdr-login", "xdr-login.exe", "xdr-login-script.py", "desktop"}


def _name(path: str) -> str:
    # Not by pathlib: Windows paths are tested on other systems too.
    return path.replace("\\", "/").rpartition("/")[2]


def _stem(path: str) -> str:
    return _name(path).removesuffix(".exe")

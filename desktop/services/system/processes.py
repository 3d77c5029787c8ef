"""Which program a process is, in the words of a person: its name, and where it is.

Never its arguments: they may be secrets. A process can call itself what it likes, so this helps
against mistakes and keeps nobody out who means harm (SECURITY.md).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from desktop.oauth.errors import printable

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST_NAME, _LONGEST_PATH = 80, 300  # characters
_MAX_PARENTS = 4


@dataclass(frozen=True, slots=True)
class Program:
    """A program that runs as process `pid`; without a `path` where the system did not tell.

    `runs_in` is the interpreter of a script, whose own path is `path`.
    """

    name: str
    path: str = ""
    pid: int | None = None
    interpreter: str = ""


UNKNOWN_PROGRAM = Program("An unknown program")


class Process(Protocol):
    """What is looked at of a process, as psutil has it."""

    pid: int

    def name(self) -> str:
        """What the system calls it."""

    def exe(self) -> str:
        """Where its program is."""

    def cmdline(self) -> list[str]:
        """What it was started with."""

    def cwd(self) -> str:
        """Where it works."""

    def parent(self) -> Process | None:
        """Who started it."""


def find_program(pid: int | None) -> Program:
    """The program of process `pid`, or where that is our own command who called it. Blocks.

    `UNKNOWN` where the system does not tell: it has ended, or is another person's.
    """
    if pid is None:
        return UNKNOWN_PROGRAM
    import psutil  # loaded by the first program that asks

    try:
        return find_caller(psutil.Process(pid))
    except (psutil.Error, OSError):
        return UNKNOWN_PROGRAM


def is_own_process(pid: int) -> bool:
    """Whether process `pid` runs for the person that this one runs for. Blocks."""
    import psutil

    try:
        return bool(psutil.Process(pid).username() == psutil.Process().username())
    except (psutil.Error, OSError):  # of the processes of others Windows tells nothing
        return False


def find_caller(process: Process) -> Program:
    """The program of `process`; of our own command, the one that started it.

    A shell that was given one line (`sh -c`), as git starts its helpers, is only in between.
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
# Also joined to others, as in `bash -lc`, and with the text behind it.
_RUNS_TEXT = re.compile(r"-[A-Za-z]{0,4}c|-c.*|-e|--|-(?i:command)", re.DOTALL)
_SHELL = re.compile(r"bash|sh|dash|ash|zsh|fish|ksh|mksh|busybox")
_ONE_LINE = re.compile(r"-[A-Za-z]*c")
_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


def _find_script(process: Process, interpreter: str) -> str:
    """The script that `interpreter` runs, or the name of the module; empty for neither."""
    arguments = process.cmdline()[1:]
    for number, argument in enumerate(arguments):
        if argument.startswith("-m"):
            module = argument[2:] or "".join(arguments[number + 1 : number + 2])
            return module if _MODULE.fullmatch(module) else ""
        # A shell means something else by it, as in `#!/bin/sh -e`.
        is_option = argument == "-e" and _SHELL.fullmatch(interpreter)
        if _RUNS_TEXT.fullmatch(argument) and not is_option:
            return ""  # what follows, or stands in it, is a program, and may hold anything
        if not argument.startswith("-"):
            script = Path(process.cwd(), argument)
            return str(script) if script.is_file() else ""
    return ""


def _try_query(ask: Callable[[], str]) -> str:
    """What the system tells; empty where it does not, as of the programs of others."""
    import psutil

    try:
        return ask()
    except (psutil.Error, OSError):
        return ""


def _runs_one_line(process: Process) -> bool:
    """Whether it is a shell that was given what it runs as an argument."""
    if not _SHELL.fullmatch(_stem(_try_query(process.exe))):
        return False
    options = takewhile(lambda each: each.startswith("-"), process.cmdline()[1:])
    return any(_ONE_LINE.fullmatch(each) for each in options)


def _is_our_command(program: Program) -> bool:
    return program.name in {"xdr-login", "xdr-login.exe", "xdr-login-script.py", "desktop"}


def _name(path: str) -> str:
    # By hand: of Windows too, on whichever system it is tested.
    return path.replace("\\", "/").rpartition("/")[2]


def _stem(path: str) -> str:
    return _name(path).removesuffix(".exe")

"""Identifying the program that a process runs: its name and its path.

Its arguments are never shown, because they may be secrets. A process can choose its name, so this
prevents mistakes but stops no attacker (SECURITY.md).
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import time
from contextlib import suppress
from dataclasses import field, replace
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from desktop.frozen import frozen
from desktop.oauth.errors import printable
from desktop.services.system.interpreters import (
    SHELLS,
    Invocation,
    exported_functions,
    interpreter_name,
    is_launcher,
    is_launching_script,
    loads_more_code,
    parse_command_line,
)
from desktop.services.system.terminal.terminal_session import (
    TerminalSession,
    find_terminal_session,
)
from desktop.services.system.translation import translatable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_LONGEST_NAME, _LONGEST_PATH = 80, 300  # characters
_MAX_PARENTS = 4
_CHECK_INTERVAL = 0.02  # seconds
_LONGEST_SCRIPT = 1024 * 1024  # bytes


@frozen
class Program:
    """A program that runs as process `pid`; `path` is empty where the system does not tell it.

    For a script, `path` is that of the script, and `interpreter` that of what runs it. These texts
    are for display. `identity` changes with the exact path and with the content of each file that
    runs; it is `None` where that cannot be told, as for text typed into a shell. `origin` is what
    is known then: the interpreter, and the terminal or service in which it runs. `parent` is the
    path of what started it. `asking_pid` is the process that asks, which can be our own command,
    and `terminal` its terminal session, once somebody has looked for that.
    """

    name: str
    path: str = ""
    pid: int | None = None
    interpreter: str = ""
    identity: str | None = field(default=None, repr=False, compare=False)
    origin: str = field(default="", repr=False, compare=False)
    parent: str = field(default="", repr=False, compare=False)
    parent_pid: int | None = field(default=None, repr=False, compare=False)
    asking_pid: int | None = field(default=None, repr=False, compare=False)
    terminal: TerminalSession | None = field(default=None, repr=False, compare=False)


UNKNOWN_PROGRAM = Program(translatable("An unknown program"))


class Process(Protocol):
    """The part of `psutil.Process` that is used here."""

    pid: int

    def name(self) -> str: ...

    def exe(self) -> str: ...

    def cmdline(self) -> list[str]: ...

    def cwd(self) -> str: ...

    def environ(self) -> dict[str, str]: ...

    def parent(self) -> Process | None: ...


def find_program(pid: int | None) -> Program:
    """Find the program of process `pid`, or, for our own command, the program that called it.

    `UNKNOWN_PROGRAM` if the process has ended or belongs to another user. Blocks.
    """
    if pid is None:
        return UNKNOWN_PROGRAM
    import psutil  # loaded when the first program asks for a token

    try:
        return replace(find_caller(psutil.Process(pid)), asking_pid=pid)
    except (psutil.Error, OSError):
        return UNKNOWN_PROGRAM


def with_terminal(program: Program) -> Program:
    """Add the terminal session in which `program` asks, if there is one. Blocks."""
    import psutil

    if program.asking_pid is None:
        return program
    try:
        process = psutil.Process(program.asking_pid)
    except psutil.Error:  # it has ended
        return program
    return replace(program, terminal=find_terminal_session(process))


def end_processes(pids: Iterable[int], *, patience: float = 1.0) -> None:
    """End processes and all that they have started. Blocks.

    Each gets `patience` seconds to end by itself, then as long to obey, and is killed then.
    """
    import psutil

    found = _with_children(each for pid in pids for each in _find(pid))
    _wait_for_end(found, patience)
    for send in (psutil.Process.terminate, psutil.Process.kill):
        found = _with_children(found)  # they may have started more since
        for each in filter(_is_running, found):
            with suppress(psutil.Error):  # it has just ended
                send(each)
        _wait_for_end(found, patience)


def _wait_for_end(processes: Sequence[Any], seconds: float) -> None:
    give_up_at = time.monotonic() + seconds
    while any(map(_is_running, processes)) and time.monotonic() < give_up_at:
        time.sleep(_CHECK_INTERVAL)


def _find(pid: int) -> Iterator[Any]:
    import psutil

    with suppress(psutil.Error):
        yield psutil.Process(pid)


def _with_children(processes: Iterable[Any]) -> list[Any]:
    """List `processes` and all that they have started, as far as those who did still run."""
    import psutil

    found = dict.fromkeys(processes)
    for each in list(found):
        with suppress(psutil.Error):
            found.update(dict.fromkeys(each.children(recursive=True)))
    return list(found)


def _is_running(process: Any) -> bool:  # noqa: ANN401 - a `psutil.Process`
    import psutil

    try:
        # What has ended may wait for its parent to notice.
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
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
    found = _with_parent(found, process)
    # Who called our own command is not known then: it could be anybody.
    return replace(found, identity=None) if _is_our_command(found) else found


def _with_parent(found: Program, process: Process) -> Program:
    """Add what started `process`, which may have ended by now."""
    import psutil

    try:
        parent = process.parent()
    except (psutil.Error, OSError):
        return found
    if parent is None:
        return found
    exe = printable(_try_query(parent.exe), _LONGEST_PATH)
    return replace(found, parent=exe, parent_pid=parent.pid)


def _identify(process: Process) -> Program:
    exe = _try_query(process.exe)
    stem = _stem(exe)
    interpreter = interpreter_name(stem)
    if not interpreter:
        found, script = Invocation(), ""
        is_certain = bool(exe) and not is_launcher(stem)
    else:
        found = parse_command_line(interpreter, process.cmdline()[1:])
        script = _find_file(process, found.script)
        is_certain = found.is_certain and bool(script) and not is_launching_script(_name(script))
    environment = _environment_of(process)
    is_certain = is_certain and not loads_more_code(interpreter, environment)
    options = (*found.options, *exported_functions(interpreter, environment))
    files = [script, *(_find_file(process, each) for each in found.loaded)] if script else []
    name = _name(script or found.module or exe) or process.name()
    return Program(
        name=printable(name, _LONGEST_NAME),
        path=printable(script or exe, _LONGEST_PATH),
        pid=process.pid,
        interpreter=printable(exe, _LONGEST_PATH) if script or found.module else "",
        identity=_fingerprint(process.pid, exe, files, options) if is_certain else None,
        origin=f"{_find_group(process)}:{exe}",
    )


def _find_group(process: Process) -> int | None:
    """Return the process that leads the terminal session or service; on Windows, the parent."""
    import psutil

    session_of: Callable[[int], int] | None = getattr(os, "getsid", None)
    try:
        if session_of is not None:
            return session_of(process.pid)
        parent = process.parent()
    except (psutil.Error, OSError):
        return None
    return None if parent is None else parent.pid


def _find_file(process: Process, argument: str) -> str:
    """Return the exact path of a file in the command line; empty if there is no such file."""
    path = os.path.join(process.cwd(), argument) if argument else ""  # noqa: PTH118 - keeps its text
    if os.path.isdir(path):  # noqa: PTH112 - the same
        path = os.path.join(path, "__main__.py")  # noqa: PTH118 - which Python runs then
    return path if os.path.isfile(path) else ""  # noqa: PTH113 - any text is asked for


def _fingerprint(pid: int, exe: str, files: Sequence[str], options: Sequence[str]) -> str | None:
    """Digest what runs: the exact paths and the identity of the files, and the options.

    `None` where a file is not there, or is another one than the process sees or has loaded.
    """
    try:
        if sys.platform == "linux" and not _sees_same_files(pid, exe):
            return None
        found: list[object] = [(exe, _program_identity(exe))]
        found += [(each, _script_identity(each)) for each in files]
    except (OSError, ValueError):
        return None
    return hashlib.sha256(repr((found, tuple(options))).encode("utf-8", "replace")).hexdigest()


def _sees_same_files(pid: int, exe: str) -> bool:
    """Tell whether a path means the same to process `pid`, and `exe` is still what it runs.

    In a container it means another file, and a program can be replaced while it runs. Raises
    `OSError`.
    """
    process = Path("/proc", str(pid))
    pairs = (
        (process / "exe", Path(exe)),
        (process / "root", Path("/")),
        (process / "ns" / "mnt", Path("/proc/self/ns/mnt")),
    )
    return all(one.samefile(other) for one, other in pairs)


def _program_identity(path: str) -> tuple[int, ...]:
    found = os.stat(path)  # noqa: PTH116 - keeps the exact text
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _script_identity(path: str) -> tuple[int | str, ...]:
    """Identify a script by its file and content."""
    with open(path, "rb") as file:  # noqa: PTH123 - the same
        content = file.read(_LONGEST_SCRIPT + 1)
    if len(content) > _LONGEST_SCRIPT:
        return _program_identity(path)
    found = os.stat(path)  # noqa: PTH116
    return found.st_dev, found.st_ino, hashlib.sha256(content).hexdigest()


def _try_query(ask: Callable[[], str]) -> str:
    """Call `ask`; empty where the system refuses, as for processes of other users."""
    import psutil

    try:
        return ask()
    except (psutil.Error, OSError):
        return ""


def _environment_of(process: Process) -> dict[str, str]:
    """Read with which variables it was started; empty where the system refuses."""
    import psutil

    try:
        return process.environ()
    except (psutil.Error, OSError):
        return {}


def _runs_one_line(process: Process) -> bool:
    """Tell whether it is a shell that runs a line from its arguments."""
    if interpreter_name(_stem(_try_query(process.exe))) not in SHELLS:
        return False
    options = takewhile(lambda each: each.startswith("-"), process.cmdline()[1:])
    return any(_ONE_LINE.fullmatch(each) for each in options)


_ONE_LINE = re.compile(r"-[A-Za-z]*c")


def _is_our_command(program: Program) -> bool:
    if program.path.replace("\\", "/").endswith("/desktop/__main__.py"):
        return True
    return program.name in {
        "xdr-login",
        "xdr-login.exe",
        "xdr-login-script.py",
        "desktop",
        "xdr_login",
    }


def _name(path: str) -> str:
    # Not by pathlib: Windows paths are tested on other systems too.
    return path.replace("\\", "/").rpartition("/")[2]


def _stem(path: str) -> str:
    return _name(path).removesuffix(".exe")

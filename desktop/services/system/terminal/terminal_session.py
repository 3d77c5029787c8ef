"""Finding the terminal session of a process: an answer may apply to all that runs in it.

On Linux and macOS that is the session (setsid(2)) that has the terminal: each window, tab and pane
has its own. Windows has none, so it is the nearest shell into which somebody types.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from desktop.frozen import frozen
from desktop.oauth.errors import printable
from desktop.services.system.interpreters import SHELLS, interpreter_name

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_PARENTS = 8
_PS_TIMEOUT = 2.0  # seconds
_LONGEST_NAME = 40  # characters


@frozen
class TerminalSession:
    """A terminal session. `app` is the name of what shows it, empty if it is not known.

    `identity` is the process that leads it and when that started: the number of a process that has
    ended is used again. So a session that has ended is never found again.
    """

    identity: str
    app: str = ""


class Process(Protocol):
    """The part of `psutil.Process` that is used here."""

    pid: int

    def name(self) -> str: ...

    def exe(self) -> str: ...

    def cmdline(self) -> list[str]: ...

    def create_time(self) -> float: ...

    def parent(self) -> Process | None: ...


def find_terminal_session(process: Process) -> TerminalSession | None:
    """Find the terminal session in which `process` runs, if it runs in one. Blocks."""
    import psutil

    try:
        leader = find_leader(process) if hasattr(os, "getsid") else find_shell(process)
        if leader is None:
            return None
        return TerminalSession(f"{leader.pid}:{leader.create_time()}", find_app(leader))
    except (psutil.Error, OSError):  # it has ended, or belongs to another user
        return None


def find_leader(process: Process) -> Process | None:
    """Find what leads the session of `process`; `None` for a daemon, which has no terminal."""
    import psutil

    session_of: Callable[[int], int] = getattr(os, "getsid")  # noqa: B009 - not on Windows
    if not _has_terminal(process.pid):
        return None
    leader = session_of(process.pid)
    return psutil.Process(leader) if leader > 0 else None  # 0: it is outside our container


def _has_terminal(pid: int) -> bool:
    """Tell whether its session has a terminal; psutil lists the terminals only once."""
    return terminal_in_proc(pid) if sys.platform == "linux" else terminal_by_ps(pid)


def terminal_in_proc(pid: int) -> bool:
    """Read in proc(5) whether a process has a terminal (tty_nr); raises `OSError`."""
    # The name of the program, which comes before, can contain anything.
    numbers = Path("/proc", str(pid), "stat").read_text(errors="replace").rpartition(")")[2]
    return numbers.split()[4] != "0"


def terminal_by_ps(pid: int) -> bool:
    """Ask ps(1) whether a process has a terminal; raises `OSError`."""
    import subprocess

    command = ["/bin/ps", "-o", "tty=", "-p", str(pid)]
    try:
        found = subprocess.run(  # noqa: S603 - a fixed program, and a number
            command, capture_output=True, text=True, check=False, timeout=_PS_TIMEOUT
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError from error
    return found.stdout.strip(" \n?-") != ""


def find_shell(process: Process) -> Process | None:
    """Find the nearest shell into which somebody types, from `process` on."""
    return next(filter(_is_typed_into, _with_parents(process)), None)


def app_name(path: str) -> str:
    """Name the program at `path`: as people know it, or by its file."""
    name = path.replace("\\", "/").rpartition("/")[2]
    return _APPS.get(_stem_of(path), name)


def find_app(leader: Process) -> str:
    """Name what shows the terminal: the nearest known program above it, or what started it."""
    parents = islice(_with_parents(leader), 1, None)
    first = next(parents, None)
    if first is None:
        return ""
    for each in chain((first,), parents):
        if found := _APPS.get(_stem(each)):
            return found
    name = _name(first)
    return "" if name in _NO_APPS else printable(name, _LONGEST_NAME)


def _name(process: Process) -> str:
    """Name a program, or the script that it runs; empty for an interpreter alone."""
    stem = _stem(process)
    name = _stem_of(process.name()) if interpreter_name(stem) else stem
    return "" if interpreter_name(name) else name


def _with_parents(process: Process) -> Iterator[Process]:
    current: Process | None = process
    for _ in range(_MAX_PARENTS):
        if current is None:
            return
        yield current
        current = current.parent()


def _is_typed_into(process: Process) -> bool:
    """Tell whether it is a shell that was started neither for one line nor for a script."""
    if _stem(process) not in {*SHELLS, "cmd", "powershell", "pwsh", "nu"}:
        return False
    words = {each.casefold() for each in process.cmdline()[1:]}
    return bool(words & _STAYS) or words <= _CHANGES_NOTHING


# What else an argument means is not read: then the next shell counts, or none.
_STAYS = {"/k", "-noexit"}
_CHANGES_NOTHING = {
    *("/d", "/q", "-nologo", "-noprofile", "-nop", "-interactive"),
    *("-i", "-l", "-il", "-li", "-login", "--login", "--interactive"),
}


def _stem(process: Process) -> str:
    import psutil

    try:
        path = process.exe()
    except (psutil.Error, OSError):  # as for `xterm` and `sshd`
        path = process.name().partition(":")[0]  # "tmux: server"
    return _stem_of(path)


def _stem_of(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2].casefold().removesuffix(".exe")


_NO_APPS = {"", "systemd", "init", "launchd", "explorer", "cmd", "powershell", "pwsh"}
# By the file name in lower case. These names are not translated.
_APPS = {
    "alacritty": "Alacritty",
    "code": "Visual Studio Code",
    "codium": "VSCodium",
    "cursor": "Cursor",
    "emacs": "Emacs",
    "foot": "foot",
    "ghostty": "Ghostty",
    "gnome-terminal-server": "GNOME Terminal",
    "iterm2": "iTerm2",
    "itermserver": "iTerm2",
    "kgx": "GNOME Console",
    "kitty": "kitty",
    "konsole": "Konsole",
    "lxterminal": "LXTerminal",
    "mate-terminal": "MATE Terminal",
    "openconsole": "Windows Terminal",
    "ptyxis": "Ptyxis",
    "ptyxis-agent": "Ptyxis",
    "qterminal": "QTerminal",
    "screen": "GNU Screen",
    "sshd": "SSH",
    "sshd-session": "SSH",
    "terminal": "Terminal",
    "tilix": "Tilix",
    "tmux": "tmux",
    "urxvt": "rxvt-unicode",
    "wezterm-gui": "WezTerm",
    "windowsterminal": "Windows Terminal",
    "xfce4-terminal": "Xfce Terminal",
    "xterm": "XTerm",
    "yakuake": "Yakuake",
    "zellij": "Zellij",
}

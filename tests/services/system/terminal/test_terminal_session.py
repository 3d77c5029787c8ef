"""The terminal session of a program: one for each terminal, and gone with it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from desktop.services.system.processes import UNKNOWN_PROGRAM, find_program, with_terminal
from desktop.services.system.terminal.terminal_session import (
    TerminalSession,
    find_app,
    find_leader,
    find_shell,
    find_terminal_session,
    terminal_by_ps,
)

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no sessions")

# Leads a session with a terminal; starts what is typed, and prints its number.
SHELL = """
import fcntl, subprocess, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
sys.stdout.write("ready\\n"); sys.stdout.flush()
for line in sys.stdin:
    alone, *command = line.split()
    found = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=alone == "alone")
    sys.stdout.write(f"<{found.pid}>\\n"); sys.stdout.flush()
"""


@dataclass
class Terminal:
    """A real terminal, with a shell in it."""

    file: int
    shell: "subprocess.Popen[bytes]"

    def start(self, *, alone: bool = False) -> int:
        """Start a program in it, or, `alone`, in a session of its own; gives its number."""
        os.write(self.file, f"{'alone' if alone else 'together'} sleep 600\n".encode())
        seen = b""
        while b">" not in seen:
            seen += os.read(self.file, 1024)
        return int(seen[seen.index(b"<") + 1 : seen.index(b">")])


@contextmanager
def terminal() -> Iterator[Terminal]:
    ours, theirs = os.openpty()

    command = [sys.executable, "-c", SHELL]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as shell:
        os.close(theirs)
        while b"ready" not in os.read(ours, 1024):
            pass
        children: list[psutil.Process] = []
        try:
            yield Terminal(ours, shell)
        finally:
            if shell.poll() is None:
                children = psutil.Process(shell.pid).children(recursive=True)
            for each in children:
                each.kill()
            shell.kill()
            os.close(ours)


def session_of(pid: int) -> TerminalSession | None:
    return with_terminal(find_program(pid)).terminal


@posix_only
def test_all_programs_in_a_terminal_share_its_session_and_no_other_has_it() -> None:
    with terminal() as one, terminal() as other:
        first, second, elsewhere = one.start(), one.start(), other.start()
        sessions = [session_of(each) for each in (first, second, elsewhere)]
        assert None not in sessions
        assert sessions[0] == sessions[1] != sessions[2]


@posix_only
def test_a_terminal_that_was_opened_later_is_found() -> None:
    """The list of terminals in psutil is not read again."""
    with terminal() as one:
        assert session_of(one.start()) is not None
        with terminal() as other:
            assert session_of(other.start()) is not None


@posix_only
def test_ps_tells_the_same() -> None:
    with terminal() as one:
        inside, outside = one.start(), one.start(alone=True)
        assert terminal_by_ps(inside)
        assert not terminal_by_ps(outside)


@posix_only
def test_a_system_that_does_not_answer_has_no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(command: list[str], **_options: object) -> None:
        raise subprocess.TimeoutExpired(command, 2)

    monkeypatch.setattr(sys, "platform", "darwin")
    with terminal() as one:
        process = psutil.Process(one.start())
        with monkeypatch.context() as context:
            context.setattr(subprocess, "run", hang)
            assert find_terminal_session(process) is None
        assert find_terminal_session(process) is not None


@posix_only
def test_a_program_without_a_terminal_has_no_session() -> None:
    with terminal() as one:
        assert session_of(one.start(alone=True)) is None
    command = [sys.executable, "-c", "input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as daemon:
        assert session_of(daemon.pid) is None
        daemon.kill()


@posix_only
def test_a_program_that_outlives_its_terminal_has_no_session() -> None:
    with terminal() as one:
        left = psutil.Process(one.start())
        left.suspend()  # so that it does not end with the terminal
        assert session_of(left.pid) is not None
        one.shell.kill()
        one.shell.wait()
        assert session_of(left.pid) is None
        left.kill()


@posix_only
def test_a_number_that_is_used_again_is_another_session(monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal() as one:
        process = psutil.Process(one.start())
        before = find_terminal_session(process)
        started_at = psutil.Process(one.shell.pid).create_time()
        monkeypatch.setattr(psutil.Process, "create_time", lambda _self: started_at + 0.01)
        after = find_terminal_session(process)
    assert before is not None
    assert after is not None
    assert before.identity.split(":")[0] == after.identity.split(":")[0]
    assert before.identity != after.identity


@posix_only
def test_a_session_outside_our_container_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal() as one:
        process = psutil.Process(one.start())
        assert find_leader(process) is not None
        monkeypatch.setattr(os, "getsid", lambda _pid: 0)
        assert find_leader(process) is None


@posix_only
def test_what_ends_meanwhile_has_no_session() -> None:
    assert with_terminal(UNKNOWN_PROGRAM) == UNKNOWN_PROGRAM
    with terminal() as one:
        process = psutil.Process(one.start())
        program = find_program(process.pid)
        process.kill()
        one.shell.kill()
        psutil.wait_procs([process])
        assert find_terminal_session(process) is None
        assert with_terminal(program).terminal is None


@dataclass
class Made:
    """A process as a test has it."""

    where: str
    arguments: list[str] = field(default_factory=list)
    starter: "Made | None" = None
    pid: int = 7
    is_refused: bool = False
    title: str = ""

    def name(self) -> str:
        return self.title or Path(self.where).name

    def exe(self) -> str:
        if self.is_refused:
            raise psutil.AccessDenied(self.pid)
        return self.where

    def cmdline(self) -> list[str]:
        return [self.where, *self.arguments]

    def create_time(self) -> float:
        return 1.0

    def parent(self) -> "Made | None":
        return self.starter


def chain(*places: str) -> Made:
    """Make a process, the one that started it, and so on."""
    found: Made | None = None
    for each in reversed(places):
        found = Made(each, starter=found)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("places", "name"),
    [
        (["/bin/bash", "/usr/libexec/gnome-terminal-server", "/usr/lib/systemd"], "GNOME Terminal"),
        (["/bin/zsh", "/usr/share/code/code", "/usr/bin/kgx"], "Visual Studio Code"),
        (["/bin/bash", "/usr/bin/script", "/bin/bash", "/usr/bin/konsole"], "Konsole"),
        (["/bin/bash", "/usr/bin/new-terminal", "/usr/lib/systemd/systemd"], "new-terminal"),
        (["/bin/bash", "/usr/bin/\u202enew"], "new"),
        (["/bin/bash", "/usr/lib/systemd/systemd"], ""),
        (["/bin/bash"], ""),
        (
            [r"C:\x\pwsh.exe", r"C:\Program Files\WindowsApps\WindowsTerminal.exe"],
            "Windows Terminal",
        ),
        ([r"C:\Windows\System32\cmd.exe", r"C:\Windows\explorer.exe"], ""),
    ],
)
def test_what_shows_the_terminal_is_named(places: list[str], name: str) -> None:
    assert find_app(chain(*places)) == name


@pytest.mark.parametrize(
    ("comm", "name"), [("tmux: server", "tmux"), ("sshd-session", "SSH"), ("xterm", "XTerm")]
)
def test_what_the_system_tells_only_the_name_of_is_named(comm: str, name: str) -> None:
    shell = Made("/bin/bash", starter=Made(comm, is_refused=True))
    assert find_app(shell) == name


@pytest.mark.parametrize(("title", "name"), [("terminator", "terminator"), ("python3", "")])
def test_a_terminal_that_is_a_script_is_named_after_it(title: str, name: str) -> None:
    shell = Made("/bin/bash", starter=Made("/usr/bin/python3.11", title=title))
    assert find_app(shell) == name


@pytest.mark.parametrize(
    ("path", "arguments"),
    [
        (r"C:\Windows\System32\cmd.exe", []),
        (r"C:\Windows\System32\cmd.exe", ["/K", "vcvars64.bat"]),
        (r"C:\Program Files\PowerShell\7\pwsh.exe", ["-NoLogo"]),
        (r"C:\x\powershell.exe", ["-NoExit", "-Command", "try { . 'integration.ps1' }"]),
        (r"C:\Program Files\Git\usr\bin\bash.exe", ["--login", "-i"]),
    ],
)
def test_on_windows_the_shell_that_somebody_types_into_leads(
    path: str, arguments: list[str]
) -> None:
    shell = Made(path, arguments, Made(r"C:\x\WindowsTerminal.exe"), pid=5)
    script = Made(r"C:\Python\python.exe", ["deploy.py"], shell, pid=6)
    assert find_shell(Made(r"C:\x\xdr-login.exe", ["token"], script)) is shell


@pytest.mark.parametrize(
    ("path", "arguments"),
    [
        (r"C:\Windows\System32\cmd.exe", ["/C", "deploy.bat"]),
        (r"C:\x\pwsh.exe", ["-File", "deploy.ps1"]),
        (r"C:\x\pwsh.exe", ["deploy.ps1"]),
        (r"C:\Program Files\Git\usr\bin\sh.exe", ["-c", "xdr-login token"]),
    ],
)
def test_on_windows_a_shell_that_runs_a_script_leads_nothing(
    path: str, arguments: list[str]
) -> None:
    service = Made(r"C:\Windows\System32\services.exe", pid=4)
    between = Made(path, arguments, service, pid=5)
    ours = Made(r"C:\x\xdr-login.exe", ["token"], between)
    assert find_shell(ours) is None
    typed = between.starter = Made(r"C:\Windows\System32\cmd.exe", pid=3)
    assert find_shell(ours) is typed

"""Identifying a program by its name and its path, never by its arguments."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from desktop.services.system.processes import (
    UNKNOWN_PROGRAM,
    Program,
    find_caller,
    find_program,
    is_own_process,
)


@dataclass
class Made:
    """A process as a test has it; `told` is what the system refuses to tell."""

    where: str
    arguments: list[str] = field(default_factory=list)
    folder: str = "/"
    starter: "Made | None" = None
    pid: int = 7
    refused: bool = False

    def name(self) -> str:
        return "called-so"

    def exe(self) -> str:
        if self.refused:
            raise psutil.AccessDenied(self.pid)
        return self.where

    def cmdline(self) -> list[str]:
        return [self.where, *self.arguments]

    def cwd(self) -> str:
        return self.folder

    def parent(self) -> "Made | None":
        return self.starter


@pytest.fixture
def script(tmp_path: Path) -> Path:
    (tmp_path / "deploy.py").touch()
    return tmp_path / "deploy.py"


def test_a_program_is_named_after_its_executable() -> None:
    found = find_caller(Made("/opt/tools/sync", ["--password", "SECRET"]))
    assert found == Program("sync", "/opt/tools/sync", 7)


@pytest.mark.parametrize("interpreter", ["python3.11", "bash", "node", "pwsh", "python.exe", "sh"])
def test_an_interpreter_is_named_after_its_script(interpreter: str, script: Path) -> None:
    process = Made(f"/usr/bin/{interpreter}", ["-u", "deploy.py", "SECRET"], str(script.parent))
    found = find_caller(process)
    assert found == Program("deploy.py", str(script), 7, f"/usr/bin/{interpreter}")


@pytest.mark.parametrize("shell", ["bash", "sh", "dash", "busybox"])
def test_sh_dash_e_is_named_after_its_script(shell: str, script: Path) -> None:
    found = find_caller(Made(f"/usr/bin/{shell}", ["-e", str(script), "SECRET"]))
    assert (found.name, found.path) == ("deploy.py", str(script))


@pytest.mark.parametrize(
    "arguments",
    [
        ["-c", "print('SECRET')"],
        ["-cprint('SECRET')\npass", __file__],
        ["-Ic", "print('SECRET')", __file__],
        ["-lc", "SECRET" * 100],
        ["-e", "SECRET"],
        ["-Command", "SECRET"],
        ["SECRET"],
        ["-m", "SECRET token"],
        ["-m"],
        ["-i"],
        [],
    ],
)
def test_arguments_of_an_interpreter_are_not_shown(arguments: list[str]) -> None:
    found = find_caller(Made("/usr/bin/python3", arguments))
    assert found == Program("python3", "/usr/bin/python3", 7)


@pytest.mark.parametrize("arguments", [["-m", "pytest", "SECRET"], ["-mpytest", __file__]])
def test_a_module_is_named(arguments: list[str]) -> None:
    found = find_caller(Made("/usr/bin/python3", arguments))
    assert found == Program("pytest", "/usr/bin/python3", 7, "/usr/bin/python3")


@pytest.mark.parametrize(
    "ours",
    [
        Made("/opt/xdr-login/xdr-login", ["token"]),
        Made(r"C:\Program Files\XDR Login\xdr-login.exe", ["token"]),
        Made("/usr/bin/python3", ["-m", "desktop", "token"]),
    ],
)
def test_our_own_command_is_replaced_by_its_caller(ours: Made, script: Path) -> None:
    ours.starter = Made("/usr/bin/bash", [str(script)], pid=8)
    assert find_caller(ours) == Program("deploy.py", str(script), 8, "/usr/bin/bash")
    ours.starter = None
    assert find_caller(ours).pid == 7


@pytest.mark.parametrize("shell", ["/usr/bin/dash", "/bin/bash", "C:/Git/usr/bin/sh.exe"])
@pytest.mark.parametrize("options", [["-c"], ["-lc"], ["-e", "-c"]])
def test_a_shell_with_a_single_line_is_skipped(shell: str, options: list[str]) -> None:
    git = Made("/usr/lib/git-core/git-remote-https", pid=9)
    between = Made(shell, [*options, 'xdr-login credential git "$@"', "get"], pid=8, starter=git)
    ours = Made("/opt/xdr-login", ["credential", "git", "get"], starter=between)
    assert find_caller(ours) == Program("git-remote-https", git.where, 9)
    between.starter = None
    assert find_caller(ours).path == shell


def test_an_interactive_shell_is_the_caller() -> None:
    shell = Made("/usr/bin/bash", ["-l"], pid=8, starter=Made("/usr/bin/xterm", pid=9))
    assert find_caller(Made("/opt/xdr-login", ["token"], starter=shell)).path == "/usr/bin/bash"


def test_a_chain_of_our_own_commands_is_followed_for_a_few_steps() -> None:
    process = Made("/opt/xdr-login", pid=0)
    for pid in range(1, 50):
        process = Made("/opt/xdr-login", pid=pid, starter=process)
    assert find_caller(process).name == "xdr-login"


def test_a_process_without_a_readable_path_has_a_name() -> None:
    assert find_caller(Made("/root/secret", refused=True)) == Program("called-so", "", 7)


def test_misleading_characters_are_not_shown() -> None:
    assert "\u202e" not in find_caller(Made("/opt/\u202egpj.exe")).name


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    (tmp_path / "nightly.py").write_text("print(flush=True); input()")
    command = [sys.executable, "nightly.py", "SECRET"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()  # before, the system may not tell its arguments yet
        yield process
        process.kill()


def test_a_real_process_is_found(sleeper: subprocess.Popen[bytes], tmp_path: Path) -> None:
    found = find_program(sleeper.pid)
    assert (found.name, found.path) == ("nightly.py", str(tmp_path / "nightly.py"))
    assert found.interpreter == os.path.realpath(sys.executable)
    assert is_own_process(sleeper.pid)
    sleeper.kill()
    sleeper.wait()
    assert not is_own_process(sleeper.pid)
    assert find_program(sleeper.pid) == UNKNOWN_PROGRAM
    assert find_program(None) == UNKNOWN_PROGRAM

"""Identifying a program by its name and its path, never by its arguments."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

import desktop.__main__
from desktop.services.system.processes import (
    UNKNOWN_PROGRAM,
    Program,
    end_processes,
    find_caller,
    find_program,
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

    def environ(self) -> dict[str, str]:
        return {}

    def parent(self) -> "Made | None":
        return self.starter


@pytest.fixture
def script(tmp_path: Path) -> Path:
    (tmp_path / "deploy.py").touch()
    return tmp_path / "deploy.py"


def test_a_program_is_named_after_its_executable() -> None:
    found = find_caller(Made("/opt/tools/sync", ["--password", "SECRET"]))
    assert found == Program("sync", "/opt/tools/sync", 7)


def test_the_parent_of_the_caller_is_known() -> None:
    shell = Made("/usr/bin/bash", pid=5)
    caller = Made("/opt/tools/sync", pid=6, starter=shell)
    found = find_caller(Made("/usr/bin/xdr-login", starter=caller))
    assert (found.name, found.parent, found.parent_pid) == ("sync", "/usr/bin/bash", 5)
    alone = find_caller(Made("/opt/tools/sync"))
    assert (alone.parent, alone.parent_pid) == ("", None)


def test_a_parent_that_has_ended_does_not_hide_the_program() -> None:
    class Orphan(Made):
        def parent(self) -> Made | None:
            raise psutil.NoSuchProcess(self.pid)

    assert find_caller(Orphan("/opt/tools/sync")).name == "sync"


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
        Made("/usr/bin/python3", ["-m", "xdr_login", "token"]),
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
    sleeper.kill()
    sleeper.wait()
    assert find_program(sleeper.pid) == UNKNOWN_PROGRAM
    assert find_program(None) == UNKNOWN_PROGRAM


TREE = """\
import subprocess, sys, signal
signal.signal(signal.SIGTERM, getattr(signal, sys.argv[1]))
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
child.wait()
"""


@pytest.mark.parametrize("on_request", ["SIG_DFL", "SIG_IGN"])
def test_a_process_ends_with_what_it_started_even_if_it_does_not_obey(on_request: str) -> None:
    command = [sys.executable, "-c", TREE, on_request]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        child = psutil.Process(int(process.stdout.readline()))
        end_processes([process.pid], patience=0.1)
        assert process.wait(20) != 0
    gone, _ = psutil.wait_procs([child], timeout=20)
    assert gone == [child]


def test_a_process_that_has_ended_needs_no_end(sleeper: subprocess.Popen[bytes]) -> None:
    sleeper.kill()
    sleeper.wait()
    started = time.monotonic()
    end_processes([sleeper.pid], patience=20)
    assert time.monotonic() - started < 10


Start = Callable[..., Program]
WAIT = "print(flush=True); input()"

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a command in a folder, and find its program."""
    started: list[subprocess.Popen[bytes]] = []

    def run(*command: str | Path, folder: Path = tmp_path, **variables: str) -> Program:
        process = subprocess.Popen(
            [str(each) for each in command],
            cwd=folder,
            env=os.environ | variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        started.append(process)
        assert process.stdout is not None
        process.stdout.readline()
        return find_program(process.pid)

    yield run
    for process in started:
        process.kill()
        process.communicate()


def write(file: Path, text: str = WAIT) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file


@linux_only
@pytest.mark.parametrize("names", [("a b.py", "a  b.py"), ("a.py", "a\u200b.py"), ("A.py", "a.py")])
def test_scripts_with_similar_names_do_not_share_an_answer(
    start: Start, tmp_path: Path, names: tuple[str, str]
) -> None:
    one, other = (start(sys.executable, write(tmp_path / each)) for each in names)
    assert None not in {one.identity, other.identity}
    assert one.identity != other.identity


@linux_only
def test_paths_that_differ_after_what_is_shown_do_not_share_an_answer(
    start: Start, tmp_path: Path
) -> None:
    deep = tmp_path / ("x" * 200) / ("y" * 200)
    deep.mkdir(parents=True)
    one, other = (start(sys.executable, write(deep / each)) for each in ("a.py", "b.py"))
    assert one.path == other.path
    assert one.identity != other.identity


@linux_only
def test_another_start_of_the_same_script_shares_the_answer(start: Start, tmp_path: Path) -> None:
    script = write(tmp_path / "x.py")
    known = start(sys.executable, script).identity
    assert known is not None
    write(script)  # the same content, as a deployment does
    assert start(sys.executable, script).identity == known
    assert start(sys.executable, "x.py").identity == known
    assert start(sys.executable, script, "an-argument").identity == known


@linux_only
def test_a_script_that_was_replaced_is_asked_about(start: Start, tmp_path: Path) -> None:
    script = write(tmp_path / "x.py")
    before = start(sys.executable, script).identity
    stamp = script.stat()
    write(script, WAIT.replace("input", "input "))
    os.utime(script, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    changed = start(sys.executable, script).identity
    write(tmp_path / "other.py").rename(script)
    assert len({before, changed, start(sys.executable, script).identity, None}) == 4


@linux_only
def test_a_relative_script_is_known_by_its_folder(start: Start, tmp_path: Path) -> None:
    for name in ("one", "other"):
        write(tmp_path / name / "x.py")
    one = start(sys.executable, "x.py", folder=tmp_path / "one")
    other = start(sys.executable, "x.py", folder=tmp_path / "other")
    assert one.identity != other.identity


@linux_only
def test_a_link_that_points_elsewhere_is_asked_about(start: Start, tmp_path: Path) -> None:
    link = tmp_path / "link.py"
    link.symlink_to(write(tmp_path / "a.py"))
    before = start(sys.executable, link).identity
    link.unlink()
    link.symlink_to(write(tmp_path / "b.py"))
    assert start(sys.executable, link).identity not in {None, before}


@linux_only
def test_an_option_with_a_value_does_not_hide_the_script(start: Start, tmp_path: Path) -> None:
    for name in ("x.py", "y.py"):
        write(tmp_path / name)
    one, other = (start(sys.executable, "-W", "ignore", each) for each in ("x.py", "y.py"))
    assert (one.name, other.name) == ("x.py", "y.py")
    assert len({one.identity, other.identity, None}) == 3
    assert start(sys.executable, "-X", "dev", "x.py").identity != one.identity


@linux_only
def test_what_an_interpreter_runs_as_text_is_asked_about(start: Start, tmp_path: Path) -> None:
    write(tmp_path / "module.py")
    assert start(sys.executable, "-c", WAIT).identity is None
    assert start(sys.executable, "-m", "module").identity is None
    assert start("bash", "-c", "echo; read line").identity is None
    assert start("bash", write(tmp_path / "x.sh", "echo; read line")).identity is not None


@linux_only
def test_what_cannot_be_told_comes_from_the_same_place_in_a_loop(start: Start) -> None:
    one, other = (start(sys.executable, "-c", WAIT) for _ in range(2))
    assert one.pid != other.pid
    assert one.origin == other.origin
    assert start("perl", "-e", "$| = 1; print qq(\\n); <STDIN>").origin != one.origin
    assert start("setsid", sys.executable, "-c", WAIT).origin != one.origin


@linux_only
def test_a_script_into_which_a_variable_loads_code_is_asked_about(
    start: Start, tmp_path: Path
) -> None:
    script = write(tmp_path / "x.py")
    assert start(sys.executable, script, NODE_OPTIONS="-r ./a.js").identity is not None
    assert start(sys.executable, script, PYTHONPATH=str(tmp_path)).identity is None
    assert start(sys.executable, script, LD_LIBRARY_PATH=str(tmp_path)).identity is None


@linux_only
def test_a_shell_with_other_functions_does_not_share_an_answer(
    start: Start, tmp_path: Path
) -> None:
    script = write(tmp_path / "x.sh", "echo; read line")
    functions = [{"BASH_FUNC_curl%%": f"() {{ {code}; }}"} for code in ("true", "false", "true")]
    one, other, again = (start("bash", script, **each).identity for each in functions)
    assert None not in {one, other}
    assert one == again != other


@linux_only
def test_another_program_under_the_same_path_is_asked_about(tmp_path: Path) -> None:
    program = tmp_path / "tool"
    shutil.copy("/bin/cat", program)

    def run() -> "subprocess.Popen[bytes]":
        return subprocess.Popen([program], stdin=subprocess.PIPE)

    with run() as first:
        before = find_program(first.pid).identity
        program.unlink()
        assert find_program(first.pid).identity is None, "what it runs is no longer there"
        shutil.copy("/bin/cat", program)
        assert find_program(first.pid).identity is None, "it runs another file"
        with run() as second:
            assert find_program(second.pid).identity not in {None, before}
            second.kill()
        first.kill()
    assert before is not None


@linux_only
def test_a_program_in_another_namespace_is_asked_about(start: Start, tmp_path: Path) -> None:
    tool = shutil.which("unshare")
    command = [tool or "", "--mount", sys.executable, str(write(tmp_path / "x.py"))]
    if tool is None or subprocess.run([*command[:2], "true"], check=False).returncode:
        pytest.skip("needs unshare, and the right to use it")
    assert start(*command).identity is None


def test_a_launcher_is_asked_about(tmp_path: Path) -> None:
    for name in ("make", "uv", "env"):
        program = tmp_path / name
        shutil.copy("/bin/cat", program)
        with subprocess.Popen([program], stdin=subprocess.PIPE) as process:
            assert find_program(process.pid).identity is None
            process.kill()


@linux_only
def test_our_own_command_without_a_known_caller_is_asked_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "xdr-login"
    shutil.copy("/bin/cat", program)
    with subprocess.Popen([program], stdin=subprocess.PIPE) as process:
        monkeypatch.setattr(psutil.Process, "parent", lambda _: None)
        found = find_program(process.pid)
        process.kill()
    assert (found.name, found.identity) == ("xdr-login", None)


@pytest.mark.parametrize("name", ["__main__.py", ""])
def test_starting_by_file_or_folder_is_our_own_command(script: Path, name: str) -> None:
    started = str(Path(desktop.__main__.__file__).parent / name)
    ours = Made("/usr/bin/python3", ["-P", started, "token"])
    ours.starter = Made("/usr/bin/bash", [str(script)], pid=8)
    assert find_caller(ours).name == "deploy.py"

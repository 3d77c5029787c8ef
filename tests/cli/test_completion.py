"""What the shells of Debian make of our completion, and man of our manual."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from builder.manual import man_page

from desktop.cli.completion import completion_script
from desktop.cli.program import COMMANDS
from tests.cli.commands import COMMAND, environment, run
from tests.rigs import requirements
from tests.rigs.process import TIMEOUT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the shells of other systems")

PROFILES = """
[profiles.soc]
issuer = "https://login.example"
client_id = "c"
name = "Northwind SOC"
services = { conure = "https://conure.example" }
[profiles.soc.exchanges.orders]
[profiles.lab]
issuer = "https://login.example"
client_id = "c"
[profiles.lab.exchanges.stock]
[profiles.github]
preset = "github"
client_id = "c"
"""


@pytest.fixture
def shell(own_folders: Path) -> dict[str, str]:
    """The environment of a shell that finds the command by its name, and has two profiles."""
    folder = own_folders / "config" / "xdr-login"
    folder.mkdir()
    (folder / "profiles.toml").write_text(PROFILES)
    command = own_folders / "bin" / "xdr-login"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {" ".join(COMMAND)} "$@"\n')
    command.chmod(0o755)
    return {**environment(), "PATH": f"{command.parent}:{os.environ['PATH']}", "TERM": "dumb"}


def told_by(command: list[str], base: dict[str, str]) -> list[str]:
    """The lines that a shell prints, which must not complain."""
    done = subprocess.run(
        command, env=base, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


CASES = [
    ("xdr-login st", "status"),
    ("xdr-login profiles ed", "edit"),
    ("xdr-login login --no-b", "--no-browser"),
    ("xdr-login login --profile s", "soc"),
    ("xdr-login profiles show l", "lab"),
    ("xdr-login completion z", "zsh"),
    ("xdr-login token --for o", "orders"),
    ("xdr-login token --profile lab --for s", "stock"),
    ("xdr-login profiles add x --grant cl", "client-credentials"),
    ("xdr-login api GET conu", "conure:/"),
    ("xdr-login api --profile lab GET serv", "server:/"),
    ("xdr-login api GET /iroh/oauth2/grant-st", "/iroh/oauth2/grant-status"),
]


@pytest.mark.parametrize(("typed", "completed"), CASES)
def test_bash_completes(shell: dict[str, str], typed: str, completed: str) -> None:
    requirements.require("completion", "bash")
    words = " ".join(typed.split(" "))
    code = (
        f"{completion_script('bash')}\nCOMP_WORDS=({words}); "
        f"COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n"
        "_xdr_login_completion xdr-login; printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    assert told_by(["bash", "--norc", "-c", code], shell) == [completed]


@pytest.mark.parametrize(("typed", "completed"), CASES)
def test_fish_completes(shell: dict[str, str], typed: str, completed: str) -> None:
    requirements.require("completion", "fish")
    code = f'{completion_script("fish")}\ncomplete --do-complete "{typed}"'
    told = told_by(["fish", "--no-config", "--command", code], shell)
    assert [line.partition("\t")[0] for line in told] == [completed]


@pytest.mark.parametrize(("typed", "completed"), CASES[:4])
def test_zsh_completes(
    shell: dict[str, str], own_folders: Path, typed: str, completed: str
) -> None:
    requirements.require("completion", "zsh")
    import pty

    start = f"autoload -U compinit && compinit -u -D\nPS1='ready> '\n{completion_script('zsh')}\n"
    (own_folders / ".zshrc").write_text(f"unsetopt zle_bracketed_paste\n{start}")
    terminal, inside = pty.openpty()
    with subprocess.Popen(
        ["zsh", "-i"],  # noqa: S607 - the one that people have
        env={**shell, "ZDOTDIR": str(own_folders)},
        stdin=inside,
        stdout=inside,
        stderr=inside,
        start_new_session=True,
    ):
        os.close(inside)
        try:
            _read_until(terminal, "ready> ")
            os.write(terminal, f"{typed}\t".encode())
            _read_until(terminal, typed.rpartition(" ")[0] + " " + completed)
        finally:
            os.write(terminal, b"\x03\x04")
            os.close(terminal)


def _read_until(terminal: int, wanted: str) -> None:
    shown, end = "", time.monotonic() + TIMEOUT
    while wanted not in shown.replace("\r", "").replace("\b", ""):
        assert time.monotonic() < end, shown
        shown += os.read(terminal, 4096).decode(errors="replace")


@pytest.mark.parametrize(("typed", "completed"), CASES)
def test_powershell_gets_value_and_help(shell: dict[str, str], typed: str, completed: str) -> None:
    *words, incomplete = typed.split(" ")
    asked = {
        "_XDR_LOGIN_COMPLETE": "powershell_complete",
        "COMP_WORDS": "\n".join(words),
        "COMP_INCOMPLETE": incomplete,
    }
    told = told_by(["xdr-login"], {**shell, **asked})
    assert [line.partition("\t")[0] for line in told] == [completed]


def test_bash_adds_no_space_where_a_path_follows() -> None:
    assert "&& compopt -o nospace" in completion_script("bash")


def test_every_shell_gets_a_script() -> None:
    for name in ("bash", "zsh", "fish", "powershell"):
        done = run("completion", name)
        assert (done.returncode, done.stderr) == (0, "")
        assert "xdr-login" in done.stdout
        assert "_XDR_LOGIN_COMPLETE" in done.stdout
    assert run("completion", "tcsh").returncode == 2


def completed_in_process(shell: dict[str, str], typed: str) -> tuple[list[str], str]:
    """What is offered for the next word, and which of some large modules were loaded."""
    code = (
        "import sys; sys.argv = ['xdr-login']\nfrom desktop.__main__ import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print({'httpx', 'keyring', 'desktop.cli.api.api', 'PySide6'} & {*sys.modules})"
    )
    asked = {
        "_XDR_LOGIN_COMPLETE": "bash_complete",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(typed.count(" ")),
    }
    *told, loaded = told_by([sys.executable, "-c", code], {**shell, **asked})
    return [line.removeprefix("plain,") for line in told], loaded


def test_all_commands_are_completed_without_loading_them(shell: dict[str, str]) -> None:
    assert completed_in_process(shell, "xdr-login ") == (list(COMMANDS), "set()")


def test_services_are_offered_without_loading_what_calls_them(shell: dict[str, str]) -> None:
    offered, loaded = completed_in_process(shell, "xdr-login api GET ")
    assert (offered, loaded) == (["/", "conure:/", "server:/"], "set()")


def test_routes_of_cisco_xdr_are_not_offered_for_another_provider(shell: dict[str, str]) -> None:
    offered, _ = completed_in_process(shell, "xdr-login api --profile github GET /")
    assert not any(offered)
    offered, _ = completed_in_process(shell, "xdr-login api --profile soc GET /iroh/oauth2/t")
    assert "/iroh/oauth2/token" in offered


# The manual


def test_the_manual_has_no_errors(tmp_path: Path) -> None:
    requirements.require("manual", "mandoc", "man")
    page = tmp_path / "xdr-login.1"
    page.write_text(man_page())
    assert told_by(["mandoc", "-T", "lint", "-W", "warning", str(page)], dict(os.environ)) == []
    told_by(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", str(page)], environment())


def test_the_manual_has_every_command_with_its_examples() -> None:
    plain = man_page().replace("\\-", "-")
    for name in COMMANDS:
        assert re.search(rf"^\.SS {name}$", plain, re.MULTILINE)
    assert ".SS profiles add\n" in plain
    assert ".B --client-secret-stdin\n" in plain
    assert "xdr-login token --profile northwind" in plain
    assert ".TP\n6\nThe keyring can't be used." in plain

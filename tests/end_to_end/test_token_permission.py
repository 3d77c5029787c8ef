"""The app asks before a program gets the token, if the setting is on."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from desktop.ipc import client
from desktop.services.system.paths import settings_file
from tests.cli.commands import sign_in
from tests.end_to_end.agent import COMMAND
from tests.end_to_end.conftest import App, Start, saved_token
from tests.end_to_end.test_sign_in import profile_for
from tests.rigs.demo_server import DemoOptions, DemoServer
from tests.rigs.process import wait_until
from tests.rigs.secret_service import SecretStore

QUESTION = "use your token?"
WAITING = "Waiting for your permission. Answer in the XDR Login window.\n"


@pytest.fixture
def app(start: Start, secret_service: SecretStore) -> Iterator[App]:
    """Run the app, signed in, with the setting on."""
    with DemoServer(DemoOptions(interval=1, approve_after=0)) as server:
        profile_for(server)
        sign_in(secret_service, "soc")
        settings_file().write_text("ask_for_tokens = true\n")
        app = start(secret_service)
        app.wait_for("Copy token")
        yield app


def script(tmp_path: Path, app: App) -> "subprocess.Popen[str]":
    """Run a script that requests the token."""
    file = tmp_path / "nightly-report.py"
    file.write_text(f"import subprocess\nsubprocess.run({[*COMMAND, 'token']!r}, check=True)\n")
    return subprocess.Popen(
        [sys.executable, str(file), "an-argument"],
        env=app.display.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_program_allowed_for_an_hour_needs_no_second_permission(
    app: App, secret_service: SecretStore, tmp_path: Path
) -> None:
    first = script(tmp_path, app)
    app.wait_for(QUESTION)
    app.display.screenshot(tmp_path / "question.png")
    assert app.screen().shows("nightly-report.py")
    assert not app.screen().shows("an-argument")
    app.click("Allow for an hour")
    token = f"{saved_token(secret_service)['access_token']}\n"
    output, notice = first.communicate(timeout=60)
    assert output == token
    assert notice in {"", WAITING}  # it says so after a second
    wait_until(lambda: not app.screen().shows(QUESTION), "the end of the question", app.program)
    assert script(tmp_path, app).communicate(timeout=60) == (token, "")
    hand_outs = client.send_command("status")["hand_outs"]
    assert isinstance(hand_outs, list)
    assert [each["program"] for each in hand_outs] == ["nightly-report.py"] * 2
    assert app.quit() == 0


def test_a_denied_program_gets_no_token(app: App, tmp_path: Path) -> None:
    refused = script(tmp_path, app)
    app.wait_for(QUESTION)
    app.click("Deny")
    stdout, stderr = refused.communicate(timeout=60)
    assert stdout == ""
    assert "\nYou denied access to the token." in f"\n{stderr}"  # after a hint if it takes a while
    assert client.send_command("status")["hand_outs"] == []
    assert app.quit() == 0


def test_the_question_closes_when_the_program_ends(app: App, tmp_path: Path) -> None:
    file = tmp_path / "asks.py"
    file.write_text("from desktop.ipc import client\nclient.send_command('token', timeout=60)\n")
    command = [sys.executable, str(file)]
    environment = app.display.environment | {"PYTHONPATH": str(Path.cwd())}
    with subprocess.Popen(command, env=environment) as process:
        app.wait_for(QUESTION)
        process.kill()
    wait_until(lambda: not app.screen().shows(QUESTION), "the end of the question", app.program)
    assert app.quit() == 0


# Leads the session of a terminal, as a shell does, and runs a command whenever a line is read.
TERMINAL = """
import fcntl, os, subprocess, sys, termios
fcntl.ioctl(os.open(sys.argv[1], os.O_RDWR), termios.TIOCSCTTY, 0)
for _ in sys.stdin:
    subprocess.run(sys.argv[2:])
    print("<end>", flush=True)
"""


@contextmanager
def terminal(app: App) -> "Iterator[subprocess.Popen[str]]":
    """Open a terminal in which each line that is written requests the token."""
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", TERMINAL, os.ttyname(theirs), *COMMAND, "token"],
        env=app.display.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as shell:
        yield shell
        shell.kill()
    os.close(theirs)
    os.close(ours)


def ask(shell: "subprocess.Popen[str]") -> None:
    assert shell.stdin is not None
    shell.stdin.write("\n")
    shell.stdin.flush()


def answer(shell: "subprocess.Popen[str]") -> str:
    """Read what the command printed, to its end."""
    assert shell.stdout is not None
    lines = iter(shell.stdout.readline, "<end>\n")
    return "".join(each for each in lines if each != WAITING)


def test_what_is_allowed_in_a_terminal_holds_for_that_one(
    app: App, secret_service: SecretStore, tmp_path: Path
) -> None:
    token = f"{saved_token(secret_service)['access_token']}\n"
    with terminal(app) as one, terminal(app) as other:
        ask(one)
        app.wait_for(QUESTION)
        app.display.screenshot(tmp_path / "question.png")
        app.click("Allow in this terminal")
        assert answer(one) == token
        ask(one)
        assert answer(one) == token
        ask(other)
        app.wait_for(QUESTION)
        app.click("Deny")
        assert "You denied access to the token." in answer(other)
        client.send_command("lock")
        ask(one)
        assert "XDR Login is locked" in answer(one)
    assert app.quit() == 0

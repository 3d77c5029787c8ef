"""The command itself, as a process without a display."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from desktop import __version__
from desktop.cli import terminal
from desktop.demo import DemoOptions
from desktop.options import Options
from tests.rigs.secret_service import SecretStore

COMMAND = [sys.executable, "-W", "error", "-m", "desktop"]
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
SCOPES = "enrich:read inspect:read casebook private-intel:read profile response"
LAST_LINE = rf"Signed in to Northwind SOC as \S+ · scopes: {SCOPES} · (10:00|9:5\d) left"


def environment(base: dict[str, str] | None = None) -> dict[str, str]:
    """An environment without a display, and with no encoding left to chance."""
    found = {k: v for k, v in (base or dict(os.environ)).items() if k not in DISPLAYS}
    return {**found, "PYTHONUTF8": "1"}


def run(*arguments: str, base: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment(base),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=90,
    )


def files_in(folder: Path) -> dict[str, str]:
    return {
        path.name: path.read_text("utf-8", "replace")
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_demo_sign_in_without_a_display_ends_well(own_folders: Path) -> None:
    done = run("--terminal", "--demo", "--approve")
    assert (done.returncode, done.stderr) == (0, "")
    *_, not_saved, last = done.stdout.splitlines()
    assert re.fullmatch(LAST_LINE, last)
    assert not_saved == "No keyring to save the token in: the token was not saved."
    assert files_in(own_folders) == {"(demo).lock": ""}, "nothing but the lock, and nothing in it"


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="there is always a display there")
def test_without_a_display_the_terminal_is_used_by_itself() -> None:
    done = run("--demo", "--code-lifetime", "1")
    assert done.returncode == 1
    assert done.stdout.startswith("There is no display: signing in here, in the terminal.\n")
    assert "The code has expired. " in done.stdout
    assert done.stderr == ""


def test_a_demo_sign_in_saves_its_token_in_the_real_store(secret_service: SecretStore) -> None:
    done = run("--terminal", "--demo", "--approve", base=secret_service.environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(LAST_LINE, done.stdout.splitlines()[-1])
    (entry,) = secret_service.entries().values()
    assert '"refresh_token":"' in entry
    assert "not saved" not in done.stdout


def test_a_declined_sign_in_gives_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert terminal.run(Options(demo=DemoOptions(outcome="deny")), why="") == 1
    assert "The sign-in was declined. Someone pressed Deny" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent differently there")
@pytest.mark.parametrize("moment", ["Waiting for approval", "Your code"])
def test_ctrl_c_gives_130_and_leaves_nothing_behind(
    secret_service: SecretStore, own_folders: Path, moment: str
) -> None:
    with subprocess.Popen(
        [*COMMAND, "--terminal", "--demo", "--approve"],
        env=environment(secret_service.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(moment):
                break
        process.send_signal(signal.SIGINT)
        output, complaints = process.communicate(timeout=30)
    assert (process.returncode, complaints) == (130, "")
    assert output.endswith("\nCancelled.\n")
    assert secret_service.entries() == {}
    assert "".join(files_in(own_folders).values()) == "", "a lock at most, and nothing in it"


def test_the_version_is_told() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"xdr-login {__version__}\n", "")


def test_without_a_profile_nothing_is_asked() -> None:
    done = run("--terminal")
    assert done.returncode == 1
    assert done.stdout.startswith("Set up your first profile. ")


def test_without_the_extra_the_demo_says_how_to_get_it(tmp_path: Path) -> None:
    # A finder that knows no Starlette, as in an installation without the extra.
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as util\n"
        "find = util.find_spec\n"
        "util.find_spec = lambda name, *a: None if name == 'starlette' else find(name, *a)\n"
    )
    done = run("--terminal", "--demo", base={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert done.returncode == 1
    assert done.stderr == "The demo server is not installed: pip install 'xdr-login[demo]'\n"
    assert done.stdout == ""

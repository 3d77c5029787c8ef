"""The self-test: passes here, and says what is missing where something is."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from desktop import __version__, selftest
from desktop.services.system import resources

COMMAND = [sys.executable, "-W", "error", "-m", "desktop", "--selftest"]


def run(**changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        COMMAND,
        env={**os.environ, "PYTHONUTF8": "1", **changes},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=90,
    )


def test_a_whole_installation_passes_and_leaves_nothing_behind(own_folders: Path) -> None:
    done = run()
    assert done.returncode == 0, done.stdout
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == f"XDR Login {__version__}: all checks passed"
    assert "request answered with 200 over a socket" in done.stdout
    assert [path for path in own_folders.rglob("*") if path.is_file()] == []


def test_what_a_library_says_in_c_fails_it() -> None:
    done = run(QT_DEBUG_PLUGINS="1")
    assert done.returncode == 1
    assert "FAILED stderr: " in done.stdout
    assert "qt.core.plugin" in done.stdout


def test_a_missing_resource_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(selftest, "resource", lambda name: tmp_path / name)
    monkeypatch.setattr(selftest, "CHECKS", {"resources": selftest._check_resources})
    assert selftest.run() == 1
    printed = capsys.readouterr().out
    assert "FAILED resources: Traceback" in printed
    assert "icons/app.svg" in printed
    assert printed.endswith("1 of 2 checks failed\n")


def test_every_resource_of_the_program_is_looked_for() -> None:
    folder = resources.resource("")
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(selftest.RESOURCES) == files


def test_modules_that_cannot_be_listed_fail_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pkgutil.walk_packages", lambda *_: iter(()))
    with pytest.raises(ValueError, match="cannot be listed"):
        selftest._check_modules()


async def test_an_answer_of_something_else_fails_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def block(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()

    monkeypatch.setattr(selftest, "_answer", block)
    with pytest.raises(ValueError, match="answered with 403"):
        await selftest._send_mock_request()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such locale")
def test_a_person_without_a_locale_is_no_fault_of_the_installation() -> None:
    assert run(LC_ALL="C").returncode == 0


# As qasync 0.28 is on Python 3.15: the window is painted, and no socket says that it is ready.
NO_SOCKETS = """
import sys
from desktop import selftest
from desktop.ui.app import event_loop as loop
from desktop.ui.app import self_test

class Deaf(loop.EventLoop):
    def _add_reader(self, *arguments, **options):
        pass

self_test.EventLoop = Deaf
self_test.PAINT_TIMEOUT = 3.0
selftest.CHECKS = {"window": selftest._check_window}
sys.exit(selftest.run())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no readers on a proactor's loop")
def test_a_loop_that_cannot_connect_fails_it() -> None:
    command = [sys.executable, "-c", NO_SOCKETS]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stderr
    assert "FAILED window: Traceback" in done.stdout
    assert "TimeoutError" in done.stdout

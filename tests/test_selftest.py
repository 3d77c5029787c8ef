"""The self-test passes here, and names what is missing."""

import asyncio
import os
import shutil
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


def test_a_complete_installation_passes_and_leaves_no_files(own_folders: Path) -> None:
    done = run()
    assert done.returncode == 0, done.stdout
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == f"XDR Login {__version__}: all checks passed"
    assert "got status 200 over a socket" in done.stdout
    # Fontconfig keeps its own cache here where it can't write that of the system.
    shutil.rmtree(own_folders / "cache" / "fontconfig", ignore_errors=True)
    assert [path for path in own_folders.rglob("*") if path.is_file()] == []


def test_output_of_a_c_library_on_stderr_fails() -> None:
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


def test_every_resource_is_checked() -> None:
    folder = resources.resource("")
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    # The sources of translations are not installed, and without any the app is in English. The
    # rules are for other programs.
    unused = ("translations/", "sigma/")
    expected = {name for name in files if not name.startswith(unused)}
    assert set(selftest.RESOURCES) == expected


def test_modules_that_cannot_be_listed_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pkgutil.walk_packages", lambda *_: iter(()))
    with pytest.raises(ValueError, match="cannot be listed"):
        selftest._check_modules()


async def test_another_answer_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    async def block(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()

    monkeypatch.setattr(selftest, "_answer", block)
    with pytest.raises(ValueError, match="status 403"):
        await selftest._send_request()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no C locale")
def test_a_missing_locale_does_not_fail() -> None:
    assert run(LC_ALL="C").returncode == 0


# Like qasync 0.28 on Python 3.15: the window is painted, but no socket ever becomes ready.
NO_SOCKETS = """
import sys
from desktop import selftest
from desktop.ui.app import event_loop as loop
from desktop.ui.app import self_test

class NoReaders(loop.EventLoop):
    def _add_reader(self, *arguments, **options):
        pass

self_test.EventLoop = NoReaders
self_test.PAINT_TIMEOUT = 3.0
selftest.CHECKS = {"window": selftest._check_window}
sys.exit(selftest.run())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a proactor loop has no readers")
def test_an_event_loop_that_cannot_connect_fails() -> None:
    command = [sys.executable, "-c", NO_SOCKETS]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stderr
    assert "FAILED window: Traceback" in done.stdout
    assert "TimeoutError" in done.stdout

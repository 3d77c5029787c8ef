"""A library of the system that the window requires and does not find."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from builder import closure, deb

from desktop.cli.terminal.window import open_window
from desktop.ipc import client
from desktop.options import Options
from desktop.services.wording import missing_library
from desktop.ui.app import app, platforms
from tests.rigs import requirements

EGL = "libEGL.so.1: cannot open shared object file: No such file or directory"
CURSOR = "libxcb-cursor.so.0: cannot open shared object file: No such file or directory"
# In the C library, whose package has another name; nothing starts without it.
ALWAYS_THERE = {"ld-linux-x86-64.so.2", "libc.so.6", "libdl.so.2", "libm.so.6"}
ALWAYS_THERE |= {"libpthread.so.0", "librt.so.1"}


@pytest.fixture(autouse=True)
def first_app(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no app be running."""
    monkeypatch.setattr(client, "defer_to_running_app", lambda **_: None)


def only(program: str) -> Callable[[str], str | None]:
    return lambda name: f"/usr/bin/{name}" if name == program else None


@pytest.mark.parametrize(
    ("program", "library", "command"),
    [
        ("apt", "libxcb-cursor.so.0", "sudo apt install libxcb-cursor0"),
        ("apt", "libglib-2.0.so.0", "sudo apt install libglib2.0-0"),
        ("dnf", "libEGL.so.1", "sudo dnf install 'libEGL.so.1()(64bit)'"),
        ("zypper", "libEGL.so.1", "sudo zypper install 'libEGL.so.1()(64bit)'"),
        ("pacman", "libxcb-cursor.so.0", "sudo pacman -S xcb-util-cursor"),
        ("pacman", "libxcb-randr.so.0", "sudo pacman -S libxcb"),
    ],
)
def test_the_command_of_this_system_is_named(program: str, library: str, command: str) -> None:
    assert missing_library.missing_library_message(library, only(program)) == (
        f"XDR Login requires the library {library}, which is not installed. Run: {command}"
    )


@pytest.mark.parametrize(("program", "library"), [("apk", "libEGL.so.1"), ("pacman", "libodd.so")])
def test_elsewhere_only_the_library_is_named(program: str, library: str) -> None:
    assert missing_library.missing_library_message(library, only(program)) == (
        f"XDR Login requires the library {library}, which is not installed."
    )


@pytest.mark.parametrize("library", sorted(closure.host_libraries() - ALWAYS_THERE))
def test_debian_has_the_library_in_the_named_package(library: str) -> None:
    requirements.require_linux("packaging")
    requirements.require("packaging", "dpkg-query")
    try:
        path = deb._find_library(library)
    except FileNotFoundError as error:
        pytest.skip(str(error))  # some are only installed to build packages
    assert missing_library.debian_package(library) == deb._find_package(path)


def test_a_library_that_the_import_misses_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(platforms, "missing_display_library", lambda: "")

    def run(_options: Options) -> int:
        raise ImportError(EGL)

    monkeypatch.setattr(app, "run", run)
    assert open_window(Options()) == 1
    assert "requires the library libEGL.so.1, which" in capsys.readouterr().err


def test_another_import_error_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platforms, "missing_display_library", lambda: "")

    def run(_options: Options) -> int:
        raise ImportError("No module named 'odd'")

    monkeypatch.setattr(app, "run", run)
    with pytest.raises(ImportError, match="odd"):
        open_window(Options())


def test_the_window_does_not_open_without_a_library_that_qt_would_abort_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(platforms, "missing_display_library", lambda: "libxcb-cursor.so.0")
    monkeypatch.setattr(app, "run", lambda _options: pytest.fail("Qt would abort"))
    assert open_window(Options()) == 1
    assert "requires the library libxcb-cursor.so.0, which" in capsys.readouterr().err


class Loader:
    """Qt's loader of plugins where a library of X11 is missing."""

    def __init__(self, path: str) -> None:
        self._name = Path(path).name

    def load(self) -> bool:
        return self._name == "libqwayland.so"

    def errorString(self) -> str:
        return f"Cannot load library /usr/lib/{self._name}: {CURSOR}"


@pytest.mark.skipif(sys.platform != "linux", reason="displays of Linux")
@pytest.mark.parametrize(
    ("variables", "missing"),
    [
        ({"DISPLAY": ":0"}, "libxcb-cursor.so.0"),
        ({"QT_QPA_PLATFORM": "xcb"}, "libxcb-cursor.so.0"),
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, ""),
        ({"QT_QPA_PLATFORM": "xcb;wayland"}, ""),
    ],
)
def test_the_library_of_the_display_is_found_before_qt_aborts(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], missing: str
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(platforms, "QPluginLoader", Loader)
    assert platforms.missing_display_library() == missing


@pytest.mark.skipif(sys.platform != "linux", reason="displays of Linux")
def test_qt_finds_its_own_parts_where_the_check_looks() -> None:
    code = (
        "from desktop.ui.app import platforms as p; p.library_in = lambda text: text;"
        "print(p.missing_display_library())"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command,
        env={"QT_QPA_PLATFORM": "offscreen", "PATH": "/usr/bin:/bin"},
        cwd=Path(__file__).parents[2],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "\n"

"""A real X display with a window manager, for the app as users see it.

`python -m tests.rigs.display COMMAND...` runs any command on one.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.rigs import requirements
from tests.rigs.process import run_program, wait_until


@dataclass(frozen=True, slots=True)
class Display:
    """An X display of 1280 by 900 pixels for this test run."""

    name: str

    @property
    def environment(self) -> dict[str, str]:
        """Return an environment in which children show their windows here."""
        return without_desktop() | {"DISPLAY": self.name, "QT_QPA_PLATFORM": "xcb"}

    def screenshot(self, path: Path, *, window: str = "root") -> Path:
        """Write the screen, or the window with this id or title, as a PNG."""
        self.run("import", "-window", window, str(path))
        return path

    def run(self, *command: str) -> str:
        """Run a tool such as xdotool, xclip or xprop on this display; return its output."""
        done = subprocess.run(
            command, env=self.environment, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def windows(self, title: str) -> list[str]:
        """Find the ids of the visible windows whose title matches."""
        search = ["xdotool", "search", "--onlyvisible", "--name", title]
        found = subprocess.run(
            search, env=self.environment, check=False, capture_output=True, text=True
        )
        return found.stdout.split()

    def wait_for_window(self, title: str) -> str:
        """Wait until a window with this title is visible, and return its id."""
        wait_until(lambda: bool(self.windows(title)), f"a window titled {title!r}")
        return self.windows(title)[-1]


@pytest.fixture(scope="session")
def display() -> Iterator[Display]:
    """Run Xvfb with openbox on a free display number."""
    requirements.require_linux("display")
    requirements.require("display", "Xvfb", "openbox", "xdotool", "xprop", "xclip", "import")
    with run_display() as display:
        yield display


@contextlib.contextmanager
def run_display(size: str = "1280x900") -> Iterator[Display]:
    """Run Xvfb with openbox; usable outside pytest too."""
    reader, writer = os.pipe()
    screen = ["-screen", "0", f"{size}x24", "-nolisten", "tcp", "-noreset"]
    command = ["Xvfb", "-displayfd", str(writer), *screen]
    with run_program(command, os.environ, pass_fds=[writer]) as server:
        os.close(writer)
        with os.fdopen(reader) as numbers:
            number = numbers.readline().strip()
        wait_until(lambda: bool(number), "Xvfb's display number", server)
        display = Display(f":{number}")
        with run_program(["openbox", "--sm-disable"], display.environment) as manager:
            wait_until(lambda: _is_managed(display), "openbox", manager)
            yield display


def without_desktop() -> dict[str, str]:
    """Return this process' environment without the variables of its desktop."""
    marks = ("XDG_CURRENT_DESKTOP", "DESKTOP_SESSION", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE")
    return {name: value for name, value in os.environ.items() if name not in marks}


def _is_managed(display: Display) -> bool:
    return "window id" in display.run("xprop", "-root", "_NET_SUPPORTING_WM_CHECK")


if __name__ == "__main__":
    with run_display() as own:
        sys.exit(subprocess.run(sys.argv[1:], env=own.environment, check=False).returncode)

"""A compositor that lets programs without the focus set the clipboard, as KDE's does too."""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.rigs import requirements
from tests.rigs.display import without_desktop
from tests.rigs.process import run_program, wait_until

NOBODY = 65534
# Sway refuses to run as root, which is what some containers run as.
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


@dataclass(frozen=True, slots=True)
class Sway:
    """A Wayland desktop with nothing on its screen; `folder` has its socket."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """This process' environment, so changed that a child shows its windows here."""
        return without_desktop() | {
            "XDG_RUNTIME_DIR": str(self.folder),
            "WAYLAND_DISPLAY": self.sockets()[0],
            "QT_QPA_PLATFORM": "wayland",
        }

    def sockets(self) -> list[str]:
        """The names of its sockets: one, once it runs."""
        return [path.name for path in self.folder.glob("wayland-?")]


@pytest.fixture
def sway() -> Iterator[Sway]:
    """Run Sway without a screen and without a keyboard."""
    requirements.require_linux("sway")
    requirements.require("sway", "sway", "wl-copy", "wl-paste", "setpriv")
    with tempfile.TemporaryDirectory(prefix="sway-") as folder:
        made = Sway(Path(folder))
        configuration = made.folder / "config"
        configuration.write_text("xwayland disable\n")
        as_whom = []
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
            as_whom = AS_NOBODY
        environment = without_desktop() | {
            "XDG_RUNTIME_DIR": folder,
            "WLR_BACKENDS": "headless",
            "WLR_RENDERER": "pixman",
            "WLR_LIBINPUT_NO_DEVICES": "1",
        }
        command = [*as_whom, "sway", "--config", str(configuration)]
        with run_program(command, environment) as program:
            wait_until(lambda: bool(made.sockets()), "Sway's socket", program)
            yield made

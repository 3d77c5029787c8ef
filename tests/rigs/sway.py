"""A compositor that lets programs without the focus set the clipboard, as KDE does."""

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
# Sway does not run as root, as containers do.
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


@dataclass(frozen=True, slots=True)
class Sway:
    """An empty Wayland desktop; `folder` contains its socket."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Return an environment in which children show their windows here."""
        return without_desktop() | {
            "XDG_RUNTIME_DIR": str(self.folder),
            "WAYLAND_DISPLAY": self.sockets()[0],
            "QT_QPA_PLATFORM": "wayland",
        }

    def sockets(self) -> list[str]:
        """Return the names of its sockets; one when it runs."""
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
        prefix: list[str] = []
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
            prefix = AS_NOBODY
        environment = without_desktop() | {
            "XDG_RUNTIME_DIR": folder,
            "WLR_BACKENDS": "headless",
            "WLR_RENDERER": "pixman",
            "WLR_LIBINPUT_NO_DEVICES": "1",
        }
        command = [*prefix, "sway", "--config", str(configuration)]
        with run_program(command, environment) as program:
            wait_until(lambda: bool(made.sockets()), "Sway's socket", program)
            yield made

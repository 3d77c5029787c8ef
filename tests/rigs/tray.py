"""A real tray: the panel tint2, which shows XEmbed icons."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.rigs import requirements
from tests.rigs.display import Display
from tests.rigs.process import Program, run_program, wait_until

SETTINGS = """\
panel_items = S
panel_size = 100% 32
panel_position = bottom center horizontal
systray_padding = 4 4 4
systray_icon_size = 22
"""
ICON_PATTERN = re.compile(r'"XDR Login": .*\s22x22\+\d+\+\d+\s+\+(\d+)\+(\d+)$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel at the bottom of the display."""

    display: Display
    program: Program

    def has_icon(self) -> bool:
        """Return whether the app's icon is in the tray."""
        return _icon_position(self.display) is not None

    def click(self, button: int = 1, *, across: int = 6) -> None:
        """Wait for the icon and click it, `across` pixels from its left; button 3 is for menus."""
        wait_until(self.has_icon, "the icon in the tray")
        x, y = _icon_position(self.display) or (0, 0)
        where = (str(x + across), str(y + 11))
        self.display.run("xdotool", "mousemove", *where, "click", str(button))


@pytest.fixture
def panel(display: Display, tmp_path: Path) -> Iterator[Panel]:
    """Run a panel with a tray."""
    with run_panel(display, tmp_path) as made:
        yield made


@contextlib.contextmanager
def run_panel(display: Display, folder: Path) -> Iterator[Panel]:
    """Run tint2; for tests that start it late."""
    requirements.require("tray", "tint2", "xwininfo")
    settings = folder / "tint2rc"
    settings.write_text(SETTINGS)
    with run_program(["tint2", "-c", str(settings)], display.environment) as program:
        wait_until(lambda: bool(_tray_owner(display)), "tint2's tray", program)
        yield Panel(display, program)


def _tray_owner(display: Display) -> bool:
    return '"tint2"' in display.run("xwininfo", "-root", "-tree")


def _icon_position(display: Display) -> tuple[int, int] | None:
    found = ICON_PATTERN.search(display.run("xwininfo", "-root", "-tree"))
    return (int(found[1]), int(found[2])) if found else None

"""A Windows installation for tests, created by wine."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from builder import wine

from tests.rigs import requirements
from tests.rigs.process import wait_until

_TEST_VARIABLES = ("PYTHON", "WIN_PD_", "XDG_", "QT_", "USERPROFILE")


class Windows(wine.Wine):
    """A Windows installation without a display."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        # Variables of tests on Linux are not for programs on Windows.
        given = self.environment.items()
        self.environment = {
            name: value for name, value in given if not name.startswith(_TEST_VARIABLES)
        }
        # wine does not pass on variables that start with QT.
        self.environment["WINEQT_QPA_PLATFORM"] = "offscreen"

    @property
    def home(self) -> Path:
        """Return the home folder of the user."""
        (found,) = (each for each in (self.drive / "users").iterdir() if each.name != "Public")
        return found

    @property
    def local(self) -> Path:
        """Return the user's local application data folder."""
        return self.home / "AppData" / "Local"

    def files(self) -> set[str]:
        """Return all files and folders except those of Windows and temporary ones."""
        names = {path.relative_to(self.drive).as_posix() for path in self.drive.rglob("*")}
        # Created by the first program for one user, so most computers have it.
        names -= {(self.local / "Programs").relative_to(self.drive).as_posix()}
        return {each for each in names if not _belongs_to_windows(each)}

    def values(self, key: str) -> dict[str, str]:
        """Return the values of a registry key by name; empty if the key does not exist."""
        shown = self.run("reg", "query", key, "/reg:64", check=False).stdout.splitlines()
        split = (line.strip().split("    ", 2) for line in shown if line.startswith("    "))
        return {each[0]: each[2] if len(each) > 2 else "" for each in split}

    def has_key(self, key: str) -> bool:
        """Return whether a registry key exists."""
        return self.run("reg", "query", key, "/reg:64", check=False).returncode == 0

    def uninstall(self, folder: Path, *switches: str) -> None:
        """Run the uninstaller silently, and wait until it has removed itself."""
        program = folder / "uninstall.exe"
        self.run(program, "/S", *switches)
        wait_until(lambda: not program.exists(), "the uninstaller's end")
        self.wait()


def _belongs_to_windows(name: str) -> bool:
    parts = name.split("/")
    return parts[0] in {"windows", "ProgramData"} or "Temp" in parts


@pytest.fixture(scope="session")
def windows() -> Iterator[Windows]:
    """Provide a Windows installation for the whole run."""
    requirements.require("windows", "wine", "wineserver", "x86_64-w64-mingw32-gcc")
    made = Windows(Path(tempfile.mkdtemp(prefix="xdr-windows-")))
    try:
        made.create()
        yield made
    finally:
        made.close()
        shutil.rmtree(made.folder)

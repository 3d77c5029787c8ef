"""A Windows of its own for the tests, made by wine: what is installed there, and what is left."""

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
    """One Windows; programs in it have no display."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        # What the tests of this system are told is not for programs of that one.
        given = self.environment.items()
        self.environment = {
            name: value for name, value in given if not name.startswith(_TEST_VARIABLES)
        }
        # wine keeps what begins with QT for itself.
        self.environment["WINEQT_QPA_PLATFORM"] = "offscreen"

    @property
    def home(self) -> Path:
        """The person's own folder."""
        (found,) = (each for each in (self.drive / "users").iterdir() if each.name != "Public")
        return found

    @property
    def local(self) -> Path:
        """Where programs keep what is this person's."""
        return self.home / "AppData" / "Local"

    def files(self) -> set[str]:
        """All files and folders, but those of Windows itself: its own, and the temporary ones."""
        names = {path.relative_to(self.drive).as_posix() for path in self.drive.rglob("*")}
        # Made by the first program that is one person's; on most computers it is there before.
        names -= {(self.local / "Programs").relative_to(self.drive).as_posix()}
        return {each for each in names if not _is_of_windows(each)}

    def values(self, key: str) -> dict[str, str]:
        """The values of a key of the registry by name; none where there is no such key."""
        shown = self.run("reg", "query", key, "/reg:64", check=False).stdout.splitlines()
        split = (line.strip().split("    ", 2) for line in shown if line.startswith("    "))
        return {each[0]: each[2] if len(each) > 2 else "" for each in split}

    def has_key(self, key: str) -> bool:
        """Whether the registry has a key."""
        return self.run("reg", "query", key, "/reg:64", check=False).returncode == 0

    def uninstall(self, folder: Path, *switches: str) -> None:
        """Run the uninstaller silently, and wait until it has removed itself, last of all."""
        program = folder / "uninstall.exe"
        self.run(program, "/S", *switches)
        wait_until(lambda: not program.exists(), "the uninstaller's end")
        self.wait()


def _is_of_windows(name: str) -> bool:
    parts = name.split("/")
    return parts[0] in {"windows", "ProgramData"} or "Temp" in parts


@pytest.fixture(scope="session")
def windows() -> Iterator[Windows]:
    """A Windows that is made once, and removed at the end."""
    requirements.require("windows", "wine", "wineserver", "x86_64-w64-mingw32-gcc")
    made = Windows(Path(tempfile.mkdtemp(prefix="xdr-windows-")))
    try:
        made.create()
        yield made
    finally:
        made.close()
        shutil.rmtree(made.folder)

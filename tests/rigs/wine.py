"""A Windows of its own for the tests, made by wine: what is installed there, and what is left."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from builder import wine

from tests.rigs import parts
from tests.rigs.process import wait_until

UNINSTALL_KEY = r"Software\Microsoft\Windows\CurrentVersion\Uninstall"
# The folder for programs of one person is made by whoever comes first, and is of Windows itself.
_OF_WINDOWS = ("Windows", "windows/", "ProgramData/Microsoft", "/Temp/", "AppData/Local/Programs")


class Windows(wine.Wine):
    """One Windows; programs in it have no display."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        # wine keeps what begins with QT for itself.
        self.environment["WINEQT_QPA_PLATFORM"] = "offscreen"

    @property
    def local(self) -> Path:
        """Where programs keep what is this person's."""
        (home,) = (each for each in (self.drive / "users").iterdir() if each.name != "Public")
        return home / "AppData" / "Local"

    @property
    def programs(self) -> Path:
        """Where programs for everybody are."""
        return self.drive / "Program Files"

    def files(self) -> set[str]:
        """All files and folders that programs may leave behind."""
        names = (path.relative_to(self.drive).as_posix() for path in self.drive.rglob("*"))
        return {name for name in names if not name.endswith(_ENDS) and not _is_of_windows(name)}

    def registry(self, key: str) -> dict[str, str]:
        """The values of a key by name, as reg.exe shows them; none where there is no such key."""
        shown = self.run("reg", "query", key, check=False).stdout.splitlines()
        values = (line.strip().split("    ", 2) for line in shown if line.startswith("    "))
        return {each[0]: each[2] if len(each) > 2 else "" for each in values}

    def has_key(self, key: str) -> bool:
        """Whether the registry has a key."""
        return self.run("reg", "query", key, check=False).returncode == 0

    def uninstall(self, folder: Path, *switches: str) -> None:
        """Run the uninstaller and wait until it has removed itself, last of all."""
        program = folder / "uninstall.exe"
        self.run(program, *switches)
        wait_until(lambda: not program.exists(), "the uninstaller's end")
        self.settle()

    def settle(self) -> None:
        """Wait until the registry is written, and nothing runs any more."""
        self.close()
        self.wait()


_ENDS = ("AppData/Local/Programs",)


def _is_of_windows(name: str) -> bool:
    return name.startswith("windows/") or "/Temp/" in name


@pytest.fixture(scope="session")
def windows() -> Iterator[Windows]:
    """A Windows that is made once, and removed at the end."""
    parts.require("windows", "wine", "wineserver", "x86_64-w64-mingw32-gcc")
    folder = Path(tempfile.mkdtemp(prefix="xdr-windows-"))
    made = Windows(folder)
    try:
        made.make()
        yield made
    finally:
        made.close()
        shutil.rmtree(folder)

"""The dependencies of Linux programs and libraries, read with binutils."""

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Binary:
    """One program or library: processor, required libraries, search paths, symbol versions."""

    path: Path
    processor: str = ""
    needed: set[str] = field(default_factory=set)
    run_paths: list[str] = field(default_factory=list)
    versions: set[str] = field(default_factory=set)


_PATTERNS = {
    "needed": re.compile(r"\(NEEDED\)\s+Shared library: \[(.+)\]"),
    "run_path": re.compile(r"\((?:RUNPATH|RPATH)\)\s+Library (?:runpath|rpath): \[(.*)\]"),
    "version": re.compile(r"Name: (GLIBC(?:XX)?_[0-9.]+)\s"),
}


# e_machine, the number after the file type in the header.
_PROCESSORS = {62: "x86_64", 183: "aarch64"}


def binaries_in(folder: Path) -> list[Binary]:
    """Read all programs and libraries in a folder."""
    files = (each for each in sorted(folder.rglob("*")) if each.is_file() and not each.is_symlink())
    return [read(path) for path in files if _is_elf(path)]


def read(path: Path) -> Binary:
    """Read one program or library."""
    command = ["readelf", "--wide", "--dynamic", "--version-info", str(path)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Binary(
        path,
        read_processor(path),
        needed=set(_PATTERNS["needed"].findall(output)),
        run_paths=[
            each for line in _PATTERNS["run_path"].findall(output) for each in line.split(":")
        ],
        versions=set(_PATTERNS["version"].findall(output)),
    )


def parse_version(version: str) -> tuple[int, ...]:
    """Parse a version such as GLIBC_2.35 for comparison."""
    return tuple(int(each) for each in version.rpartition("_")[2].split("."))


def read_processor(path: Path) -> str:
    """Return the processor of a program or library."""
    with path.open("rb") as file:
        number = int.from_bytes(file.read(20)[18:], "little")
    return _PROCESSORS.get(number, f"processor {number}")


def _is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"

"""Checks of a bundle: required libraries are in it, or on the list of system libraries."""

import fnmatch
import os
from pathlib import Path

from builder.elf import Binary, binaries_in, parse_version
from builder.processor import this_processor
from builder.product import PACKAGING, product

FORBIDDEN = ("*gtk*", "*Qt6Qml*", "*Qt6Quick*", "*Qt6Network*", "*tkinter*", "*pyenv*", "*/tests/*")


def host_libraries() -> set[str]:
    """Return the libraries that the system provides."""
    lines = (PACKAGING / "linux" / "host-libraries.txt").read_text("utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def find_host_requirements(binaries: list[Binary], bundle: Path) -> set[str]:
    """Return the required libraries that are not in the bundle."""
    bundled = {path.name for path in bundle.rglob("*.so*")}
    return {name for each in binaries for name in each.needed} - bundled


def find_faults(bundle: Path, build_folders: tuple[Path, ...] = ()) -> list[str]:
    """Return messages about all faults of the bundle."""
    binaries = binaries_in(bundle)
    foreign = find_host_requirements(binaries, bundle) - host_libraries()
    found = [
        f"{name} is neither in the bundle nor on the list of system libraries" for name in foreign
    ]
    found += [
        f"{each.path.name} searches for libraries in {path!r}"
        for each in binaries
        for path in each.run_paths
        if path and not path.startswith("$ORIGIN")
    ]
    found += _too_new(binaries)
    found += [
        f"{each.path.name} is for {each.processor}"
        for each in binaries
        if each.processor != this_processor().name
    ]
    names = [path.relative_to(bundle).as_posix() for path in bundle.rglob("*")]
    found += [
        f"{n} must not be in the bundle"
        for n in names
        if any(fnmatch.fnmatch(n, p) for p in FORBIDDEN)
    ]
    found += [f"{path.name} is a broken link" for path in bundle.rglob("*") if _dangles(path)]
    found += [
        f"{path.name} contains the path {folder}"
        for path, folder in find_build_paths(bundle, build_folders)
    ]
    size = size_in_megabytes(bundle)
    if size > product().limits["unpacked_megabytes"]:
        found.append(f"{size:.1f} MB unpacked: too large")
    return sorted(found)


def size_in_megabytes(path: Path) -> float:
    """Return the size of a file, or of all files in a folder."""
    files = (
        [path] if path.is_file() else [each for each in path.rglob("*") if not each.is_symlink()]
    )
    return sum(each.stat().st_size for each in files if each.is_file()) / 1e6


def _too_new(binaries: list[Binary]) -> list[str]:
    newest = this_processor().newest
    limits = {name: newest(name.lower()) for name in ("GLIBC", "GLIBCXX")}
    return [
        f"{each.path.name} requires {version}"
        for each in binaries
        for version in sorted(each.versions)
        if parse_version(version) > parse_version(limits[version.partition("_")[0]])
    ]


def _dangles(path: Path) -> bool:
    return path.is_symlink() and not path.exists()


def find_build_paths(bundle: Path, folders: tuple[Path, ...]) -> list[tuple[Path, Path]]:
    """Return files that contain the path of a build folder, and that folder."""
    return [
        (path, folder)
        for path in bundle.rglob("*")
        if path.is_file() and not path.is_symlink()
        for folder in folders
        if os.fsencode(folder) in path.read_bytes()
    ]

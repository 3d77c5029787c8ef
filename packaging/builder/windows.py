"""The parts of a bundle for Windows: icon, version resources, checks and the zip."""

import fnmatch
import os
import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder.closure import find_build_paths, size_in_megabytes
from builder.icons import draw_icons
from builder.product import PACKAGING, product

if TYPE_CHECKING:
    from PyInstaller.utils.win32.versioninfo import VSVersionInfo

ICON_SIZES = [16, 20, 24, 32, 40, 48, 64, 256]
FORBIDDEN = ("*Qt6Qml*", "*Qt6Quick*", "*opengl32sw*", "*tkinter*", "*/icuuc.dll", "*/tests/*")
_ENGLISH, _UNICODE = 0x0409, 1200


def command_program() -> str:
    """Return the name of the program for terminals."""
    return f"{product().package}.exe"


def window_program() -> str:
    """Return the name of the program for the start menu, which opens no terminal."""
    return f"{product().package}-window.exe"


def write_icon(file: Path) -> None:
    """Write the icon with all sizes that Windows uses, as PNG."""
    pictures = [path.read_bytes() for path in draw_icons(file.parent / "sizes", ICON_SIZES)]
    entries, data = b"", b""
    start = 6 + 16 * len(pictures)
    for size, picture in zip(ICON_SIZES, pictures, strict=True):
        side = size % 256  # 256 is written as 0
        place = len(picture), start + len(data)
        entries += struct.pack("<BBBBHHII", side, side, 0, 0, 1, 32, *place)
        data += picture
    file.write_bytes(struct.pack("<HHH", 0, 1, len(pictures)) + entries + data)


def version_numbers() -> tuple[int, int, int, int]:
    """Return the version as four numbers."""
    one, two, three = (int(part) for part in product().version.split("."))
    return one, two, three, 0


def version_resource(program: str) -> "VSVersionInfo":
    """Return the version resource of a program, for PyInstaller on Windows."""
    from PyInstaller.utils.win32 import versioninfo as vi

    values = {
        "CompanyName": product().vendor,
        "FileDescription": product().name,
        "FileVersion": product().version,
        "InternalName": product().package,
        "LegalCopyright": f"{product().vendor}. {product().license}.",
        "OriginalFilename": program,
        "ProductName": product().name,
        "ProductVersion": product().version,
    }
    strings = [vi.StringStruct(name, text) for name, text in values.items()]
    table = vi.StringTable(f"{_ENGLISH:04x}{_UNICODE:04x}", strings)
    numbers = version_numbers()
    return vi.VSVersionInfo(
        ffi=vi.FixedFileInfo(filevers=numbers, prodvers=numbers, mask=0x3F, OS=0x40004),
        kids=[
            vi.StringFileInfo([table]),
            vi.VarFileInfo([vi.VarStruct("Translation", [_ENGLISH, _UNICODE])]),
        ],
    )


def find_faults(bundle: Path, build_folders: tuple[Path, ...] = ()) -> list[str]:
    """Return messages about all faults of the bundle. Runs only on Windows."""
    names = [path.relative_to(bundle).as_posix() for path in bundle.rglob("*")]
    found = [
        f"{n} must not be in the bundle"
        for n in names
        if any(fnmatch.fnmatch(n, p) for p in FORBIDDEN)
    ]
    programs = (command_program(), window_program())
    found += [f"{name} is missing" for name in programs if name not in names]
    found += [
        f"{path.name} contains the path {folder}"
        for path, folder in find_build_paths(bundle, build_folders)
    ]
    found += foreign_libraries(bundle)
    size = size_in_megabytes(bundle)
    if size > product().limits["windows_unpacked_megabytes"]:
        found.append(f"{size:.1f} MB unpacked: too large")
    return sorted(found)


def foreign_libraries(bundle: Path) -> list[str]:
    """Return messages about libraries that are neither in the bundle nor part of Windows."""
    from pefile import PE

    bundled = {path.name.lower() for path in bundle.rglob("*")}
    system = tuple(_lines(PACKAGING / "windows" / "system-libraries.txt"))
    found = set()
    for path in sorted(bundle.rglob("*")):
        if path.suffix.lower() in {".dll", ".exe", ".pyd"}:
            for name in _needed(PE(str(path), fast_load=True)):
                if name not in bundled and not fnmatch_any(name, system):
                    found.add(f"{path.name} requires {name}")
    return sorted(found)


def _needed(read: Any) -> set[str]:  # noqa: ANN401 - a library without types, on Windows only
    """Return the libraries that a file imports, including delayed imports."""
    kinds = ("IMPORT", "DELAY_IMPORT")
    read.parse_data_directories([_directory(each) for each in kinds])
    entries = [getattr(read, f"DIRECTORY_ENTRY_{each}", []) for each in kinds]
    return {each.dll.decode("ascii").lower() for found in entries for each in found}


def _directory(kind: str) -> int:
    from pefile import DIRECTORY_ENTRY

    return int(DIRECTORY_ENTRY[f"IMAGE_DIRECTORY_ENTRY_{kind}"])


def fnmatch_any(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatch(name, each) for each in patterns)


def _lines(file: Path) -> list[str]:
    lines = file.read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def make_zip(dist: Path, bundle: Path, work: Path) -> Path:
    """Zip the bundle, to run without installation and to build installers elsewhere."""
    del work
    file = dist / f"{product().package}-{product().version}-windows-x86_64.zip"
    written_at = product().date.timetuple()[:6]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(each for each in bundle.rglob("*") if each.is_file()):
            name = f"{product().package}/{path.relative_to(bundle).as_posix()}"
            entry = zipfile.ZipInfo(name, written_at)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return file


def make_bundle(work: Path) -> Path:
    """Return the Windows bundle on another system: WINDOWS_BUNDLE, or one built with wine.

    Releases are built and signed on Windows, and packed on Linux.
    """
    given = os.environ.get("WINDOWS_BUNDLE")
    if given:
        return Path(given)
    from builder import wine  # only for builds on Linux

    return wine.make_bundle(work)

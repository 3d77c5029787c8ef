"""What a bundle has on Windows only: its icon and what its programs say of themselves."""

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
    """The program for terminals, which writes to them."""
    return f"{product().package}.exe"


def window_program() -> str:
    """The program that the start menu starts; no terminal comes up with it."""
    return f"{product().package}-window.exe"


def write_icon(file: Path) -> None:
    """Write the icon in all sizes that Windows asks for, each as PNG."""
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
    """The version as Windows compares them."""
    one, two, three = (int(part) for part in product().version.split("."))
    return one, two, three, 0


def version_resource(program: str) -> "VSVersionInfo":
    """What the properties of a program show, for PyInstaller on Windows."""
    from PyInstaller.utils.win32 import versioninfo as vi

    told = {
        "CompanyName": product().vendor,
        "FileDescription": product().name,
        "FileVersion": product().version,
        "InternalName": product().package,
        "LegalCopyright": f"{product().vendor}. {product().license}.",
        "OriginalFilename": program,
        "ProductName": product().name,
        "ProductVersion": product().version,
    }
    strings = [vi.StringStruct(name, text) for name, text in told.items()]
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
    """What is wrong with the bundle, in words; nothing if it is whole. On Windows only."""
    names = [path.relative_to(bundle).as_posix() for path in bundle.rglob("*")]
    found = [f"{n} is there" for n in names if any(fnmatch.fnmatch(n, p) for p in FORBIDDEN)]
    programs = (command_program(), window_program())
    found += [f"{name} is missing" for name in programs if name not in names]
    found += [
        f"{path.name} names {folder}" for path, folder in find_build_paths(bundle, build_folders)
    ]
    found += foreign_libraries(bundle)
    size = size_in_megabytes(bundle)
    if size > product().limits["windows_unpacked_megabytes"]:
        found.append(f"{size:.1f} MB unpacked")
    return sorted(found)


def foreign_libraries(bundle: Path) -> list[str]:
    """Libraries that are needed, and neither inside nor of Windows itself."""
    from pefile import PE

    inside = {path.name.lower() for path in bundle.rglob("*")}
    of_windows = tuple(_lines(PACKAGING / "windows" / "system-libraries.txt"))
    found = set()
    for path in sorted(bundle.rglob("*")):
        if path.suffix.lower() in {".dll", ".exe", ".pyd"}:
            for name in _needed(PE(str(path), fast_load=True)):
                if name not in inside and not fnmatch_any(name, of_windows):
                    found.add(f"{path.name} needs {name}")
    return sorted(found)


def _needed(read: Any) -> set[str]:  # noqa: ANN401 - a library without types, on Windows only
    """The libraries that a program or library names, those that it loads late too."""
    kinds = ("IMPORT", "DELAY_IMPORT")
    read.parse_data_directories([_directory(each) for each in kinds])
    entries = [getattr(read, f"DIRECTORY_ENTRY_{each}", []) for each in kinds]
    return {each.dll.decode("ascii").lower() for found in entries for each in found}


def _directory(kind: str) -> int:
    from pefile import DIRECTORY_ENTRY

    return int(DIRECTORY_ENTRY[f"IMAGE_DIRECTORY_ENTRY_{kind}"])


def fnmatch_any(name: str, patterns: Iterable[str]) -> bool:
    """Whether any of the patterns meets the name."""
    return any(fnmatch.fnmatch(name, each) for each in patterns)


def _lines(file: Path) -> list[str]:
    lines = file.read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def make_zip(dist: Path, bundle: Path, work: Path) -> Path:
    """Pack the bundle as it is: to run without installing, and to make installers of elsewhere."""
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
    """The bundle of Windows, elsewhere: what WINDOWS_BUNDLE names, or else one built by wine.

    A release packs on Linux what was built, and signed, on Windows.
    """
    given = os.environ.get("WINDOWS_BUNDLE")
    if given:
        return Path(given)
    from builder import wine  # of Linux, and what it imports is there for the build only

    return wine.make_bundle(work)

"""License texts, the list of components that About shows, and the notice file."""

import re
import shutil
import ssl
import subprocess
import sys
from importlib.metadata import Distribution, version
from pathlib import Path

from builder.product import PACKAGING, ROOT, fill_template
from desktop.services.system import about
from desktop.services.system.components import (
    COMPONENTS_FILE,
    Component,
    component_of,
    find_distributions,
    format_components,
)

# Libraries of the build system in the bundle, by the start of their names.
_SYSTEM_LIBRARIES = {
    "libbz2": ("bzip2", "bzip2-1.0.6"),
    "libffi": ("libffi", "MIT"),
    "liblzma": ("liblzma", "0BSD"),
    "libz": ("zlib", "Zlib"),
    "libzstd": ("zstd", "BSD-3-Clause"),
}


def bundled_components(bundle: Path) -> list[Component]:
    """Return all third-party components of the bundle, by name."""
    found = [
        *components_without_wheel(bundle),
        *(component_of(each) for each in find_distributions()),
    ]
    return sorted(found, key=lambda each: each.name.lower())


def components_without_wheel(bundle: Path) -> list[Component]:
    """Return components that have no wheel: Qt, ICU, OpenSSL, CPython and others."""
    python = ".".join(map(str, sys.version_info[:3]))
    found = [
        Component("Qt", version("PySide6_Essentials"), "LGPL-3.0-only"),
        Component("CPython", python, "PSF-2.0"),
        Component("OpenSSL", ssl.OPENSSL_VERSION.split()[1], "Apache-2.0"),
        Component(
            "PyInstaller boot loader",
            version("pyinstaller"),
            "GPL-2.0-or-later WITH Bootloader-exception",
        ),
    ]
    for path in sorted(bundle.glob("_internal/**/lib*.so.*")):
        stem, _, rest = path.name.partition(".so.")
        if stem == "libicudata":
            found.append(Component("ICU", rest, "Unicode-3.0"))
        elif stem in _SYSTEM_LIBRARIES and not path.is_symlink():
            name, license_ = _SYSTEM_LIBRARIES[stem]
            found.append(Component(name, _version_of(path.name) or rest, license_))
    return found


def _version_of(soname: str) -> str:
    """Return the version of a system library; empty if there is no package manager."""
    if shutil.which("dpkg-query") is None:
        return ""
    search = ["dpkg-query", "--search", f"*/{soname}"]
    owner = subprocess.run(search, check=False, capture_output=True, text=True).stdout.partition(
        ": "
    )
    show = ["dpkg-query", "--show", "--showformat=${Version}", owner[0].split(",")[0]]
    output = subprocess.run(show, check=False, capture_output=True, text=True).stdout
    number = re.match(r"(?:\d+:)?(\d+(?:\.\d+)*)", output)
    return number[1] if number else ""


def add_licenses(bundle: Path, folder: Path) -> None:
    """Write the license texts, the notice and the list of components into `folder`."""
    folder.mkdir()
    shutil.copy(ROOT / "LICENSE", folder / "XDR-Login.txt")
    for path in (PACKAGING / "licenses").glob("*GPL-3.txt"):
        shutil.copy(path, folder)
    for each in find_distributions():
        _copy_texts(each, folder / each.metadata["Name"])
    found = bundled_components(bundle)
    (folder / COMPONENTS_FILE).write_text(format_components(found), "utf-8")
    (folder / "NOTICE.txt").write_text(notice_text(found), "utf-8")


def notice_text(found: list[Component]) -> str:
    """Return the notice file."""
    table = [f"  {each.name:24} {each.version:12} {each.license}" for each in found]
    return fill_template(
        "licenses/NOTICE.txt.in", components="\n".join(table), lgpl=about.QT_NOTICE
    )


def _copy_texts(module: Distribution, folder: Path) -> None:
    for file in module.files or []:
        in_metadata = ".dist-info" in file.parts[0]
        is_text = file.name.upper().startswith(("LICEN", "COPYING", "NOTICE", "AUTHORS"))
        if in_metadata and (is_text or "licenses" in file.parts):
            folder.mkdir(exist_ok=True)
            shutil.copy(Path(str(file.locate())), folder / file.name)

"""A library of the system that the window requires and that is missing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from desktop.services.system.translation import translate

if TYPE_CHECKING:
    from collections.abc import Callable

_LOADER_MESSAGE = re.compile(r"(lib[^\s/:]+\.so(?:\.\d+)*): cannot open shared object file")
# Packages that Debian doesn't name after the library.
_DEBIAN = {"libglib-2.0.so.0": "libglib2.0-0", "libgthread-2.0.so.0": "libglib2.0-0"}
# By the start of a library's name; the first that matches counts.
_ARCH = {
    "libEGL.": "libglvnd",
    "libGL.": "libglvnd",
    "libX11": "libx11",
    "libdbus-": "dbus",
    "libfontconfig.": "fontconfig",
    "libfreetype.": "freetype2",
    "libglib-": "glib2",
    "libgthread-": "glib2",
    "libwayland-": "wayland",
    "libxcb-cursor.": "xcb-util-cursor",
    "libxcb-icccm.": "xcb-util-wm",
    "libxcb-image.": "xcb-util-image",
    "libxcb-keysyms.": "xcb-util-keysyms",
    "libxcb-render-util.": "xcb-util-renderutil",
    "libxcb-util.": "xcb-util",
    "libxcb": "libxcb",
    "libxkbcommon-x11.": "libxkbcommon-x11",
    "libxkbcommon.": "libxkbcommon",
}


def library_in(message: str) -> str:
    """Return the library that the system's loader did not find; empty for another message."""
    found = _LOADER_MESSAGE.search(message)
    return found[1] if found else ""


def missing_library_message(library: str, find_program: Callable[[str], str | None]) -> str:
    """Name the missing library, and the command that installs it on this system if it is known."""
    command = _install_command(library, find_program)
    if not command:
        return translate(
            "XDR Login requires the library {library}, which is not installed.", library=library
        )
    return translate(
        "XDR Login requires the library {library}, which is not installed. Run: {command}",
        library=library,
        command=command,
    )


def _install_command(library: str, find_program: Callable[[str], str | None]) -> str:
    if find_program("apt"):
        return f"sudo apt install {debian_package(library)}"
    for program in ("dnf", "zypper"):
        if find_program(program):  # finds the package that contains it
            return f"sudo {program} install '{library}()(64bit)'"
    package = next((each for start, each in _ARCH.items() if library.startswith(start)), "")
    return f"sudo pacman -S {package}" if package and find_program("pacman") else ""


def debian_package(library: str) -> str:
    """Return the package of a library, by the rule of Debian's policy for their names."""
    name, _, version = library.partition(".so")
    number = version.removeprefix(".")
    separator = "-" if number and name[-1].isdigit() else ""
    return _DEBIAN.get(library, f"{name}{separator}{number}".lower().replace("_", "-"))

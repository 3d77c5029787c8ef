"""Find a supported Python, and say what to install where there is none.

dev.py imports this before anything else, so it also runs on Python 3.6, the oldest one that a
supported distribution calls python3 (RHEL 8).
"""

import os
import shlex
import shutil
import subprocess
import sys
from typing import NamedTuple, Optional

from checkout.places import VENV, python_in

OLDEST, NEWEST = (3, 11), (3, 15)


class Manager(NamedTuple):
    """The package manager of a system: how it installs Python, and the libraries of Qt."""

    program: str
    python: str
    libraries: str = ""


# Debian's libraries are in packaging/requirements/debian-run.txt.
MANAGERS = (
    Manager("apt-get", "sudo apt-get install {package}"),
    Manager(
        "dnf",
        "sudo dnf install python3.12",
        "sudo dnf install dbus-libs dejavu-sans-fonts fontconfig glib2 libX11-xcb libglvnd-egl "
        "libglvnd-glx libxcb libxkbcommon libxkbcommon-x11 xcb-util-cursor xcb-util-image "
        "xcb-util-keysyms xcb-util-renderutil xcb-util-wm",
    ),
    Manager(
        "zypper",
        "sudo zypper install python312",
        "sudo zypper install dejavu-fonts libdbus-1-3 libEGL1 libfontconfig1 libGL1 "
        "libglib-2_0-0 libX11-xcb1 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 "
        "libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-sync1 libxcb-xfixes0 libxcb-xkb1 "
        "libxkbcommon-x11-0 libxkbcommon0",
    ),
    Manager(
        "pacman",
        "sudo pacman -S python",
        "sudo pacman -S --needed dbus fontconfig glib2 libglvnd libx11 libxcb libxkbcommon "
        "libxkbcommon-x11 ttf-dejavu xcb-util-cursor xcb-util-image xcb-util-keysyms "
        "xcb-util-renderutil xcb-util-wm",
    ),
    Manager("brew", "brew install python@3.13"),
    Manager("winget", "winget install Python.Python.3.13"),
)


def require_supported_python() -> None:
    """Run this command with a supported Python if this one is not; exit where there is none."""
    if is_supported():
        return
    made = str(python_in(VENV))
    check = f"import sys; sys.exit(not {OLDEST} <= sys.version_info[:2] <= {NEWEST})"
    python = find_on_path() or (made if runs_code(made, check) else "")
    if not python:
        sys.exit(missing_python())
    command = [python, *sys.argv]
    if os.name == "posix":
        os.execv(python, command)  # noqa: S606  # no shell on purpose
    sys.exit(subprocess.call(command))


def is_supported() -> bool:
    """Return whether the app supports the Python that runs this."""
    return OLDEST <= sys.version_info[:2] <= NEWEST


def find_on_path() -> str:
    """Return the newest supported Python on PATH, or an empty string."""
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        check = f"import sys; sys.exit(sys.version_info[:2] != (3, {minor}))"
        if found and runs_code(found, check):
            return found
    return ""


def missing_python() -> str:
    """Say that there is no supported Python, and how to install one on this system."""
    return (
        f"XDR Login requires Python 3.{OLDEST[1]} to 3.{NEWEST[1]}. This is Python "
        f"{sys.version_info[0]}.{sys.version_info[1]}, and no supported one was found on PATH. "
        f"{_how_to_install()}"
    )


def _how_to_install() -> str:
    manager = find_manager()
    if manager is None:
        return "Install one from https://www.python.org/downloads/ and run this command again."
    package = _newest_debian_package() if manager.program == "apt-get" else ""
    if manager.program == "apt-get" and not package:
        command = " ".join(shlex.quote(each) for each in sys.argv)
        return (
            "This system has no package for one. Install uv "
            "(https://docs.astral.sh/uv/getting-started/installation/), which downloads one, and "
            f"run:\n\n  uv run --no-project --python 3.13 python {command}\n"
        )
    line = manager.python.format(package=package)
    return f"Install one, then run this command again:\n\n  {line}\n"


def find_manager() -> Optional[Manager]:  # noqa: UP045  # Python 3.6 cannot evaluate `|`
    """Return this system's package manager."""
    return next((each for each in MANAGERS if shutil.which(each.program)), None)


def _newest_debian_package() -> str:
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        name = f"python3.{minor}-venv"
        command = ["apt-cache", "show", name]
        try:
            subprocess.check_call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except (OSError, subprocess.CalledProcessError):
            continue
        return name
    return ""


def runs_code(python: str, code: str) -> bool:
    """Return whether this Python exists and runs the code without an error."""
    try:
        command = [python, "-c", code]
        return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False

"""Packages of the system: installed on Debian and Ubuntu, named elsewhere."""

import ctypes
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable

from checkout import places
from checkout.console import explain, run_logged, say
from checkout.folder import is_stamped, locked, put_stamp
from checkout.python_versions import find_manager

INSTALL = ("apt-get", "install", "--yes", "--no-install-recommends")
# In one shell, so that sudo asks for the password once.
# Others must be able to read what apt and dpkg write, whatever the umask is.
AS_ROOT = (
    "umask 022; export DEBIAN_FRONTEND=noninteractive LC_ALL=C; "
    f'install() {{ {shlex.join(INSTALL)} -o DPkg::Lock::Timeout=60 "$@"; }}; '
    'install "$@" || { apt-get update && install "$@"; }'
)
# What Qt loads, to find out whether it is there on systems without dpkg.
LIBRARIES = (
    "libEGL.so.1",
    "libGL.so.1",
    "libX11-xcb.so.1",
    "libdbus-1.so.3",
    "libfontconfig.so.1",
    "libglib-2.0.so.0",
    "libxcb-cursor.so.0",
    "libxcb-icccm.so.4",
    "libxcb-image.so.0",
    "libxcb-keysyms.so.1",
    "libxcb-randr.so.0",
    "libxcb-render-util.so.0",
    "libxcb-xkb.so.1",
    "libxkbcommon-x11.so.0",
    "libxkbcommon.so.0",
)


def install_system_packages(*purposes: str, more: Iterable[str] = ()) -> list[str]:
    """Install the missing Debian packages for some purposes, and `more`, in one go.

    Return those that could not be installed, after saying how to install them.
    """
    if shutil.which("apt-get") is None or shutil.which("dpkg-query") is None:
        name_missing_libraries()
        return []
    files = [places.REQUIREMENTS / f"debian-{purpose}.txt" for purpose in purposes]
    texts = [file.read_text(encoding="utf-8") for file in files]
    content = "".join(texts).encode()
    stamp = places.CACHE / f"debian-{'-'.join(purposes)}-installed"
    more = list(more)
    if not more and (not purposes or is_stamped(stamp, content)):
        return []
    with locked():
        missing = missing_packages([*more, *named_in(texts)])
        if missing:
            missing = apt_install(missing)
        if not missing and purposes:
            put_stamp(stamp, content)
    return missing


def named_in(texts: Iterable[str]) -> list[str]:
    """Return the packages that these lists name."""
    lines = [line for text in texts for line in text.splitlines() if not line.startswith("#")]
    # Node is often installed from elsewhere; Debian's package would get in its way.
    absent = {"nodejs": shutil.which("node") is None, "npm": shutil.which("npm") is None}
    return [name for name in dict.fromkeys(lines) if absent.get(name, True)]


def missing_packages(packages: Iterable[str]) -> list[str]:
    """Return the packages that are not installed, neither by this name nor with t64."""
    names = [name for package in packages for name in (package, f"{package}t64")]
    query = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Abbrev}\n", *names]
    shown = subprocess.run(query, check=False, capture_output=True, text=True, encoding="utf-8")
    lines = (line.split() for line in shown.stdout.splitlines())
    installed = {line[0] for line in lines if line[1:] == ["ii"]}
    return [name for name in packages if not {name, f"{name}t64"} & installed]


def apt_install(packages: list[str]) -> list[str]:
    """Install packages as root; return those that failed, after saying why and what to do."""
    root = root_prefix()
    if root is None:
        say(f"System packages are missing. {how_to_install(packages)}")
        return packages
    with_sudo = " with sudo" if root else ""
    say(f"Installing system packages{with_sudo} (may take minutes): {' '.join(packages)}")
    command = [*root, "sh", "-c", AS_ROOT, "sh"]
    result = run_logged([*command, *packages])
    # One unknown name fails them all: this distribution may use another name.
    unknown = set(re.findall(r"Unable to locate package (\S+)", result.output))
    unknown |= set(re.findall(r"Package '?([^'\s]+)'? has no installation", result.output))
    if not result.passed and not result.remedy and unknown and unknown < set(packages):
        result = run_logged([*command, *(name for name in packages if name not in unknown)])
    if result.passed and not unknown:
        return []
    missing = missing_packages(packages)
    if missing:
        names = "The packages" if missing == packages else " ".join(missing)
        say(explain(f"{names} could not be installed.", result))
    return missing


def how_to_install(packages: Iterable[str]) -> str:
    """Return how somebody with the rights installs packages on this system."""
    line = shlex.join([*INSTALL, *packages])
    if shutil.which("sudo"):
        return f"Install them:\n\n  sudo {line}\n"
    return f"Install them as root:\n\n  {line}\n"


def root_prefix() -> list[str] | None:
    """Return the prefix that runs a command as root; None if that is not possible."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    if subprocess.run(["sudo", "-n", "true"], check=False, capture_output=True).returncode == 0:
        return ["sudo", "-n"]
    return ["sudo"] if sys.stdin.isatty() else None


def name_missing_libraries() -> None:
    """Say how to install what Qt needs, where a library is missing and the package is known."""
    manager = find_manager()
    if sys.platform == "linux" and manager and not all(map(can_load, LIBRARIES)):
        say(
            f"Libraries that the window needs are missing. Install them:\n\n  {manager.libraries}\n"
        )


def can_load(library: str) -> bool:
    """Return whether the system has this library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True

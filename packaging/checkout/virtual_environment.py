"""Virtual environments with the pinned modules."""

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from checkout import places
from checkout.console import explain, log, run_logged, say
from checkout.folder import is_stamped, locked, put_stamp
from checkout.places import python_in
from checkout.python_versions import NEWEST, OLDEST, find_manager, runs_code

# The pip of Python 3.11.0 is 22.3. Older ones do not know today's wheels.
USABLE = f"""
import pip, sys
is_new = int(pip.__version__.split(".")[0]) >= 22
sys.exit(not (is_new and {OLDEST} <= sys.version_info[:2] <= {NEWEST}))
"""
UNFINISHED = ".unfinished"  # in a venv while it is being made or changed; an interrupt leaves it


def install_requirements(name: str, folder: Path | None = None, python: str | None = None) -> None:
    """Install what packaging/requirements/NAME.txt pins into a venv, unless it is up to date."""
    folder = folder or places.VENV
    pins = places.REQUIREMENTS / f"{name}.txt"
    stamp = folder / f".{name}-installed"
    if is_usable(folder) and is_stamped(stamp, pins.read_bytes()):
        return
    with locked():
        usable = is_usable(folder)  # not after an upgrade of the system's Python
        if usable and is_stamped(stamp, pins.read_bytes()):  # by another dev.py in the meantime
            return
        if not usable:
            make_venv(folder, python)
        place = folder.relative_to(places.ROOT)
        say(f"Installing Python packages into {place} (may take minutes) ...")
        strictly = ("--require-hashes", "--only-binary", ":all:", "--no-deps")
        pip(folder, "install", "-qq", *strictly, "-r", str(pins))
        put_stamp(stamp, pins.read_bytes())
        if name == "dev":  # includes everything that the demo requires
            put_stamp(folder / ".demo-installed", (places.REQUIREMENTS / "demo.txt").read_bytes())


def make_venv(folder: Path, python: str | None = None) -> None:
    """Create a virtual environment, replacing what is there."""
    python = python or this_python()
    if not can_make_venv(python):
        sys.exit(f"{python} can't create virtual environments. {_how_to_install_venv(python)}")
    say(f"Creating {folder.relative_to(places.ROOT)} ...")
    _remove(folder)
    folder.mkdir(parents=True)
    (folder / UNFINISHED).touch()
    result = run_logged([python, "-m", "venv", str(folder)])
    if not result.passed:
        sys.exit(explain(f"{folder.name} could not be created.", result))
    (folder / UNFINISHED).unlink()


def _remove(folder: Path) -> None:
    try:
        if folder.is_symlink():
            folder.unlink()
        elif folder.exists():
            shutil.rmtree(folder)
    except OSError as error:
        remedy = f"sudo rm -rf {shlex.quote(str(folder))}"
        sys.exit(f"Can't replace {folder}: {error.strerror}. Run: {remedy}")


def this_python() -> str:
    """Return the Python that runs this, not the one in .venv, which may be about to be deleted."""
    return str(getattr(sys, "_base_executable", sys.executable))


def can_make_venv(python: str) -> bool:
    """Return whether this Python has venv and ensurepip, which Debian packages separately."""
    return runs_code(python, "import ensurepip, venv")


def venv_package(python: str) -> str:
    """Return the Debian package that contains venv for this Python."""
    show = "import sys; print('python%d.%d-venv' % sys.version_info[:2])"
    done = subprocess.run([python, "-c", show], check=True, capture_output=True)
    return done.stdout.decode("ascii").strip()


def missing_venv_package(folder: Path | None = None, python: str | None = None) -> list[str]:
    """Return the Debian package that a venv has to wait for, if it has to be made."""
    python = python or this_python()
    if is_usable(folder or places.VENV) or can_make_venv(python):
        return []
    return [venv_package(python)]


def _how_to_install_venv(python: str) -> str:
    manager = find_manager()
    if manager is None:
        return "Install Python from https://www.python.org/downloads/ and run this command again."
    if manager.program == "apt-get":  # it is in the line that was printed
        return f"Install {venv_package(python)}, then run this command again."
    return f"Install a complete Python, then run this command again:\n\n  {manager.python}\n"


def is_usable(folder: Path) -> bool:
    """Return whether a venv works: it is complete, at its place, and its Python is supported."""
    if (folder / UNFINISHED).exists() or _was_moved(folder):
        return False
    return runs_code(str(python_in(folder)), USABLE)


def _was_moved(folder: Path) -> bool:
    """Return whether a venv was made elsewhere: its programs name the old folder."""
    try:
        text = (folder / "pyvenv.cfg").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return False
    made = re.search(r"^command = .* -m venv (?:--\S+ )*(.+)$", text, re.MULTILINE)
    if made is None:  # made by another program, such as uv
        return False
    try:
        return not os.path.samefile(made[1], folder)  # noqa: PTH121  # both may be missing
    except OSError:
        return True


def pip(folder: Path, *arguments: str) -> None:
    """Run a venv's pip; exit if it fails."""
    details = places.CACHE / "pip.log"  # has reasons that pip does not print
    details.unlink(missing_ok=True)
    options = ("--disable-pip-version-check", "--retries", "2", "--log", str(details))
    (folder / UNFINISHED).touch()
    result = run_logged([str(python_in(folder)), "-m", "pip", *options, *arguments])
    (folder / UNFINISHED).unlink()
    if not result.passed:
        with contextlib.suppress(OSError):
            more = details.read_text(encoding="utf-8", errors="replace")
            log(more)
            result = replace(result, output=result.output + more)
        sys.exit(explain("The Python packages could not be installed.", result))

"""The folder of this checkout: whether it can be written to, by one dev.py at a time."""

import contextlib
import errno
import hashlib
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from checkout import places
from checkout.console import say

UNWRITABLE = {errno.EACCES, errno.EDQUOT, errno.ENOSPC, errno.EPERM, errno.EROFS}
TOOL_CACHES = (
    *(".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache"),
    "packaging/checkout/__pycache__",
)


def require_usable_path() -> None:
    """Make Python decode the path of this folder; exit if its bytes are not UTF-8.

    A path that Python cannot decode breaks venv and compiled modules such as cryptography's.
    """
    if os.name != "posix":
        return
    try:
        os.fsencode(places.ROOT).decode()
    except UnicodeDecodeError:
        sys.exit(f"Rename this folder: its path is not valid UTF-8. It is {places.ROOT!r}.")
    if sys.getfilesystemencoding() == "ascii":  # LC_ALL=C and PYTHONUTF8=0
        os.environ["PYTHONUTF8"] = "1"  # as Python itself does in this locale; for what follows


def require_writable() -> None:
    """Exit if setting up cannot write to this folder."""
    made = [folder for folder in (places.VENV, places.CACHE) if folder.exists()]
    for folder in made if len(made) == 2 else [places.ROOT, *made]:  # both exist
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            sys.exit(_cannot_write(folder, error))


def _cannot_write(folder: Path, error: OSError) -> str:
    return f"Can't write to {folder}: {error.strerror}. {_remedy(folder, error)}"


def _remedy(folder: Path, error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "Free about 2 GB, then run this command again."
    if error.errno == errno.EROFS:
        return "Copy XDR Login to a folder that you can write to, and run this command there."
    quoted = shlex.quote(str(folder))
    if os.name == "posix" and folder.exists() and folder.stat().st_uid != os.geteuid():
        return f'It belongs to another user. Run: sudo chown -R "$(id -un)" {quoted}'
    return f"Run: chmod u+w {quoted}"


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """Let only one dev.py set up this folder at a time."""
    require_writable()
    places.CACHE.mkdir(exist_ok=True)
    with (places.CACHE / "setup.lock").open("ab") as file:
        if not _lock(file):
            say("Waiting for another dev.py that is setting up this folder ...")
            while not _lock(file):
                time.sleep(0.2)
        try:
            yield
        except OSError as error:
            if error.errno not in UNWRITABLE:
                raise
            folder = Path(error.filename or places.ROOT)
            sys.exit(_cannot_write(folder, error))
    give_to_sudo_user()


def _lock(file: BinaryIO) -> bool:
    """Try to lock a file; return whether it is locked. Closing it unlocks it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def is_sudo() -> bool:
    """Return whether a user runs this as root through sudo."""
    names = ("SUDO_UID", "SUDO_GID")
    by_sudo = all(os.environ.get(name, "").isdecimal() for name in names)
    return by_sudo and os.name == "posix" and os.geteuid() == 0


def give_to_sudo_user() -> None:
    """Give what was made here to the user who called sudo: the next command is theirs.

    What belongs to a system in CACHE keeps its owners.
    """
    if not is_sudo():
        return
    cached = [each for each in places.CACHE.glob("*") if not each.name.startswith("chroot")]
    names = ("dist", "repository", "resources/translations", *TOOL_CACHES)
    made = [places.VENV, *cached, *(places.ROOT / name for name in names)]
    chown = ("chown", "--no-dereference", f"{os.environ['SUDO_UID']}:{os.environ['SUDO_GID']}")
    for options, folders in (((), [places.CACHE]), (("--recursive",), made)):
        found = [str(each) for each in folders if each.exists()]
        if found:
            subprocess.run([*chown, *options, *found], check=True)


def is_stamped(stamp: Path, content: bytes) -> bool:
    """Return whether exactly this content is installed."""
    try:
        return stamp.read_text(encoding="ascii") == hashlib.sha256(content).hexdigest()
    except OSError:
        return False


def put_stamp(stamp: Path, content: bytes) -> None:
    """Record that this content is installed."""
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(hashlib.sha256(content).hexdigest(), encoding="ascii")

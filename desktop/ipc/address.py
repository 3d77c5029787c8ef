"""Where the running program listens: a place that is this person's alone.

Looking there comes before anything is painted, so it loads next to nothing.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

_FOLDER = "xdr-login"
_SOCKET = "socket"
_LOCK = "lock"


def pipe_name() -> str:
    """The named pipe on Windows, one for each account that is signed in."""
    account = f"{os.environ.get('USERDOMAIN', '')}-{os.environ.get('USERNAME', '')}"
    return rf"\\.\pipe\xdr-login-{account}"


def socket_path() -> Path:
    """The socket, in a folder of mode 0700 that is made if need be; raises `OSError`."""
    return _folder() / _SOCKET


def lock_path() -> Path:
    """The file that the running program keeps locked; raises `OSError`."""
    return _folder() / _LOCK


def _folder() -> Path:
    # By hand: what knows the places of every system takes as long to load as a frame, and warns
    # where there is no such place.
    given = os.environ.get("XDG_RUNTIME_DIR", "")
    if given.startswith("/"):
        with suppress(OSError):  # it is gone, or another person's, as after `sudo -E`
            return _private(Path(given, _FOLDER))
    from desktop.services.paths import own_runtime_folder

    folder = own_runtime_folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    return _private(folder)


def _private(folder: Path) -> Path:
    """`folder`, which nobody else can get into; raises `OSError`."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PermissionError(f"{folder} is not ours")
    if found.st_mode & 0o077:
        folder.chmod(0o700)
    return folder

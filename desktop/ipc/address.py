"""Where the running app listens: a place that only this user can reach.

This runs before the first paint, and before a script gets its token, so it loads almost nothing,
not even `pathlib`.
"""

from __future__ import annotations

import os
import stat
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

_FOLDER = "xdr-login"
_SOCKET = "socket"
_LOCK = "lock"
# Bytes, without the zero at the end: sun_path has 108 on Linux, unix(7), and 104 elsewhere.
_LONGEST_PATH = 107 if sys.platform == "linux" else 103
_RUNTIME_PLACE = "/run/user"  # with a folder for each user who is logged in
_SHARED_PLACES = ("/tmp", "/var/tmp")  # noqa: S108 - each folder in them is checked


def pipe_name() -> str:
    """Return the named pipe on Windows; each account has its own."""
    account = f"{os.environ.get('USERDOMAIN', '')}-{os.environ.get('USERNAME', '')}"
    return rf"\\.\pipe\xdr-login-{account}"


def socket_name() -> str:
    """Return the path of the socket, in a folder of mode 0700 that is created if needed.

    Raises `OSError`.
    """
    return f"{_runtime_folder()}/{_SOCKET}"


def socket_path() -> Path:
    """Return the path of the socket as a `Path`; raises `OSError`."""
    from pathlib import Path

    return Path(socket_name())


def lock_path() -> Path:
    """Return the file that the running app keeps locked; raises `OSError`."""
    from pathlib import Path

    return Path(_runtime_folder(), _LOCK)


def _runtime_folder() -> str:
    folder = _usual_folder()
    # Both ends come to the same conclusion from the same path.
    is_long = len(os.fsencode(f"{folder}/{_SOCKET}")) > _LONGEST_PATH
    return _short_folder(folder) if is_long else folder


def _usual_folder() -> str:
    # Not by platformdirs: it is slow to load, and warns if the variable is unset.
    # Jobs of cron don't have it. They must reach the app all the same: it may be locked, or ask.
    given = os.environ.get("XDG_RUNTIME_DIR") or f"{_RUNTIME_PLACE}/{os.getuid()}"
    if given.startswith("/"):
        try:
            # Its owner could replace our folder (XDG Base Directory).
            if os.stat(given).st_uid == os.getuid():  # noqa: PTH116 - `pathlib` is slow to load
                return _make_private(f"{given.rstrip('/')}/{_FOLDER}")
        except OSError:  # it no longer exists
            pass
    from ..services.system.paths import fallback_runtime_folder

    found = fallback_runtime_folder()
    found.parent.mkdir(parents=True, exist_ok=True)
    return _make_private(str(found))


def _short_folder(instead_of: str) -> str:
    """Return a folder whose path is short, with a name of its own for each long one.

    In a shared place somebody else may have taken the name, so there are several places. Raises
    `OSError` if all are taken.
    """
    import hashlib

    name = hashlib.sha256(os.fsencode(instead_of)).hexdigest()[:16]
    user = os.getuid()
    reason: OSError | None = None
    for place in (f"{_RUNTIME_PLACE}/{user}", *_SHARED_PLACES):
        try:
            if _is_safe(os.stat(place), user):  # noqa: PTH116 - `pathlib` is slow to load
                return _make_private(f"{place}/{_FOLDER}-{user}-{name}")
        except OSError as error:
            reason = error
    raise OSError("no private place for the socket") from reason


def _is_safe(place: os.stat_result, user: int) -> bool:
    """Tell whether nobody but its owner can replace what is in `place`."""
    is_closed = not place.st_mode & 0o022 or bool(place.st_mode & stat.S_ISVTX)
    return is_closed and place.st_uid in {0, user}


def _make_private(folder: str) -> str:
    """Create `folder` or make it private; raises `OSError` if it belongs to somebody else."""
    try:  # noqa: SIM105 - `contextlib` is slow to load
        os.mkdir(folder, mode=0o700)  # noqa: PTH102 - so is `pathlib`
    except FileExistsError:
        pass
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to another user")
    if found.st_mode & 0o077:
        os.chmod(folder, 0o700)  # noqa: PTH101 - the same
    return folder

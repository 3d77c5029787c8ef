"""Where the running app listens: a place that only this user can reach.

This runs before the first paint, and before a script gets its token, so it loads almost nothing,
not even `pathlib`.
"""

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

_FOLDER = "xdr-login"
_SOCKET = "socket"
_LOCK = "lock"


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
    # Not by platformdirs: it is slow to load, and warns if the variable is unset.
    given = os.environ.get("XDG_RUNTIME_DIR", "")
    if given.startswith("/"):
        try:
            # Its owner could replace our folder (XDG Base Directory).
            if os.stat(given).st_uid == os.getuid():  # noqa: PTH116 - `pathlib` is slow to load
                return _make_private(f"{given.rstrip('/')}/{_FOLDER}")
        except OSError:  # it no longer exists
            pass
    from desktop.services.system.paths import fallback_runtime_folder

    folder = fallback_runtime_folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    return _make_private(str(folder))


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

"""Where the running program listens: a place that is this person's alone.

Looking there comes before anything is painted, and before a script has its token, so it loads next
to nothing: not even `pathlib`.
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
    """The named pipe on Windows, one for each account that is signed in."""
    account = f"{os.environ.get('USERDOMAIN', '')}-{os.environ.get('USERNAME', '')}"
    return rf"\\.\pipe\xdr-login-{account}"


def socket_name() -> str:
    """The path of the socket, in a folder of mode 0700 that is made if need be.

    Raises `OSError`.
    """
    return f"{_runtime_folder()}/{_SOCKET}"


def socket_path() -> Path:
    """The same as a `Path`; raises `OSError`."""
    from pathlib import Path

    return Path(socket_name())


def lock_path() -> Path:
    """The file that the running program keeps locked; raises `OSError`."""
    from pathlib import Path

    return Path(_runtime_folder(), _LOCK)


def _runtime_folder() -> str:
    # By hand: what knows the places of every system takes as long to load as a frame, and warns
    # where there is no such place.
    given = os.environ.get("XDG_RUNTIME_DIR", "")
    if given.startswith("/"):
        try:
            # Whoever owns it can put other folders into the place of ours (XDG Base Directory).
            if os.stat(given).st_uid == os.getuid():  # noqa: PTH116 - `pathlib` is slow to load
                return _make_private(f"{given.rstrip('/')}/{_FOLDER}")
        except OSError:  # it is gone
            pass
    from desktop.services.system.paths import fallback_runtime_folder

    folder = fallback_runtime_folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    return _make_private(str(folder))


def _make_private(folder: str) -> str:
    """`folder`, which nobody else can get into; raises `OSError`."""
    try:  # noqa: SIM105 - `contextlib` is slow to load
        os.mkdir(folder, mode=0o700)  # noqa: PTH102 - so is `pathlib`
    except FileExistsError:
        pass
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PermissionError(f"{folder} is not ours")
    if found.st_mode & 0o077:
        os.chmod(folder, 0o700)  # noqa: PTH101 - the same
    return folder

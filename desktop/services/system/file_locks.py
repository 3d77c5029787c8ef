"""Locks on files, and what to do where a file system has none."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from filelock import BaseFileLock

# After these errors somebody else may hold the lock. All others, such as ENOLCK on NFS and EROFS,
# stay: waiting would not help, so the work is done without a lock.
_MAY_PASS = {
    *(errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.EIO, errno.ENOMEM, errno.EINTR),
    # A full quota, and a server of NFS that is away or has restarted.
    *(errno.EDQUOT, errno.ESTALE, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.EHOSTUNREACH),
}


def file_lock(file: Path, *, timeout: float = -1) -> BaseFileLock:
    """Make a lock on `file` that the system releases when this process dies.

    Acquiring it raises `OSError`; see `has_no_locks`.
    """
    from filelock import FileLock  # loaded late, because nothing needs it before the first code

    # The substitute for a file system without locks would outlive a crash.
    return FileLock(file, timeout=timeout, thread_local=False, fallback_to_soft=False)


def has_no_locks(error: OSError) -> bool:
    """Tell whether `error` means that there are no locks at this place."""
    return error.errno not in _MAY_PASS

"""A lock that all processes of one user share, so that one at a time uses a refresh token."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.oauth.clock import Clock, now
from desktop.services.model.errors import RenewalTimedOut
from desktop.services.system.file_locks import file_lock, has_no_locks

if TYPE_CHECKING:
    from filelock import BaseFileLock

_log = logging.getLogger(__name__)

# Seconds: longer than the slowest renewal, with two keyring operations and four requests. The
# system releases the lock of a process that has died.
_TIMEOUT = 170.0
_RETRY_INTERVAL = 0.2


@asynccontextmanager
async def shared_lock(folder: Path, key: str, *, clock: Clock) -> AsyncIterator[None]:
    """Hold the lock `key`, a file in `folder`. Raises `RenewalTimedOut` where it is not released.

    Where the folder cannot be written, or its file system has no locks, the work is done without
    one: a renewal at the same time in two processes is less likely than a need for one.
    """
    lock = file_lock(folder / f"{key}.lock")
    started = now(clock)
    try:
        while not _try_acquire(lock):
            if started.elapsed(clock) > _TIMEOUT:
                raise RenewalTimedOut
            await clock.sleep(_RETRY_INTERVAL)
    except OSError as error:
        if not has_no_locks(error):
            raise RenewalTimedOut from error
        _log.warning("renewing without a lock: %s", error)
    try:
        yield
    finally:
        lock.release()


def _try_acquire(lock: "BaseFileLock") -> bool:
    from filelock import Timeout

    # Never blocks: the event loop must go on while another process renews.
    try:
        Path(lock.lock_file).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire(blocking=False)
    except Timeout:
        return False
    return True

"""A lock that all programs of one person share: who holds it alone uses a refresh token."""

import errno
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.oauth.clock import Clock, now
from desktop.services.model.errors import RenewalTimedOut

if TYPE_CHECKING:
    from filelock import BaseFileLock

_log = logging.getLogger(__name__)

# Seconds: longer than a renewal takes at its worst, with a keyring that is asked twice and four
# requests. The system frees the lock of a program that has died.
_TIMEOUT = 170.0
_RETRY_INTERVAL = 0.2
# Another program may hold the lock: what cannot be opened just now is no reason to go on without.
_TRANSIENT_ERRORS = {
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOLCK,
    errno.ENOSPC,
    errno.EIO,
    errno.ENOMEM,
}


@asynccontextmanager
async def shared_lock(folder: Path, key: str, *, clock: Clock) -> AsyncIterator[None]:
    """Hold the lock `key`, a file in `folder`. Raises `RenewalSlow` where it cannot be had.

    Without a folder that can be written there is no lock, and no other program that saves either.
    """
    # Loaded when it is first needed: nobody needs it before the first code.
    from filelock import FileLock

    lock = FileLock(folder / f"{key}.lock", thread_local=False)
    started = now(clock)
    try:
        while not _try_acquire(lock):
            if started.elapsed(clock) > _TIMEOUT:
                raise RenewalTimedOut
            await clock.sleep(_RETRY_INTERVAL)
    except OSError as error:
        if error.errno in _TRANSIENT_ERRORS:
            raise RenewalTimedOut from error
        _log.warning("renewing without a lock: %s", error)
    try:
        yield
    finally:
        lock.release()


def _try_acquire(lock: "BaseFileLock") -> bool:
    from filelock import Timeout

    # Never blocking: the event loop must go on while another program renews.
    try:
        Path(lock.lock_file).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire(blocking=False)
    except Timeout:
        return False
    return True

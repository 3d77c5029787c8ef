"""Counts the events that could not be written, over all programs of this user and their restarts.

The count is the size of a file, to which each program appends: that needs no lock.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress

from desktop.services.system.paths import lost_events_file

_log = logging.getLogger(__name__)

_MOST = 1_000_000


def add(count: int) -> None:
    """Count `count` more. Blocks."""
    try:
        file = lost_events_file()
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with file.open("ab") as opened:
            opened.write(b"." * min(count, _MOST - min(_MOST, opened.tell())))
    except OSError as error:
        _log.warning("%d audit events lost: %s", count, error)


def count() -> int:
    """Return how many were lost since that was last written to the log. Blocks."""
    with suppress(OSError):
        return lost_events_file().stat().st_size
    return 0


def take() -> int:
    """Return the count, and begin again from nothing. Blocks."""
    if not count():
        return 0
    with suppress(OSError):
        file = lost_events_file()
        taken = file.with_name(f"{file.name}.{os.getpid()}")
        file.replace(taken)  # only one program can
        size = taken.stat().st_size
        taken.unlink()
        return size
    return 0

"""Temporary folders of tests in memory, because deleting files on a disk is slow."""

import os
import sys
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - tempfile creates unique names there
_ROOM = 256 * 1024 * 1024


def folder_in_memory() -> str | None:
    """Return a folder in memory for temporary files; None if the default must be used.

    Containers may have little memory there, or mount it without execute permission.
    """
    if sys.platform != "linux" or not os.access(_MEMORY, os.W_OK | os.X_OK):
        return None
    status = os.statvfs(_MEMORY)
    has_room = status.f_bavail * status.f_frsize >= _ROOM
    return str(_MEMORY) if has_room and not status.f_flag & os.ST_NOEXEC else None

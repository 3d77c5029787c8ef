"""Where the short-lived folders of tests are kept: in memory, for a disk takes long to forget."""

import os
import sys
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - for what is made there by tempfile, under names of its own
_ROOM = 256 * 1024 * 1024


def folder_in_memory() -> str | None:
    """Where folders can be made in memory; `None` stands for the usual place, as tempfile has it.

    Containers may have little room there, or forbid that programs are run.
    """
    if sys.platform != "linux" or not os.access(_MEMORY, os.W_OK | os.X_OK):
        return None
    told = os.statvfs(_MEMORY)
    has_room = told.f_bavail * told.f_frsize >= _ROOM
    return str(_MEMORY) if has_room and not told.f_flag & os.ST_NOEXEC else None

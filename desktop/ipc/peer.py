"""Who is at the other end of a socket: only the same user is answered and trusted."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # `typing` is slow to load, and a script waits
if TYPE_CHECKING:
    from typing import Protocol

    class Socket(Protocol):
        """A socket, or asyncio's stand-in for one."""

        def getsockopt(self, level: int, name: int, length: int, /) -> bytes:
            """Return the raw option."""


_LOCAL_PEERCRED, _LOCAL_PEERPID = 1, 2  # macOS: sys/un.h, at the level 0
_XUCRED = 76  # bytes: version, user, number of groups, 16 groups


def is_same_user(peer: Socket) -> bool:
    """Whether the other end runs as the user of this process; raises `OSError`."""
    if sys.platform == "linux":
        _, user = _credentials(peer)
    else:
        user = _int_at(peer.getsockopt(0, _LOCAL_PEERCRED, _XUCRED), 1)
    return bool(user == os.getuid())


def process_of(peer: Socket) -> int | None:
    """Return the connected process; `None` if it is unknown, for example across containers.

    Raises `OSError`.
    """
    if sys.platform == "linux":
        process, _ = _credentials(peer)
    else:
        process = _int_at(peer.getsockopt(0, _LOCAL_PEERPID, _INT_SIZE), 0)
    return process or None


def process_at_pipe(handle: int) -> int | None:
    """Return the process that opened a named pipe on Windows; `None` if it is unknown."""
    return _query_pipe_process(handle, "GetNamedPipeClientProcessId")


def is_pipe_of_same_user(file: int) -> bool:
    """Whether the named pipe that was opened as `file` is served by the user of this process.

    Another account on this computer may have taken the name first.
    """
    if sys.platform == "win32":  # for the type checker
        import msvcrt

        process = _query_pipe_process(msvcrt.get_osfhandle(file), "GetNamedPipeServerProcessId")
        return process is not None and is_own_process(process)
    return False


def is_own_process(process: int) -> bool:
    """Tell whether `process` belongs to the same user as this process. Blocks."""
    import psutil

    try:
        return bool(psutil.Process(process).username() == psutil.Process().username())
    except (psutil.Error, OSError):  # Windows hides the processes of other users
        return False


def _query_pipe_process(handle: int, function_name: str) -> int | None:
    if sys.platform == "win32":
        import ctypes
        from ctypes import wintypes

        process = wintypes.ULONG()
        query = getattr(ctypes.windll.kernel32, function_name)
        found = query(wintypes.HANDLE(handle), ctypes.byref(process))
        return process.value if found else None
    return None


def _credentials(peer: Socket) -> tuple[int, int]:
    """Return the process and the user at the other end, on Linux."""
    from _socket import SO_PEERCRED, SOL_SOCKET  # `socket` is slow to load

    # Process, user, group: unix(7), SO_PEERCRED
    data = peer.getsockopt(SOL_SOCKET, SO_PEERCRED, 3 * _INT_SIZE)
    return _int_at(data, 0), _int_at(data, 1)


def _int_at(data: bytes, index: int) -> int:
    """Read one int of a C struct; the `struct` module is slow to load."""
    return int.from_bytes(data[index * _INT_SIZE : (index + 1) * _INT_SIZE], sys.byteorder)


_INT_SIZE = 4  # bytes of an int on all supported systems

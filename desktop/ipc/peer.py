"""Who is at the other end of a socket: only the same person is answered, and believed."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # `typing` is slow to load, and a script waits
if TYPE_CHECKING:
    from typing import Protocol

    class Socket(Protocol):
        """What can be asked for options, as a socket and asyncio's stand-in for one."""

        def getsockopt(self, level: int, name: int, length: int, /) -> bytes:
            """The option as it is."""


_LOCAL_PEERCRED, _LOCAL_PEERPID = 1, 2  # macOS: sys/un.h, at the level 0
_XUCRED = 76  # bytes: version, user, number of groups, 16 groups


def is_same_user(peer: Socket) -> bool:
    """Whether the other end runs for the person that this program runs for; raises `OSError`."""
    if sys.platform == "linux":
        _, user = _credentials(peer)
    else:
        user = _int_at(peer.getsockopt(0, _LOCAL_PEERCRED, _XUCRED), 1)
    return bool(user == os.getuid())


def process_of(peer: Socket) -> int | None:
    """The process that has connected; `None` where the system does not tell, as across containers.

    Raises `OSError`.
    """
    if sys.platform == "linux":
        process, _ = _credentials(peer)
    else:
        process = _int_at(peer.getsockopt(0, _LOCAL_PEERPID, _INT_SIZE), 0)
    return process or None


def process_at_pipe(handle: int) -> int | None:
    """The process that has opened a named pipe of Windows; `None` where it is not told."""
    return _query_pipe_process(handle, "GetNamedPipeClientProcessId")


def is_pipe_of_same_user(file: int) -> bool:
    """Whether the named pipe that was opened as `file` is served for this program's person.

    Another account of the computer may have taken the name first.
    """
    if sys.platform == "win32":  # for the type checker
        import msvcrt

        from desktop.services.system.processes import is_own_process

        process = _query_pipe_process(msvcrt.get_osfhandle(file), "GetNamedPipeServerProcessId")
        return process is not None and is_own_process(process)
    return False


def _query_pipe_process(handle: int, asked: str) -> int | None:
    if sys.platform == "win32":
        import ctypes
        from ctypes import wintypes

        process = wintypes.ULONG()
        ask = getattr(ctypes.windll.kernel32, asked)
        told = ask(wintypes.HANDLE(handle), ctypes.byref(process))
        return process.value if told else None
    return None


def _credentials(peer: Socket) -> tuple[int, int]:
    """Process and user at the other end, on Linux."""
    from _socket import SO_PEERCRED, SOL_SOCKET  # `socket` is slow to load

    # Process, user, group: unix(7), SO_PEERCRED
    data = peer.getsockopt(SOL_SOCKET, SO_PEERCRED, 3 * _INT_SIZE)
    return _int_at(data, 0), _int_at(data, 1)


def _int_at(data: bytes, place: int) -> int:
    """The int at that place of a C struct; `struct` would take longer to load."""
    return int.from_bytes(data[place * _INT_SIZE : (place + 1) * _INT_SIZE], sys.byteorder)


_INT_SIZE = 4  # bytes of an int, on each system that this runs on

"""Who is at the other end of a socket: only the same person is answered, and believed."""

from __future__ import annotations

import os
import socket
import struct
import sys
from typing import Protocol

_LOCAL_PEERCRED = 1  # macOS: sys/un.h, at the level 0
_XUCRED = "IIh16I"  # version, user, number of groups, groups


class Socket(Protocol):
    """What can be asked for options, as a socket and asyncio's stand-in for one."""

    def getsockopt(self, level: int, name: int, length: int, /) -> bytes:
        """The option as it is."""


def is_own(peer: Socket) -> bool:
    """Whether the other end runs for the person that this program runs for; raises `OSError`."""
    if sys.platform == "linux":
        layout = "3i"  # process, user, group: unix(7), SO_PEERCRED
        data = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize(layout))
        _, user, _ = struct.unpack(layout, data)
    else:
        data = peer.getsockopt(0, _LOCAL_PEERCRED, struct.calcsize(_XUCRED))
        _, user = struct.unpack_from("II", data)
    return bool(user == os.getuid())

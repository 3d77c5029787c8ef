"""One request to the running app at its socket, with little more loaded than the socket.

On Windows the app listens at a pipe instead: see `ipc.client`.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # `typing` is slow to load, and a script waits
if TYPE_CHECKING:
    import _socket
    from collections.abc import Callable

LONGEST_ANSWER = 1024 * 1024
"""Bytes of an answer, line end included: a token may have 256 kB, and its JSON is longer."""
_LARGEST_PIECE = 64 * 1024  # bytes


def connect(timeout: float) -> _socket.socket:
    """Connect to the running app; `timeout` is in seconds, for each step.

    Raises `PermissionError` if another user listens there, `BlockingIOError` if its queue is full
    (unix(7), EAGAIN), and other `OSError` if nobody does.
    """
    if sys.platform == "win32":
        raise OSError("no sockets here")
    import os

    from .address import socket_name

    name = socket_name()
    os.stat(name)  # noqa: PTH116 - usually missing at a start: nothing else is loaded then
    import _socket  # `socket` is as slow to load as everything else

    from .peer import is_same_user

    client = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        client.settimeout(timeout)
        client.connect(name)
        is_ours = is_same_user(client)
    except BaseException:
        client.close()
        raise
    if not is_ours:
        client.close()
        raise PermissionError("another user listens there")
    return client


def exchange(
    client: _socket.socket,
    request: bytes,
    *,
    on_wait: tuple[float, Callable[[], None]] | None = None,
) -> bytes:
    """Send `request`, read the line that answers it, and close.

    What is read is not a whole line if the other end closes before. `on_wait` are seconds, and what
    to call if nothing has arrived by then. Raises `OSError`, after its timeout `TimeoutError`.
    """
    try:
        client.sendall(request)
        if on_wait is not None:
            _wait(client, *on_wait)
        answer = bytearray()
        while not answer.endswith(b"\n") and len(answer) < LONGEST_ANSWER:
            piece = client.recv(_LARGEST_PIECE)
            if not piece:
                break
            answer += piece
        return bytes(answer)
    finally:
        client.close()


def _wait(client: _socket.socket, seconds: float, notify: Callable[[], None]) -> None:
    import _socket

    timeout = client.gettimeout()
    client.settimeout(seconds)
    try:
        client.recv(1, _socket.MSG_PEEK)
    except TimeoutError:
        notify()
    client.settimeout(timeout)

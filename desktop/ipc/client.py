"""Sends commands to the running app. Blocks, and loads almost nothing if no app runs."""

from __future__ import annotations

import os
import sys
import time
from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING

from desktop.ipc import address
from desktop.services.system.translation import translate

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from desktop.ipc.messages import Members

# What a desktop gives to a program that it starts, so that its window may come to the front.
ACTIVATION_VARIABLES = ("XDG_ACTIVATION_TOKEN", "DESKTOP_STARTUP_ID")

_TIMEOUT = 2.0  # seconds for each step
_RETRY_DELAY = 0.02


class NotRunning(Exception):
    """No app listens."""


class AlreadyRunning(Exception):
    """The app runs already, so this process is to end."""


class NoAnswer(Exception):
    """The app does not answer, or not in this protocol."""


def defer_to_running_app(*, quietly: bool) -> None:
    """Raise `AlreadyRunning` if the app runs, after it was asked to show its window.

    With `quietly` it is not asked. An app that does not answer counts as not running.
    """
    try:
        if quietly:
            _open_connection().close()
        else:
            show_window()
    except (NotRunning, NoAnswer):
        return
    raise AlreadyRunning


def show_window() -> None:
    """Bring the window of the running app to the front; raises `NotRunning` or `NoAnswer`."""
    given = {name: os.environ[name] for name in ACTIVATION_VARIABLES if os.environ.get(name)}
    if sys.platform == "win32":
        _allow_set_foreground()
    send_command("show", activation=given)


def send_command(command: str, *, timeout: float | None = None, **members: object) -> Members:
    """Send `command` to the running app and return its answer, within `timeout` seconds.

    Raises `NotRunning`, `NoAnswer`, or `RefusedByAgent` if the app understood and refuses.
    """
    timeout = _TIMEOUT if timeout is None else timeout
    stream = _open_connection(timeout)
    if sys.platform == "win32":  # a socket has a timeout of its own
        return run_with_timeout(lambda: _exchange(stream, command, members), timeout)
    return _exchange(stream, command, members)


def run_with_timeout(work: Callable[[], Members], seconds: float) -> Members:
    """Run `work` in a thread; raises `NoAnswer` if it takes longer than `seconds`.

    A Windows pipe that was opened as a file has no timeout for reading.
    """
    import threading

    done: list[Members | Exception] = []

    def run() -> None:
        try:
            done.append(work())
        except Exception as error:  # noqa: BLE001 - raised below
            done.append(error)

    thread = threading.Thread(target=run, name="pipe", daemon=True)
    thread.start()
    thread.join(seconds)
    outcome = done[0] if done else NoAnswer(translate("timed out"))
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _exchange(stream: RawIOBase, command: str, members: Members) -> Members:
    from desktop.ipc.messages import LONGEST_ANSWER, BadMessage, decode, encode, refusal_in

    try:
        with stream:
            stream.write(encode({"command": command, **members}))
            answer = decode(BufferedReader(stream).readline(LONGEST_ANSWER))
    except (OSError, BadMessage) as error:
        raise NoAnswer(str(error)) from error
    if refusal := refusal_in(answer):
        raise refusal
    if answer.get("ok") is not True:
        raise NoAnswer(str(answer.get("error")))
    return answer


def _open_connection(timeout: float | None = None) -> RawIOBase:
    """Connect to the running app; raises `NotRunning`."""
    try:
        return _open_pipe() if sys.platform == "win32" else _open_socket(timeout)
    except OSError as error:
        raise NotRunning from error


def _open_pipe() -> RawIOBase:
    from desktop.ipc.peer import is_pipe_of_same_user

    pipe = open(address.pipe_name(), "r+b", buffering=0)  # noqa: PTH123, SIM115 - not a file
    if not is_pipe_of_same_user(pipe.fileno()):
        pipe.close()
        raise PermissionError("another user listens there")
    return pipe


def _open_socket(timeout: float | None) -> RawIOBase:
    name = address.socket_name()
    os.stat(name)  # noqa: PTH116 - usually missing at a start, and `socket` is slow to load
    import socket

    from desktop.ipc.peer import is_same_user

    with socket.socket(socket.AF_UNIX) as client:
        _connect(client, name)
        client.settimeout(_TIMEOUT if timeout is None else timeout)
        if not is_same_user(client):
            raise PermissionError("another user listens there")
        return client.makefile("rwb", buffering=0)


def _connect(client: socket.socket, path: str) -> None:
    """Connect, and wait while too many others do the same. Raises `OSError`."""
    client.settimeout(_TIMEOUT)
    give_up_at = time.monotonic() + _TIMEOUT
    while True:
        try:
            return client.connect(path)
        except BlockingIOError:  # the listener's queue is full: unix(7), EAGAIN
            if time.monotonic() > give_up_at:
                raise
            time.sleep(_RETRY_DELAY)


def _allow_set_foreground() -> None:
    if sys.platform == "win32":  # for the type checker
        import ctypes

        anybody = 0xFFFFFFFF  # ASFW_ANY
        ctypes.windll.user32.AllowSetForegroundWindow(anybody)

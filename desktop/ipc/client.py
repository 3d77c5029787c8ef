"""Sends commands to the running app. Blocks, and loads almost nothing if no app runs."""

from __future__ import annotations

import os
import sys
import time

from .exchange import LONGEST_ANSWER, connect, exchange

TYPE_CHECKING = False  # `typing` is slow to load
if TYPE_CHECKING:
    import _socket
    from collections.abc import Callable, Mapping
    from io import RawIOBase

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
            open_connection().close()
        else:
            show_window()
    except (NotRunning, NoAnswer):
        return
    raise AlreadyRunning


def open_connection() -> RawIOBase | _socket.socket:
    """Connect to the running app; raises `NotRunning`."""
    return _open_pipe() if sys.platform == "win32" else _connect(_TIMEOUT)


def show_window() -> None:
    """Bring the window of the running app to the front; raises `NotRunning` or `NoAnswer`."""
    given = {name: os.environ[name] for name in ACTIVATION_VARIABLES if os.environ.get(name)}
    if sys.platform == "win32":
        _allow_set_foreground()
    request = _encode_show(given)
    if request is None or sys.platform == "win32":
        send_command("show", activation=given)
    elif (answer := _ask_at_socket(request, _TIMEOUT)) != _DONE:
        _read_answer(answer)


# Written by hand as `ipc.messages` would write them, which is slow to load; a test compares them.
_SHOW = '{"version": 1, "command": "show", "activation": {%s}}\n'
_DONE = b'{"version": 1, "ok": true}\n'


def _encode_show(activation: Mapping[str, str]) -> bytes | None:
    """Encode the command to show the window; `None` if a value needs more than quotes."""
    if not all(each.isascii() and each.isprintable() for each in activation.values()):
        return None
    if any(character in each for each in activation.values() for character in '"\\'):
        return None
    members = ", ".join(f'"{name}": "{each}"' for name, each in activation.items())
    return (_SHOW % members).encode("ascii")


def send_command(command: str, *, timeout: float | None = None, **members: object) -> Members:
    """Send `command` to the running app and return its answer, within `timeout` seconds.

    Raises `NotRunning`, `NoAnswer`, or `RefusedByAgent` if the app understood and refuses.
    """
    from .messages import encode

    timeout = _TIMEOUT if timeout is None else timeout
    request = encode({"command": command, **members})
    if sys.platform == "win32":  # a socket has a timeout of its own
        pipe = _open_pipe()
        return run_with_timeout(lambda: _read_answer(_ask_at_pipe(pipe, request)), timeout)
    return _read_answer(_ask_at_socket(request, timeout))


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
    from ..services.system.translation import translate

    outcome = done[0] if done else NoAnswer(translate("timed out"))
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _read_answer(line: bytes) -> Members:
    from .messages import BadMessage, decode, refusal_in

    try:
        answer = decode(line)
    except BadMessage as error:
        raise NoAnswer(str(error)) from error
    if refusal := refusal_in(answer):
        raise refusal
    if answer.get("ok") is not True:
        raise NoAnswer(str(answer.get("error")))
    return answer


def _ask_at_pipe(pipe: RawIOBase, request: bytes) -> bytes:
    from io import BufferedReader

    try:
        with pipe:
            pipe.write(request)
            return BufferedReader(pipe).readline(LONGEST_ANSWER)
    except OSError as error:
        raise NoAnswer(str(error)) from error


def _open_pipe() -> RawIOBase:
    """Connect to the running app on Windows; raises `NotRunning`."""
    from .address import pipe_name
    from .peer import is_pipe_of_same_user

    try:
        pipe = open(pipe_name(), "r+b", buffering=0)  # noqa: PTH123, SIM115 - not a file
        if not is_pipe_of_same_user(pipe.fileno()):
            pipe.close()
            raise PermissionError("another user listens there")
    except OSError as error:
        raise NotRunning from error
    return pipe


def _ask_at_socket(request: bytes, timeout: float) -> bytes:
    client = _connect(timeout)
    try:
        return exchange(client, request)
    except OSError as error:
        raise NoAnswer(str(error)) from error


def _connect(timeout: float) -> _socket.socket:
    """Connect, and wait while too many others do the same; raises `NotRunning`."""
    give_up_at = time.monotonic() + _TIMEOUT
    while True:
        try:
            return connect(timeout)
        except BlockingIOError as error:
            if time.monotonic() > give_up_at:
                raise NotRunning from error
            time.sleep(_RETRY_DELAY)
        except OSError as error:
            raise NotRunning from error


def _allow_set_foreground() -> None:
    if sys.platform == "win32":  # for the type checker
        import ctypes

        anybody = 0xFFFFFFFF  # ASFW_ANY
        ctypes.windll.user32.AllowSetForegroundWindow(anybody)

"""`xdr-login token` from the running program, quickly: most calls come from scripts, and often.

Every module that is loaded takes its time, so this loads the socket and hardly anything else: no
click, no json, no `typing`. What is not usual is left to the whole command line.
"""

from __future__ import annotations

import os
import sys

from desktop.cli.terminal import CANCELLED, PROFILE_VARIABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_UNITS = {"s": 1, "m": 60, "h": 3600}
_FORMATS = ("raw", "header", "json", "env", "curl")  # as `services.token_output` has them
_EXIT_CODES = {
    "usage": 2,
    "sign_in_needed": 3,
    "declined": 4,
    "forbidden": 4,
    "network": 5,
    "keyring": 6,
}

# What `ipc.messages` writes, by hand: tests hold the two alike.
_REQUEST_TEMPLATE = (
    '{"version": 1, "command": "token", "profile": %s, "min_validity": %d, "format": "%s"}\n'
)
_TOLD, _TOLD_ENDS = b'{"version": 1, "ok": true, "text": "', b'"}\n'
_LONGEST_LINE = 64 * 1024
_TIMEOUT = 100.0  # seconds: `access.PATIENCE`
_NOTICE_DELAY = 1.0  # seconds: `access.SOON`

TERMINAL_WARNING = (
    "This is an access token: whoever has it can act as you until it expires. Better pipe it into "
    "what needs it.\n"
)


def run(arguments: Sequence[str]) -> int | None:
    """Print a token; gives the exit code, or `None`: this is for the whole command line.

    `arguments` are those behind `token`.
    """
    given = _parse_arguments(arguments)
    if given is None or sys.platform == "win32":  # the whole command line asks at the pipe
        return None
    try:
        answer = _send_request(_encode_request(*given))
        code = None if answer is None else _print_answer(answer)
        return _print_without_app(*given) if code is None else code
    except BlockingIOError:
        return None  # too many ask at once: the whole command line waits for its turn
    except KeyboardInterrupt:
        sys.stderr.write("\nCancelled.\n")
        return CANCELLED


def print_token(text: str) -> int:
    """Print a token; on a terminal say what it is. Gives the exit code."""
    if sys.stdout.isatty():  # a person may not know what they show to whom
        sys.stderr.write(TERMINAL_WARNING)
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except OSError:  # whoever wanted it has gone
        return 1
    return 0


def _parse_arguments(arguments: Sequence[str]) -> tuple[str, int, str] | None:
    """Profile, seconds of validity and format; `None` for whatever is not plain."""
    given = {"--profile": os.environ.get(PROFILE_VARIABLE, ""), "--min-validity": "60"}
    given["--format"] = "raw"
    left = list(arguments)
    while left:
        name, is_joined, value = left.pop(0).partition("=")
        if name not in given or not (is_joined or left):
            return None
        given[name] = value if is_joined else left.pop(0)
    profile, seconds, shape = given.values()
    validity = _parse_seconds(seconds)
    if validity is None or shape not in _FORMATS or not _PLAIN.issuperset(profile):
        return None
    return profile, validity, shape


def _encode_request(profile: str, validity: int, shape: str) -> bytes:
    return (_REQUEST_TEMPLATE % (f'"{profile}"' if profile else "null", validity, shape)).encode(
        "ascii"
    )


def _print_without_app(profile: str, validity: int, shape: str) -> int:
    """Print the token that is saved, or what a renewal brings: nobody has answered."""
    from desktop.cli.scripts.token_source import fetch_formatted_token_without_app

    try:
        return print_token(
            fetch_formatted_token_without_app(profile or None, min_validity=validity, shape=shape)
        )
    except Exception as error:
        from desktop.cli.terminal.exits import (  # only now: it takes its time
            EXPECTED_ERRORS,
            error_message,
            exit_code,
        )

        if not isinstance(error, EXPECTED_ERRORS):
            raise
        sys.stderr.write(f"{error_message(error)}\n")
        return int(exit_code(error))


def _parse_seconds(text: str) -> int | None:
    number, unit = (text[:-1], _UNITS[text[-1]]) if text[-1:] in _UNITS else (text, 1)
    is_number = number.isascii() and number.isdecimal() and len(number) <= 6
    return int(number) * unit if is_number else None


def _send_request(question: bytes) -> bytes | None:
    """The line that the running program answers; `None` where it does not.

    Raises `BlockingIOError` where the queue of those who want to ask is full: unix(7), EAGAIN.
    """
    if sys.platform == "win32":
        return None
    import _socket  # `socket` is as slow to load as all the rest

    from desktop.ipc.address import socket_name
    from desktop.ipc.peer import is_same_user

    client = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        client.settimeout(_TIMEOUT)
        client.connect(socket_name())
        if not is_same_user(client):
            return None
        client.sendall(question)
        client.settimeout(_NOTICE_DELAY)
        try:
            client.recv(1, _socket.MSG_PEEK)
        except TimeoutError:
            _report_pending_permission()
        client.settimeout(_TIMEOUT)
        answer = b""
        while not answer.endswith(b"\n") and len(answer) < _LONGEST_LINE:
            piece = client.recv(_LONGEST_LINE)
            if not piece:
                return None
            answer += piece
    except BlockingIOError:
        raise
    except OSError:
        return None
    finally:
        client.close()
    return answer


def _report_pending_permission() -> None:
    from desktop.cli.terminal.running_app import (
        report_pending_permission,  # it takes its time, and there is some now
    )

    report_pending_permission()


def _print_answer(answer: bytes) -> int | None:
    """Say what is in the line `answer`; gives the exit code, or `None` for what is no answer."""
    text = answer[len(_TOLD) : -len(_TOLD_ENDS)]
    if answer.startswith(_TOLD) and answer.endswith(_TOLD_ENDS) and not _needs_decoding(text):
        return print_token(text.decode("ascii"))
    from desktop.ipc.messages import BadMessage, decode, refusal_in

    try:
        members = decode(answer)
    except BadMessage:
        return None
    if refusal := refusal_in(members):
        sys.stderr.write(f"{refusal}\n")
        return _EXIT_CODES.get(refusal.code, 1)
    found = members.get("text")
    return print_token(found) if members.get("ok") is True and isinstance(found, str) else None


def _needs_decoding(text: bytes) -> bool:
    """Whether a string of JSON is not what it stands for."""
    return b"\\" in text or b'"' in text or not text.isascii()

"""`xdr-login token` in the usual case, quickly, since scripts call it often.

Loading modules takes most of the time, so this loads little more than the socket: no click, no
json, no `typing`. Unusual arguments are left to the complete command line.
"""

from __future__ import annotations

import os
import sys

from desktop.cli.terminal import CANCELLED, PROFILE_VARIABLE
from desktop.cli.terminal.streams import (
    UnwrittenOutput,
    keep_log_off_terminal,
    prepare_streams,
    report_unwritten_output,
)
from desktop.ipc.token_message import TIMEOUT, encode_request, is_plain, parse_answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_UNITS = {"s": 1, "m": 60, "h": 3600}
_FORMATS = ("raw", "header", "json", "env", "curl")  # the keys of `PRINT_FORMATS`
_EXIT_CODES = {
    "usage": 2,
    "sign_in_needed": 3,
    "declined": 4,
    "forbidden": 4,
    "locked": 4,
    "network": 5,
    "keyring": 6,
    "server": 7,
}

_NOTICE_DELAY = 1.0  # seconds, as `token_source.NOTICE_DELAY`


def run(arguments: Sequence[str]) -> int | None:
    """Print a token and give the exit code; `None` leaves it to the complete command line.

    `arguments` are those after `token`.
    """
    prepare_streams()
    given = _parse_arguments(arguments)
    if given is None or sys.platform == "win32":  # only the complete command line uses the pipe
        return None
    try:
        answer = _send_request(encode_request(*given))
        code = None if answer is None else _print_answer(answer)
        return _print_without_app(*given) if code is None else code
    except BlockingIOError:
        return None  # the queue is full: the complete command line waits
    except KeyboardInterrupt:
        from desktop.services.system.translation import translate

        sys.stderr.write(f"\n{translate('Canceled.')}\n")
        return CANCELLED


def print_token(text: str) -> int:
    """Print a token, on a terminal with a warning; gives the exit code."""
    if sys.stdout.isatty():  # someone may look over a shoulder, or at a recording
        _warn_on_terminal()
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except (OSError, UnwrittenOutput) as error:
        return report_unwritten_output(error)
    return 0


def _warn_on_terminal() -> None:
    from desktop.services.system.translation import translate  # not loaded for a script

    warning = translate(
        "Anyone with this token can act as you until it expires. "
        "Prefer piping it to the program that needs it."
    )
    sys.stderr.write(f"{warning}\n")


def _parse_arguments(arguments: Sequence[str]) -> tuple[str, int, str] | None:
    """Profile, seconds of validity and format; `None` for anything unusual."""
    given = {"--profile": os.environ.get(PROFILE_VARIABLE, ""), "--min-validity": "60"}
    given["--format"] = "raw"
    left = list(arguments)
    while left:
        name, is_joined, value = left.pop(0).partition("=")
        if name not in given or not (is_joined or left):
            return None
        given[name] = value if is_joined else left.pop(0)
    profile, seconds, token_format = given.values()
    validity = parse_seconds(seconds)
    if validity is None or token_format not in _FORMATS or not is_plain(profile):
        return None
    return profile, validity, token_format


def _print_without_app(profile: str, validity: int, token_format: str) -> int:
    """Print the saved token, renewed if necessary; XDR Login did not answer."""
    from desktop.cli.scripts.token_source import fetch_formatted_token_without_app

    keep_log_off_terminal()
    try:
        return print_token(
            fetch_formatted_token_without_app(
                profile or None, min_validity=validity, token_format=token_format
            )
        )
    except Exception as error:
        from desktop.cli.terminal.error_reports import (  # slow to load
            EXPECTED_ERRORS,
            error_message,
            exit_code,
        )

        if not isinstance(error, EXPECTED_ERRORS):
            raise
        from desktop.services.system.translation import for_terminal

        sys.stderr.write(f"{for_terminal(error_message(error))}\n")
        return int(exit_code(error))


def parse_seconds(text: str) -> int | None:
    """Parse a duration such as 90, 90s, 5m or 1h; `None` if it is invalid."""
    number, unit = (text[:-1], _UNITS[text[-1]]) if text[-1:] in _UNITS else (text, 1)
    is_number = number.isascii() and number.isdecimal() and len(number) <= 6
    return int(number) * unit if is_number else None


def _send_request(request: bytes) -> bytes | None:
    """Send `request` to XDR Login and return its answer; `None` if it does not answer.

    Raises `BlockingIOError` if its queue is full: unix(7), EAGAIN.
    """
    from desktop.ipc.exchange import connect, exchange

    try:
        notice = (_NOTICE_DELAY, _report_pending_permission)
        answer = exchange(connect(TIMEOUT), request, on_wait=notice)
    except BlockingIOError:
        raise
    except OSError:
        return None
    return answer or None


def _report_pending_permission() -> None:
    from desktop.cli.terminal.running_app import (
        report_pending_permission,  # slow to load, but the answer is not there yet
    )

    report_pending_permission()


def _print_answer(answer: bytes) -> int | None:
    """Print what `answer` contains and give the exit code; `None` if it is not a valid answer."""
    found = parse_answer(answer)
    if found is None or isinstance(found, str):
        return None if found is None else print_token(found)
    sys.stderr.write(f"{found}\n")
    return _EXIT_CODES.get(found.code, 1)

"""How a command ends: its exit code, and the words for what went wrong."""

from __future__ import annotations

import functools
from collections.abc import Callable
from enum import IntEnum
from typing import ParamSpec

from desktop.cli import CANCELLED
from desktop.cli.talk import event, say
from desktop.ipc.messages import RefusedByAgent
from desktop.oauth import errors
from desktop.services import session_errors
from desktop.services.keystore import KeyringMissing, KeystoreError
from desktop.services.messages import advice_for
from desktop.services.profiles import ProfileError

P = ParamSpec("P")

EXPECTED = (
    errors.OAuthError,
    KeystoreError,
    session_errors.SessionError,
    ProfileError,
    RefusedByAgent,
)
"""What a command tells in words; anything else is a fault of this program."""


class Exit(IntEnum):
    """The exit codes, documented in docs/command-line.md."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    SIGN_IN_NEEDED = 3
    FORBIDDEN = 4
    NETWORK = 5
    KEYRING = 6
    CANCELLED = CANCELLED


def exit_code(error: Exception) -> Exit:
    """The exit code for an expected error."""
    if isinstance(error, RefusedByAgent):
        return Exit.FORBIDDEN if error.code == "declined" else Exit[error.code.upper()]
    return next((code for kinds, code in _CODES if isinstance(error, kinds)), Exit.FAILURE)


def error_name(error: Exception) -> str:
    """What --json calls an expected error: the name of its exit code, or that it was declined."""
    if isinstance(error, RefusedByAgent):
        return error.code
    return "declined" if isinstance(error, errors.AccessDenied) else exit_code(error).name.lower()


def words(error: Exception, *, user_code: str = "") -> str:
    """What a person reads of an expected error, as the window says it."""
    if isinstance(error, RefusedByAgent):
        return str(error)
    advice = advice_for(error, user_code=user_code)
    # To go on without a keyring, as the window can, is of no use to who ends with the command.
    text = advice.help if isinstance(error, KeyringMissing) else advice.text
    return "\n".join(filter(None, (f"{advice.title}. {text}", advice.facts)))


def tell_error(error: Exception, *, as_json: bool = False, user_code: str = "") -> Exit:
    """Say what went wrong, on stderr or in JSON on stdout; gives the exit code."""
    said = words(error, user_code=user_code)
    if as_json:
        event("error", code=error_name(error), message=said)
    else:
        say(said)
    return exit_code(error)


def reporting(command: Callable[P, int | None]) -> Callable[P, int]:
    """Turn what `command` raises into words and an exit code; with `as_json` into JSON."""

    @functools.wraps(command)
    def reported(*args: P.args, **kwargs: P.kwargs) -> int:
        as_json = bool(kwargs.get("as_json"))
        try:
            return command(*args, **kwargs) or Exit.OK
        except EXPECTED as error:
            return tell_error(error, as_json=as_json)
        except KeyboardInterrupt:
            if as_json:
                event("error", code=Exit.CANCELLED.name.lower(), message="Cancelled.")
            else:
                say("\nCancelled.")
            return Exit.CANCELLED

    return reported


_CODES: tuple[tuple[tuple[type[Exception], ...], Exit], ...] = (
    (
        (
            session_errors.NoToken,
            session_errors.SignedOutByServer,
            session_errors.SignedOutElsewhere,
            errors.CodeExpired,
            errors.ExpiredToken,
            errors.InvalidGrant,
            errors.InvalidToken,
            errors.NotApprovedInTime,
        ),
        Exit.SIGN_IN_NEEDED,
    ),
    (
        (
            session_errors.ForbiddenByPolicy,
            session_errors.NotAllowed,
            session_errors.NobodyToAsk,
            errors.ForbiddenByPolicy,
            errors.AccessDenied,
            errors.InsufficientScope,
        ),
        Exit.FORBIDDEN,
    ),
    ((errors.Trouble,), Exit.NETWORK),
    ((KeystoreError,), Exit.KEYRING),
)

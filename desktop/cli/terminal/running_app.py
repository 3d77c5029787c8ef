"""What a command says to the program that runs, if one does."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from desktop.ipc.client import NoAnswer, NotRunning, send_command
from desktop.ipc.messages import RefusedByAgent

PERMISSION_NOTICE = (
    "XDR Login asks you in its window whether a program may have the token: answer there.\n"
)

if TYPE_CHECKING:
    from desktop.ipc.messages import Members


def send_command_if_running(command: str, *, patience: float, **members: object) -> Members | None:
    """What the running program answers; `None` where none runs, or it does not within `patience`.

    Raises `RefusedByAgent`.
    """
    try:
        return send_command(command, patience=patience, **members)
    except (NotRunning, NoAnswer):
        return None


def notify_tokens_changed(profile_id: str) -> None:
    """Have it read the tokens of a profile, which were saved or removed here."""
    with suppress(RefusedByAgent):
        send_command_if_running("saved", patience=5.0, profile=profile_id)


def notify_profiles_changed() -> None:
    """Have it go by the file with the profiles, which was changed here."""
    with suppress(RefusedByAgent):
        send_command_if_running("profiles_changed", patience=5.0)


def report_pending_permission() -> None:
    """Say on stderr that a command waits for the person, where it does."""
    with suppress(RefusedByAgent):
        answer = send_command_if_running("questions", patience=5.0)
        if answer is not None and answer.get("asking") is True and sys.stderr is not None:
            sys.stderr.write(PERMISSION_NOTICE)
            sys.stderr.flush()


def sign_out_in_app(profile_id: str | None) -> tuple[Members, ...] | None:
    """What it tells of the profiles it has signed out: one, or all; `None` where none runs.

    Raises `RefusedByAgent`.
    """
    answer = send_command_if_running(
        "sign_out", patience=60.0, profile=profile_id, all=profile_id is None
    )
    if answer is None:
        return None
    left = answer.get("signed_out")
    return tuple(each for each in left if isinstance(each, dict)) if isinstance(left, list) else ()

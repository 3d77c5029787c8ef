"""What a command says to the program that runs, if one does."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from desktop.ipc.client import NoAnswer, NotRunning, ask
from desktop.ipc.messages import RefusedByAgent

QUESTION = "XDR Login asks you in its window whether a program may have the token: answer there.\n"

if TYPE_CHECKING:
    from desktop.ipc.messages import Members


def asked(command: str, *, patience: float, **members: object) -> Members | None:
    """What the running program answers; `None` where none runs, or it does not within `patience`.

    Raises `RefusedByAgent`.
    """
    try:
        return ask(command, patience=patience, **members)
    except (NotRunning, NoAnswer):
        return None


def tell_saved(profile_id: str) -> None:
    """Have it read the tokens of a profile, which were saved or removed here."""
    with suppress(RefusedByAgent):
        asked("saved", patience=5.0, profile=profile_id)


def tell_profiles_changed() -> None:
    """Have it go by the file with the profiles, which was changed here."""
    with suppress(RefusedByAgent):
        asked("profiles_changed", patience=5.0)


def tell_question() -> None:
    """Say on stderr that a command waits for the person, where it does."""
    with suppress(RefusedByAgent):
        answer = asked("questions", patience=5.0)
        if answer is not None and answer.get("asking") is True and sys.stderr is not None:
            sys.stderr.write(QUESTION)
            sys.stderr.flush()


def signed_out_by_app(profile_id: str | None) -> tuple[Members, ...] | None:
    """What it tells of the profiles it has signed out: one, or all; `None` where none runs.

    Raises `RefusedByAgent`.
    """
    answer = asked("sign_out", patience=60.0, profile=profile_id, all=profile_id is None)
    if answer is None:
        return None
    left = answer.get("signed_out")
    return tuple(each for each in left if isinstance(each, dict)) if isinstance(left, list) else ()

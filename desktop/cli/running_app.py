"""What a command says to the program that runs, if one does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.ipc.client import NoAnswer, NotRunning, ask

if TYPE_CHECKING:
    from desktop.ipc.messages import Members


def asked(command: str, **members: object) -> Members | None:
    """What the running program answers; `None` where none runs, or it cannot answer that."""
    try:
        return ask(command, **members)
    except (NotRunning, NoAnswer):
        return None


def tell_saved(profile_id: str) -> None:
    """Have it read the tokens of a profile, which were saved or removed here."""
    asked("saved", profile=profile_id)

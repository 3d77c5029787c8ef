"""Proof that the right person is at the computer."""

from typing import Protocol


class Presence(Protocol):
    """Asks whoever is at the computer to prove who they are."""

    async def confirm(self) -> bool:
        """Return whether they did; canceling it withdraws the question."""


class NoPresence:
    """Asks nothing: whoever can use the window may unlock."""

    async def confirm(self) -> bool:
        return True

"""Proof that the right person is at the computer."""

from __future__ import annotations

import sys
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from desktop.services.model.errors import PresenceNotSupported

if TYPE_CHECKING:
    from desktop.services.model.profile import Profile


class Purpose(Enum):
    """What a proof is for; the value is the end of the name of polkit's action."""

    USE_TOKEN = "use-token"  # noqa: S105 - no secret
    UNLOCK = "unlock"


class Presence(Protocol):
    """Asks whoever is at the computer to prove who they are."""

    async def check(self) -> None:
        """Raise `PresenceUnavailable` where it is known that nobody can prove it. Asks nobody."""

    async def prove(self, purpose: Purpose) -> None:
        """Return once it is proven; canceling it withdraws the question.

        Raises `PresenceNotProven`.
        """


async def prove_for_use(presence: Presence, profile: Profile) -> str:
    """Prove it before each use in the window, where `profile` demands that.

    Returns what the audit log says about it; raises `PresenceNotProven`.
    """
    if profile.presence != "always":
        return "not_required"
    await presence.prove(Purpose.USE_TOKEN)
    return "proved"


class SystemPresence:
    """Asks through the operating system, which is loaded when the first proof is due."""

    async def check(self) -> None:
        await _open_system().check()

    async def prove(self, purpose: Purpose) -> None:
        await _open_system().prove(purpose)


def _open_system() -> Presence:
    if sys.platform != "linux":
        raise PresenceNotSupported
    from desktop.services.session.lock.polkit import PolkitPresence

    return PolkitPresence()

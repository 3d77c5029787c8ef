"""Which programs were given a token of late: never the token."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from desktop.services.system.processes import Program

MAX_RECIPIENTS = 50


@dataclass(frozen=True, slots=True)
class TokenRecipient:
    """At `at`, aware UTC, `program` was given the token of the profile with the id `profile`."""

    at: datetime
    program: Program
    profile: str


class TokenRecipients:
    """The last `MOST` of them, in memory. `changed` is called after each."""

    def __init__(self) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self._all: deque[TokenRecipient] = deque(maxlen=MAX_RECIPIENTS)

    def add(self, hand_out: TokenRecipient) -> None:
        """Remember one more."""
        self._all.append(hand_out)
        self.on_change()

    def all(self) -> tuple[TokenRecipient, ...]:
        """Those of every profile, the latest first."""
        return tuple(reversed(self._all))

    def for_profile(self, profile: str) -> tuple[TokenRecipient, ...]:
        """Those of the profile with this id, the latest first."""
        return tuple(each for each in self.all() if each.profile == profile)

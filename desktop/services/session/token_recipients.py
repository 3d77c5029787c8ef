"""Which programs were given a token of late: never the token."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from desktop.services.system.processes import Program

MOST = 50


@dataclass(frozen=True, slots=True)
class HandOut:
    """At `at`, aware UTC, `program` was given the token of the profile with the id `profile`."""

    at: datetime
    program: Program
    profile: str


class HandOuts:
    """The last `MOST` of them, in memory. `changed` is called after each."""

    def __init__(self) -> None:
        self.changed: Callable[[], None] = lambda: None
        self._all: deque[HandOut] = deque(maxlen=MOST)

    def note(self, hand_out: HandOut) -> None:
        """Remember one more."""
        self._all.append(hand_out)
        self.changed()

    def all(self) -> tuple[HandOut, ...]:
        """Those of every profile, the latest first."""
        return tuple(reversed(self._all))

    def of(self, profile: str) -> tuple[HandOut, ...]:
        """Those of the profile with this id, the latest first."""
        return tuple(each for each in self.all() if each.profile == profile)

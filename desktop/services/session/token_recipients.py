"""Which programs got a token recently; never the token itself."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from desktop.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from desktop.services.system.processes import Program

MAX_RECIPIENTS = 50


@frozen
class TokenRecipient:
    """`program` got the token of the profile with the id `profile`, at `at` (aware UTC).

    `exchange` names the exchange whose token it was, if it was not the first.
    """

    at: datetime
    program: Program
    profile: str
    exchange: str = ""


class TokenRecipients:
    """The last `MAX_RECIPIENTS`, in memory. `on_change` is called after each."""

    def __init__(self) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self._all: deque[TokenRecipient] = deque(maxlen=MAX_RECIPIENTS)
        self._recent: deque[TokenRecipient] = deque(maxlen=MAX_RECIPIENTS)

    def add(self, recipient: TokenRecipient) -> None:
        self._all.append(recipient)
        self._recent.append(recipient)
        self.on_change()

    def end_uses(self) -> None:
        """Count none of them as recent from now on, as after a lock."""
        self._recent.clear()

    def has_recent(self, program: Program, profile: str, *, since: datetime) -> bool:
        """Tell whether this very process got the first token of `profile`, at `since` or later."""
        return program.pid is not None and any(
            each.at >= since
            and (each.profile, each.exchange) == (profile, "")
            and (each.program.pid, each.program.identity) == (program.pid, program.identity)
            for each in self._recent
        )

    def all(self) -> tuple[TokenRecipient, ...]:
        """Return those of every profile, the latest first."""
        return tuple(reversed(self._all))

    def for_profile(self, profile: str) -> tuple[TokenRecipient, ...]:
        """Return those of the profile with this id, the latest first."""
        return tuple(each for each in self.all() if each.profile == profile)

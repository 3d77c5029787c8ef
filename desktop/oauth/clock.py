"""Time, as the protocol needs it: monotonic for waiting, aware UTC for expiry.

The monotonic clock may stop while a laptop sleeps, and the wall clock jumps when it is set. So the
time since a `Moment` is the larger of the two differences: a code that expired during sleep is
expired, also after the clock was set back.
"""

import asyncio
import time
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from desktop.frozen import frozen

SHORTEST_INTERVAL = 1.0  # seconds between two requests; Cisco: no more than once per second


class Clock(Protocol):
    """The clocks that the protocol uses. Tests replace them."""

    def monotonic(self) -> float:
        """Seconds since some fixed point; never goes back."""

    def utc(self) -> datetime:
        """The wall clock, aware, in UTC."""

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` of monotonic time."""


class SystemClock:
    """The clock of this computer."""

    def monotonic(self) -> float:
        return time.monotonic()

    def utc(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def first_of(*works: Coroutine[Any, Any, object]) -> None:
    """Return when one of `works` is done and the others are cancelled and have ended."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@frozen
class Moment:
    """One instant on both clocks."""

    monotonic: float
    utc: datetime

    def elapsed(self, clock: Clock) -> float:
        """Return the seconds since this moment, on the clock that advanced more."""
        return max(
            clock.monotonic() - self.monotonic, (clock.utc() - self.utc).total_seconds(), 0.0
        )

    def later(self, seconds: float) -> datetime:
        """Return the wall clock time `seconds` after this moment."""
        return self.utc + timedelta(seconds=seconds)


def now(clock: Clock) -> Moment:
    """Read both clocks."""
    return Moment(clock.monotonic(), clock.utc())

"""Time, as the protocol needs it: monotonic for waiting, aware UTC for expiry.

Neither clock is right alone. The monotonic one stands still while a laptop sleeps, the wall clock
jumps when it is set. What has passed since a `Moment` is therefore the larger of the two: a code
that died during sleep is dead, and a clock set back does not bring it to life again.
"""

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

SHORTEST_INTERVAL = 1.0  # seconds between two requests; Cisco: no more than once per second


class Clock(Protocol):
    """What the protocol asks of time. Tests pass one that they turn by hand."""

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
    """Return when one of `works` is done, and nothing of the others is left running."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant on both clocks."""

    monotonic: float
    utc: datetime

    def elapsed(self, clock: Clock) -> float:
        """Seconds since this moment, on whichever clock went further."""
        return max(
            clock.monotonic() - self.monotonic, (clock.utc() - self.utc).total_seconds(), 0.0
        )

    def later(self, seconds: float) -> datetime:
        """The wall clock `seconds` after this moment."""
        return self.utc + timedelta(seconds=seconds)


def now(clock: Clock) -> Moment:
    """This moment on both clocks."""
    return Moment(clock.monotonic(), clock.utc())

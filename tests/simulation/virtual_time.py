"""An event loop whose time passes only while nothing is ready to run, and its clocks.

The real code runs on it unchanged: `asyncio.sleep`, `asyncio.timeout` and everything built on them
take virtual time. A loop that has neither work nor a timer raises `Deadlock` instead of hanging.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)

# Seconds that each turn of the loop takes: what sleeps for less than a clock can show gets on too.
_TURN = 1e-6


class Deadlock(AssertionError):
    """Everything waits, and nothing will ever happen."""


class VirtualLoop(asyncio.BaseEventLoop):
    """An event loop without files, sockets and threads: nothing takes real time."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._selector = self  # asks `select` how long to wait

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self._now

    def select(self, timeout: float | None) -> list[Any]:
        """Let the time pass until the next timer."""
        if timeout is None:
            raise Deadlock
        self._now += timeout + _TURN
        return []

    def _process_events(self, _events: list[Any]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass


class VirtualClock:
    """The clocks of one computer, which sleeps and whose wall clock is set now and then.

    The monotonic clock stands still during sleep, as on Linux. `asleep` is how many seconds it has
    missed, `set_by` how many the wall clock is ahead of the world's.
    """

    def __init__(self, loop: VirtualLoop) -> None:
        self.asleep = 0.0
        self.set_by = 0.0
        self._loop = loop

    def world(self) -> float:
        """Return the seconds that have passed for the rest of the world."""
        return self._loop.time() + self.asleep

    def monotonic(self) -> float:
        """Return the seconds that this computer was awake."""
        return self._loop.time()

    def utc(self) -> datetime:
        """Return what the wall clock shows."""
        return START + timedelta(seconds=self.world() + self.set_by)

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` of monotonic time."""
        await asyncio.sleep(seconds)

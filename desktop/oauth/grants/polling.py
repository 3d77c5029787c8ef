"""Polling for the token (RFC 8628 section 3.5): a pure schedule and a short loop."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from desktop.frozen import frozen
from desktop.oauth.clock import SHORTEST_INTERVAL, Clock, Moment, first_of, now
from desktop.oauth.errors import (
    AuthorizationPending,
    CodeExpired,
    SlowDown,
    Trouble,
    UnusableAnswer,
)
from desktop.oauth.grants.device import DeviceAuthorization
from desktop.oauth.model.token_set import TokenSet

SLOW_DOWN_STEP = 5.0  # RFC 8628 section 3.5
LONGEST_PAUSE = 60.0
# The monotonic clock may stop while the computer sleeps, so the wall clock is read this often.
LONGEST_SLEEP = 10.0
# So often in a row a refusal must come before it counts as final: a firewall may be in a bad mood.
MOST_REFUSALS = 3
_PASSING_STATUSES = {407, 408, 421, 425}  # RFC 9110, RFC 8470: of a proxy, or worth a retry


@frozen
class Pace:
    """How fast to poll: `interval` in seconds, `failures` in a row, `retry_after` if demanded."""

    interval: float
    failures: int = 0
    retry_after: float | None = None

    @property
    def pause(self) -> float:
        """Seconds between the last answer and the next request."""
        # RFC 8628 section 3.5: back off exponentially when requests fail.
        backed_off = min(self.interval * 2.0 ** min(self.failures, 10), LONGEST_PAUSE)
        return max(self.earliest, backed_off)

    @property
    def earliest(self) -> float:
        """Seconds before which no request may be sent, even if the user asks for it."""
        return max(SHORTEST_INTERVAL, self.interval, self.retry_after or 0.0)


def pace_after(pace: Pace, outcome: AuthorizationPending | SlowDown | Trouble) -> Pace:
    if isinstance(outcome, Trouble):
        return replace(pace, failures=pace.failures + 1, retry_after=outcome.retry_after)
    interval = pace.interval
    if isinstance(outcome, SlowDown):
        # GitHub sends the new interval; otherwise five more seconds, for all further requests.
        named = outcome.interval or 0.0
        interval = named if named > interval else interval + SLOW_DOWN_STEP
    return Pace(interval, retry_after=outcome.retry_after)


@frozen
class Progress:
    """The progress of polling. Instants are aware UTC; `trouble` is why the last request failed."""

    poll_count: int
    last_poll_at: datetime | None
    next_at: datetime
    trouble: Trouble | None = None


async def poll(
    ask: Callable[[], Awaitable[TokenSet]],
    authorization: DeviceAuthorization,
    *,
    clock: Clock,
    nudge: asyncio.Event,
    report: Callable[[Progress], None],
) -> TokenSet:
    """Call `ask` until it returns tokens or raises a final error.

    Setting `nudge` asks as soon as the interval has passed, without the back-off. Raises
    `CodeExpired` at our own deadline: some servers call an expired code pending for ever. A
    `Trouble` is raised if it is a refusal that repeats, or if the server demands a longer pause
    than the code lives.
    """
    pace = Pace(authorization.interval)
    last = now(clock)
    poll_count = refusals = 0
    trouble: Trouble | None = None
    report(Progress(poll_count, None, last.later(pace.pause)))
    while True:
        remaining = partial(authorization.remaining, clock)
        await wait_until_due(last, pace, remaining, clock=clock, nudge=nudge)
        if remaining() <= 0:
            raise CodeExpired from trouble
        try:
            return await ask()
        except (AuthorizationPending, SlowDown) as pending:
            trouble = None
            pace = pace_after(pace, pending)
        except Trouble as error:
            trouble = error
            pace = pace_after(pace, error)
        poll_count += 1
        refusals = refusals + 1 if trouble and is_refusal(trouble) else 0
        if trouble and (refusals == MOST_REFUSALS or (trouble.retry_after or 0.0) > remaining()):
            raise trouble
        last = now(clock)
        report(Progress(poll_count, last.utc, last.later(pace.pause), trouble))


def is_refusal(trouble: Trouble) -> bool:
    """Whether the server itself refuses, so that asking again hardly helps.

    An answer that came over TLS is from the server, or from a proxy that inspects traffic. If it
    leads to another host, as the sign-in page of a network does, it is not taken for the server's.
    """
    is_from_server = isinstance(trouble, UnusableAnswer) and not trouble.by
    return is_from_server and trouble.status not in _PASSING_STATUSES | {None}


async def wait_until_due(
    last: Moment,
    pace: Pace,
    remaining: Callable[[], float],
    *,
    clock: Clock,
    nudge: asyncio.Event,
) -> None:
    """Return when the next request is due, or when nudged and allowed.

    No later than when `remaining`, in seconds, is over.
    """
    pause = pace.pause
    while True:
        due = min(pause - last.elapsed(clock), remaining())
        # At least a second of monotonic time, even if the wall clock was set forward.
        left = max(due, SHORTEST_INTERVAL - (clock.monotonic() - last.monotonic))
        if left <= 0:
            return
        await first_of(clock.sleep(min(left, LONGEST_SLEEP)), nudge.wait())
        if nudge.is_set():
            nudge.clear()
            pause = pace.earliest

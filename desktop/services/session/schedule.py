"""When a token is renewed: while it is in use, late in its life, and how often after a failure.

Pure: who calls passes the clock and the dice. A thousand computers that renew a ten-minute token on
a timer would use up almost the whole quota of an organization, for tokens that nobody looks at.
"""

import math
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from desktop.oauth.clock import Clock, Moment
from desktop.oauth.errors import ErrorResponse, PageInsteadOfAnswer, UnusableAnswer
from desktop.oauth.grants.token import TokenSet
from desktop.services.model.settings import Settings

# A renewal falls due in the last fifth of the lifetime, but not so late that the answer comes too
# late.
_EARLIEST_SHARE, _LATEST_SHARE = 0.8, 0.98
# Seconds: a server that issues tokens which live no time is not asked all the time.
_MIN_LIFETIME = 10.0

_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 300.0  # seconds between tries that fail
# Cisco's quota is for an hour: who demands more, by mistake or to lock people out, gets no more.
_MAX_RETRY_AFTER = 3600.0
_MIN_PAUSE_SHARE = 0.5  # the rest of it is left to chance


def renewal_due_at(tokens: TokenSet, chance: float) -> datetime | None:
    """When `tokens` should be renewed, if they can be; `None` where that is never needed."""
    if tokens.expires_at is None:
        return None
    lifetime = (tokens.expires_at - tokens.issued_at).total_seconds()
    share = _EARLIEST_SHARE + (_LATEST_SHARE - _EARLIEST_SHARE) * chance
    return tokens.issued_at + timedelta(seconds=max(_MIN_LIFETIME, share * lifetime))


def expired_if_from_future(saved: TokenSet, at: datetime) -> TokenSet:
    """`saved`, which counts as expired where it was issued in the future: a clock was set back."""
    if saved.expires_at is None or saved.issued_at <= at:
        return saved
    return replace(saved, issued_at=at, expires_at=at)


@dataclass(frozen=True, slots=True)
class Usage:
    """Who uses the token: somebody who sees the window, or who has copied it a while ago."""

    settings: Settings = field(default_factory=Settings)
    in_sight: bool = False
    last_used: Moment | None = None

    def seconds_left(self, clock: Clock) -> float:
        """Seconds for which it stays in use; infinite while that does not end by itself."""
        if self.in_sight or self.settings.keep_fresh:
            return math.inf
        if self.last_used is None:
            return 0.0
        return max(0.0, self.settings.in_use_minutes * 60 - self.last_used.elapsed(clock))


@dataclass(frozen=True, slots=True)
class Failures:
    """The failures in a row, and how long to leave the server alone. Lengths are seconds.

    `demanded` is what the server asked us to wait. `waits_for_person` is set where asking again by
    itself cannot help: a policy, a client that is no longer allowed.
    """

    count: int = 0
    error: Exception | None = None
    last: Moment | None = None
    pause: float = 0.0
    retry_after: float = 0.0
    needs_person: bool = False

    def seconds_to_retry(self, clock: Clock) -> float:
        """Seconds until the next try; infinite where it waits for a person."""
        if self.needs_person:
            return math.inf
        return self._seconds_left(max(self.pause, self.retry_after), clock)

    def seconds_to_manual_retry(self, clock: Clock) -> float:
        """Seconds until somebody who asks is let through: only the server makes them wait."""
        return self._seconds_left(self.retry_after, clock)

    @property
    def next_at(self) -> datetime | None:
        """When it is tried again by itself, on the wall clock; `None` where it is not."""
        if self.last is None or self.needs_person:
            return None
        return self.last.later(max(self.pause, self.retry_after))

    def without_pause(self) -> "Failures":
        """The same once the network or the computer is back: the next try is due at once."""
        return replace(self, pause=0.0)

    def _seconds_left(self, pause: float, clock: Clock) -> float:
        return 0.0 if self.last is None else max(0.0, pause - self.last.elapsed(clock))


def with_failure(failures: Failures, error: Exception, *, at: Moment, chance: float) -> Failures:
    """`failures` and `error`: pauses grow, and differ between computers."""
    pause = min(_FIRST_PAUSE * 2.0 ** min(failures.count, 10), _LONGEST_PAUSE)
    return Failures(
        count=failures.count + 1,
        error=error,
        last=at,
        pause=pause * (_MIN_PAUSE_SHARE + (1 - _MIN_PAUSE_SHARE) * chance),
        retry_after=min(getattr(error, "retry_after", None) or 0.0, _MAX_RETRY_AFTER),
        needs_person=_is_refusal(error),
    )


def _is_refusal(error: Exception) -> bool:
    # RFC 6749 section 5.2. A page is no word of the server: a portal or a proxy shows it.
    if isinstance(error, PageInsteadOfAnswer):
        return False
    refused = isinstance(error, UnusableAnswer) and error.status in {401, 403}
    return refused or isinstance(error, ErrorResponse)

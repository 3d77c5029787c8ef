"""When a token is renewed: while it is in use, late in its life, and how often after a failure.

Nothing here reads a clock or rolls dice: callers pass both in. If a thousand computers renewed
ten-minute tokens on a timer, they would use up almost the whole request quota of an organization
for tokens that nobody uses.
"""

import math
from dataclasses import field, replace
from datetime import datetime, timedelta

from desktop.frozen import frozen
from desktop.oauth.clock import Clock, Moment
from desktop.oauth.errors import ErrorResponse, PageInsteadOfAnswer, UnusableAnswer
from desktop.oauth.model.token_set import TokenSet
from desktop.services.model.access_token import digest_of
from desktop.services.model.errors import RenewalRefused
from desktop.services.model.instants import is_expired
from desktop.services.session.usage import Usage

# A renewal falls due in the last fifth of the lifetime, but early enough for the answer to arrive.
_EARLIEST_SHARE, _LATEST_SHARE = 0.8, 0.98
# Computers that renewed together after an outage would stay in step for an hour.
_EARLIEST_SHARE_AFTER_FAILURE = 0.4
# Seconds: protects a server whose tokens expire at once from constant requests.
_MIN_LIFETIME = 10.0
_MIN_AGE_IF_REFUSED = 60.0  # seconds before a token that an API refuses is replaced

_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 600.0  # seconds between attempts that fail
# Cisco's quota is per hour. A longer Retry-After is a mistake or an attempt to lock people out.
_MAX_RETRY_AFTER = 3600.0
_MIN_PAUSE_SHARE = 0.5  # the rest of the pause is random


def renewal_due_at(
    tokens: TokenSet, jitter: float, *, after_failure: bool = False
) -> datetime | None:
    """Compute when to renew `tokens`, if they can be renewed; `None` if they never expire.

    With `after_failure`, they are the first since a renewal failed.
    """
    if tokens.expires_at is None:
        return None
    lifetime = (tokens.expires_at - tokens.issued_at).total_seconds()
    earliest = _EARLIEST_SHARE_AFTER_FAILURE if after_failure else _EARLIEST_SHARE
    share = earliest + (_LATEST_SHARE - earliest) * jitter
    return tokens.issued_at + timedelta(seconds=max(_MIN_LIFETIME, share * lifetime))


def is_over(tokens: TokenSet | None, at: datetime, *, id_token: bool = False) -> bool:
    """Whether the access token has expired, or the ID token if there is one; also without any."""
    if tokens is None:
        return True
    has_own_end = id_token and tokens.id_token is not None
    return is_expired(tokens.id_expires_at if has_own_end else tokens.expires_at, at)


def is_valid_for(tokens: TokenSet, seconds: float, at: datetime, *, id_token: bool = False) -> bool:
    """Whether the access token or the ID token is valid at `at` and for `seconds` more.

    Half of their lifetime is always enough: a caller who asks for more than a token lives must not
    cause a renewal every time.
    """
    if id_token and tokens.id_token is None:
        # A renewal may bring one, but not again and again.
        return is_valid_for(tokens, math.inf, at)
    expires_at = tokens.id_expires_at if id_token else tokens.expires_at
    if expires_at is None:
        return True
    lifetime = (expires_at - tokens.issued_at).total_seconds()
    remaining = (expires_at - at).total_seconds()
    return remaining > 0 and remaining >= min(seconds, lifetime / 2)


def is_refused(tokens: TokenSet, digest: str, at: datetime) -> bool:
    """Whether `digest` is that of the access token, and a new one may help.

    A server that refuses a new token as well would refuse the next one too: no script can renew
    more often than once a minute by that.
    """
    age = (at - tokens.issued_at).total_seconds()
    return bool(digest) and age >= _MIN_AGE_IF_REFUSED and digest == digest_of(tokens.access_token)


def expired_if_from_future(saved: TokenSet, at: datetime) -> TokenSet:
    """Treat `saved` as expired if it was issued after `at`: a clock was set back."""
    if saved.expires_at is None or saved.issued_at <= at:
        return saved
    id_expires_at = at if saved.id_token is not None else None
    return replace(saved, issued_at=at, expires_at=at, id_expires_at=id_expires_at)


def moved_back(tokens: TokenSet, shift: timedelta) -> TokenSet:
    """Move `tokens` back by `shift`, as the clock was: they do not live longer by it."""
    if tokens.expires_at is None:
        return tokens
    return replace(
        tokens,
        issued_at=tokens.issued_at - shift,
        expires_at=tokens.expires_at - shift,
        id_expires_at=tokens.id_expires_at and tokens.id_expires_at - shift,
    )


@frozen
class Failures:
    """The failures in a row, and how long to leave the server alone. Durations are seconds.

    `retry_after` is the wait that the server asked for. `needs_person` is set if retrying
    automatically cannot help, for example when the client is no longer allowed.
    """

    count: int = 0
    error: Exception | None = None
    last: Moment | None = None
    pause: float = 0.0
    retry_after: float = 0.0
    needs_person: bool = False

    def seconds_to_retry(self, clock: Clock) -> float:
        """Seconds until the next automatic attempt; infinite if there is none."""
        if self.needs_person:
            return math.inf
        return self._seconds_left(max(self.pause, self.retry_after), clock)

    def seconds_to_manual_retry(self, clock: Clock) -> float:
        """Seconds until the user may retry: only the server's own demand makes them wait."""
        return self._seconds_left(self.retry_after, clock)

    @property
    def next_at(self) -> datetime | None:
        """When the next automatic attempt is due on the wall clock; `None` if there is none."""
        if self.last is None or self.needs_person:
            return None
        return self.last.later(max(self.pause, self.retry_after))

    def without_pause(self) -> "Failures":
        """The same failures once the network or the computer is back: retry at once."""
        return replace(self, pause=0.0)

    def _seconds_left(self, pause: float, clock: Clock) -> float:
        return 0.0 if self.last is None else max(0.0, pause - self.last.elapsed(clock))


def with_failure(failures: Failures, error: Exception, *, at: Moment, jitter: float) -> Failures:
    """Add `error` to `failures`: pauses grow, and differ between computers."""
    pause = min(_FIRST_PAUSE * 2.0 ** min(failures.count, 10), _LONGEST_PAUSE)
    return Failures(
        count=failures.count + 1,
        error=error,
        last=at,
        pause=pause * (_MIN_PAUSE_SHARE + (1 - _MIN_PAUSE_SHARE) * jitter),
        retry_after=min(getattr(error, "retry_after", None) or 0.0, _MAX_RETRY_AFTER),
        needs_person=_is_refusal(error),
    )


def _is_refusal(error: Exception) -> bool:
    if isinstance(error, RenewalRefused):
        return not isinstance(error.__cause__, PageInsteadOfAnswer)
    # RFC 6749 section 5.2. A web page does not come from the server, but from a portal or a proxy.
    if isinstance(error, PageInsteadOfAnswer):
        return False
    refused = isinstance(error, UnusableAnswer) and error.status in {401, 403}
    return refused or isinstance(error, ErrorResponse)


@frozen
class Schedule:
    """When the tokens that are held are renewed; `due_at` is `None` if they never need to be."""

    usage: Usage = field(default_factory=Usage)
    failures: Failures = field(default_factory=Failures)
    due_at: datetime | None = None

    def seconds_to_renewal(self, clock: Clock) -> float:
        """Seconds until the automatic renewal; infinite while the token is not in use."""
        if self.due_at is None:
            return math.inf
        until_due = (self.due_at - clock.utc()).total_seconds()
        return self._infinite_if_unused(
            max(until_due, self.failures.seconds_to_retry(clock)), clock
        )

    def is_due(self, clock: Clock) -> bool:
        """Whether the next use renews it first, unless the last failure was a moment ago."""
        if self.due_at is None or self.due_at > clock.utc():
            return False
        return self.failures.seconds_to_retry(clock) <= 0

    def seconds_to_change(self, clock: Clock) -> float:
        """Seconds until the renewal, or until the use changes if that comes first; it is shown."""
        return min(self.seconds_to_renewal(clock), self.usage.seconds_to_change(clock) or math.inf)

    def renews_at(self, clock: Clock) -> datetime | None:
        """When the token is renewed automatically; `None` if it is not, or the last try failed."""
        if self.due_at is None or self.failures.error is not None:
            return None
        until_due = (self.due_at - clock.utc()).total_seconds()
        return self.due_at if self._infinite_if_unused(until_due, clock) < math.inf else None

    def next_at(self, clock: Clock) -> datetime | None:
        """When a renewal that failed is tried again automatically; `None` if it is not."""
        if self.failures.error is None or self.seconds_to_renewal(clock) == math.inf:
            return None
        return max(filter(None, (self.failures.next_at, self.due_at)))

    def _infinite_if_unused(self, seconds: float, clock: Clock) -> float:
        # A token that nobody uses by then may expire.
        return seconds if self.usage.seconds_left(clock) > max(0.0, seconds) else math.inf

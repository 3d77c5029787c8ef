"""Keeps the tokens of a sign-in valid while they are in use, one renewal at a time."""

import asyncio
import logging
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from desktop.frozen import frozen
from desktop.oauth.clock import Clock, first_of, now
from desktop.oauth.errors import OAuthError
from desktop.oauth.model.quota import Quota
from desktop.services.model.access_token import ANY_VALID_TOKEN, AccessToken, TokenRequirement
from desktop.services.model.errors import (
    NoToken,
    RenewalTimedOut,
    SessionError,
    SignedOutByServer,
    SignedOutElsewhere,
)
from desktop.services.model.settings import Settings
from desktop.services.network.environment import Environment
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.secrets.token_store import TokenStore
from desktop.services.session.provider import Provider
from desktop.services.session.renewal import Refresher, RenewalTask
from desktop.services.session.schedule import (
    Failures,
    Schedule,
    is_over,
    is_refused,
    is_valid_for,
    moved_back,
    renewal_due_at,
    with_failure,
)
from desktop.services.session.usage import KnownQuota, Usage

_log = logging.getLogger(__name__)

_CLOCK_TOLERANCE = 2.0  # seconds that the wall clock may lag before it counts as set back


@frozen
class RenewalStatus:
    """What there is to show of renewing. Instants are aware UTC; `trouble` is the last error.

    `renews_at` is `None` if the token is not in use by then; `next_at` is when a renewal that
    failed is tried again automatically, `None` if it is not. `is_quota_low` says that it waits for
    the next use, because little is left of the organization's request quota.
    """

    renewing: bool = False
    renews_at: datetime | None = None
    trouble: Exception | None = None
    next_at: datetime | None = None
    is_quota_low: bool = False


class Renewer:
    """Renews what `store` holds; `on_change` is called whenever there is something new to show."""

    def __init__(
        self,
        provider: Provider,
        store: TokenStore,
        *,
        environment: Environment,
        on_change: Callable[[], None],
    ) -> None:
        self._provider = provider
        self._store = store
        self._clock = environment.clock
        self._jitter = environment.jitter
        self._on_change = on_change
        self._refresher = Refresher(provider, store, environment.clock)
        self._schedule = Schedule()
        self._wall_clock = _WallClock(environment.clock)
        self._wake_event = asyncio.Event()
        provider.on_quota = self._note_quota
        self._task = RenewalTask(
            self._renew, may_stop=self._refresher.may_stop, on_change=self._on_task_change
        )

    def status(self) -> RenewalStatus:
        return RenewalStatus(
            renewing=self._task.is_running,
            renews_at=self._schedule.renews_at(self._clock),
            trouble=self._schedule.failures.error,
            next_at=self._schedule.next_at(self._clock),
            is_quota_low=self._schedule.usage.seconds_of_low_quota(self._clock) > 0,
        )

    def reset(self) -> None:
        """Begin with the tokens that the store holds now.

        Failures are forgotten, but not while the server demands a pause (`Retry-After`).
        """
        held, failures = self._store.held, self._schedule.failures
        due_at = None
        if held is not None and self._provider.can_renew(held):
            due_at = renewal_due_at(held, self._jitter(), after_failure=failures.count > 0)
        self._wall_clock = _WallClock(self._clock)
        if failures.seconds_to_manual_retry(self._clock) == 0:
            failures = Failures()
        self._reschedule(replace(self._schedule, failures=failures, due_at=due_at))

    def pause(self) -> None:
        """Renew nothing until `reset`."""
        if self._schedule.due_at is not None:
            self._reschedule(replace(self._schedule, due_at=None))

    def set_visible(self, *, visible: bool) -> None:
        """Note that somebody hides the window, or shows or touches it."""
        touched = now(self._clock) if visible else None
        self._use(replace(self._schedule.usage, in_sight=visible, last_touched=touched))

    def apply(self, settings: Settings) -> None:
        self._use(replace(self._schedule.usage, settings=settings))

    def check_clock(self) -> None:
        """Renew if that fell due unnoticed, and notice a clock that was set."""
        # Waking for nothing would leave a timer behind that wakes the computer.
        if self._wall_clock.was_set_back or self._schedule.seconds_to_renewal(self._clock) <= 0:
            self._wake_event.set()

    def wake(self) -> None:
        """Retry at once what has failed: the network or the computer is back."""
        failures = self._schedule.failures.without_pause()
        self._reschedule(replace(self._schedule, failures=failures))

    async def run(self) -> None:
        """Renew whatever falls due, until canceled.

        Raises `SignedOutByServer` or `SignedOutElsewhere`: then there is nothing left to renew.
        """
        while True:
            self._wake_event.clear()
            self._correct_clock()
            if self._task.is_running or self._schedule.seconds_to_renewal(self._clock) <= 0:
                renewal = self._task.start()
                await asyncio.wait({renewal})
                renewal.result()  # raises unexpected errors
            error = self._schedule.failures.error
            if isinstance(error, (SignedOutByServer, SignedOutElsewhere)):
                raise error
            self._on_change()
            await self._wait_for_work()

    def renew(self) -> None:
        """Renew now, on request; not while the server demands a pause."""
        if self._can_renew():
            self._task.start()

    async def fetch_token(self, requirement: TokenRequirement = ANY_VALID_TOKEN) -> AccessToken:
        """Return a token for use, renewed first if that is due, in progress, or required.

        After the timeout the old token is returned while it is valid. Raises `OAuthError`,
        `KeystoreError` or `SessionError`. Canceling stops waiting, not renewing.
        """
        self._use(replace(self._schedule.usage, last_used=now(self._clock)))
        self._correct_clock()
        if self._task.is_running or self._lacks(requirement) or self._should_renew(requirement):
            await self._await_renewal(requirement)
        held = self._store.held
        if held is None or self._lacks(requirement):
            raise self._schedule.failures.error or NoToken(self._provider.profile.id)
        return AccessToken.of(held, id_token=requirement.id_token)

    async def wait_for_renewal(self) -> None:
        await self._task.wait()

    async def close(self, *, grace: float) -> None:
        """Give a renewal that was sent `grace` seconds to save what the server issues, then end."""
        await self._task.close(grace=grace)

    def _reschedule(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._wake_event.set()

    def _note_quota(self, quota: Quota) -> None:
        known = KnownQuota(quota, now(self._clock))
        self._use(replace(self._schedule.usage, known_quota=known))

    def _use(self, usage: Usage) -> None:
        if usage != self._schedule.usage:
            self._reschedule(replace(self._schedule, usage=usage))

    def _lacks(self, requirement: TokenRequirement) -> bool:
        """Whether the token that is required has expired, or nobody is signed in."""
        return is_over(self._store.held, self._clock.utc(), id_token=requirement.id_token)

    def _should_renew(self, requirement: TokenRequirement) -> bool:
        """Whether a renewal is due, or required while the server is not failing."""
        held, at = self._store.held, self._clock.utc()
        if self._schedule.is_due(self._clock):
            return True
        if held is None or self._schedule.failures.seconds_to_retry(self._clock) > 0:
            return False
        lasts = is_valid_for(held, requirement.validity, at, id_token=requirement.id_token)
        return not lasts or is_refused(held, requirement.refused, at)

    async def _await_renewal(self, requirement: TokenRequirement) -> None:
        if not self._task.is_running and not self._can_renew():
            return
        renewal = self._task.start()
        await first_of(asyncio.wait({renewal}), self._clock.sleep(requirement.timeout))
        if not renewal.done():
            if self._lacks(requirement):
                raise RenewalTimedOut
        elif not renewal.cancelled():  # as by quitting
            renewal.result()  # raises unexpected errors

    def _can_renew(self) -> bool:
        held, failures = self._store.held, self._schedule.failures
        if held is None or self._task.is_closed:
            return False
        return not failures.seconds_to_manual_retry(self._clock) and self._provider.can_renew(held)

    async def _wait_for_work(self) -> None:
        left = self._schedule.seconds_to_change(self._clock)
        if left in {0.0, math.inf}:
            await self._wake_event.wait()
        else:
            await first_of(self._wake_event.wait(), self._clock.sleep(left))

    def _correct_clock(self) -> None:
        """Move the tokens along with a clock that was set back: they do not live longer by it."""
        if not self._wall_clock.was_set_back:
            return
        shift = timedelta(seconds=self._wall_clock.seconds_set_back)
        self._wall_clock = _WallClock(self._clock)
        self._provider.clock_offset = 0.0  # that of the old clock; the next answer tells it again
        held, due_at = self._store.held, self._schedule.due_at
        if held is not None:
            self._store.held = moved_back(held, shift)
            self._schedule = replace(self._schedule, due_at=due_at and due_at - shift)

    async def _renew(self) -> None:
        try:
            await self._refresher.refresh()
        except (OAuthError, KeystoreError, SessionError) as error:
            _log.info("not renewed: %s", type(error).__name__)
            self._record_failure(error)
        else:
            self.reset()

    def _on_task_change(self) -> None:
        if self._task.is_running:
            self._wake_event.set()  # `run` learns how it ends, whoever started it
        self._on_change()

    def _record_failure(self, error: Exception) -> None:
        schedule = self._schedule
        failures = with_failure(
            schedule.failures, error, at=now(self._clock), jitter=self._jitter()
        )
        due_at = None if self._store.held is None else schedule.due_at
        self._schedule = replace(schedule, failures=failures, due_at=due_at)


class _WallClock:
    """Compares the wall clock with the monotonic one since it was made."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since = now(clock)

    @property
    def seconds_set_back(self) -> float:
        shown = (self._clock.utc() - self._since.utc).total_seconds()
        return self._clock.monotonic() - self._since.monotonic - shown

    @property
    def was_set_back(self) -> bool:
        return self.seconds_set_back > _CLOCK_TOLERANCE

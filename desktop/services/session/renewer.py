"""Keeps the tokens of a sign-in valid while they are in use, one renewal at a time."""

import asyncio
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from desktop.oauth.clock import first_of, now
from desktop.oauth.errors import InvalidClient, InvalidGrant, OAuthError
from desktop.oauth.grants.token import TokenSet
from desktop.services.model.access_token import AccessToken
from desktop.services.model.errors import (
    NoToken,
    RenewalTimedOut,
    SessionError,
    SignedOutByServer,
    SignedOutElsewhere,
)
from desktop.services.model.instants import is_expired
from desktop.services.model.settings import Settings
from desktop.services.network.environment import Environment
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.secrets.token_store import TokenStore
from desktop.services.session.provider import Provider
from desktop.services.session.schedule import (
    Failures,
    Usage,
    expired_if_from_future,
    renewal_due_at,
    with_failure,
)

_log = logging.getLogger(__name__)

RENEWAL_TIMEOUT = 6.0  # seconds that somebody who wants to use the token waits for a renewal
_CLOCK_TOLERANCE = 2.0  # seconds by which the wall clock may fall behind before somebody set it


@dataclass(frozen=True, slots=True)
class TokenRequirement:
    """What somebody needs of a token, in seconds.

    Where less than `validity` is left of it, it is renewed if that is possible, but not in the
    first half of its life: who asks for more than a token lives gets no new one every time.
    `patience` is how long a renewal is waited for.
    """

    validity: float = 0.0
    timeout: float = RENEWAL_TIMEOUT


ANY_VALID_TOKEN = TokenRequirement()
"""Any token that is valid."""


class Renewer:
    """Renews what `store` holds; `changed` is called whenever there is something new to show.

    A renewal that has begun is not cancelled before the end of the program: the server may have
    replaced the refresh token already, and using the old one again would look like theft.
    """

    def __init__(
        self,
        provider: Provider,
        store: TokenStore,
        *,
        world: Environment,
        changed: Callable[[], None],
    ) -> None:
        self._provider = provider
        self._store = store
        self._environment = world
        self._on_change = changed
        self._usage = Usage()
        self._failures = Failures()
        self._due_at: datetime | None = None
        self._held_since = now(world.clock)
        self._wake_event = asyncio.Event()
        self._renewal: asyncio.Task[Exception | None] | None = None

    # What there is to show

    @property
    def renewing(self) -> bool:
        """Whether a renewal is under way."""
        return self._renewal is not None

    def has_expired(self) -> bool:
        """Whether the token that is held has expired, or none is held."""
        held = self._store.held
        return held is None or is_expired(held.expires_at, self._environment.clock.utc())

    @property
    def trouble(self) -> Exception | None:
        """Why the last renewal brought nothing."""
        return self._failures.error

    @property
    def renews_at(self) -> datetime | None:
        """When the token will be renewed by itself; `None` where nobody will use it by then."""
        if self._due_at is None or self._failures.error is not None:
            return None
        left = (self._due_at - self._environment.clock.utc()).total_seconds()
        return (
            self._due_at
            if self._usage.seconds_left(self._environment.clock) > max(0.0, left)
            else None
        )

    @property
    def next_at(self) -> datetime | None:
        """When a renewal that failed is tried again by itself; `None` where it is not."""
        left = self._seconds_to_renewal()
        if self._failures.error is None or left == math.inf:
            return None
        return max(filter(None, (self._failures.next_at, self._due_at)))

    # What happens around it

    def reset(self) -> None:
        """Begin with the tokens that the store holds now."""
        held = self._store.held
        self._held_since = now(self._environment.clock)
        self._failures = Failures()
        self._due_at = (
            self._renewal_due_at(held, self._environment.jitter()) if held is not None else None
        )
        self._wake_event.set()

    def set_visible(self, *, visible: bool) -> None:
        """Somebody sees the window, or nobody does any more."""
        self._usage = replace(self._usage, in_sight=visible)
        self._wake_event.set()

    def apply(self, settings: Settings) -> None:
        """Go by `settings` from now on."""
        self._usage = replace(self._usage, settings=settings)
        self._wake_event.set()

    def check_clock(self) -> None:
        """Time may have passed unseen: renew if that is due, and notice a clock that was set."""
        # Every look that changes nothing would leave a timer behind that wakes the computer.
        if self._seconds_set_back() > _CLOCK_TOLERANCE or self._seconds_to_renewal() <= 0:
            self._wake_event.set()

    def wake(self) -> None:
        """The network or the computer is back: what has failed is tried again at once."""
        self._failures = self._failures.without_pause()
        self._wake_event.set()

    # What it does

    async def run(self) -> None:
        """Renew whatever falls due, until cancelled.

        Raises `SignedOutByServer` or `SignedOutElsewhere`: then there is nothing left to keep.
        """
        while True:
            self._wake_event.clear()
            self._correct_clock()
            if self.renewing or self._seconds_to_renewal() <= 0:
                renewal = self._start_renewal()
                await asyncio.wait({renewal})
                renewal.result()  # raises what nobody expected
            _raise_if_signed_out(self.trouble)
            self._on_change()
            await self._wait_for_work()

    def renew(self) -> None:
        """Renew now, because somebody asks; not while the server wants to be left alone."""
        if self._can_renew():
            self._start_renewal()

    async def fetch_token(self, need: TokenRequirement = ANY_VALID_TOKEN) -> AccessToken:
        """A token for use, renewed first where that is due, under way, or what the `need` is.

        When its patience is over the old one is given while it is valid. Raises `OAuthError`,
        `KeystoreError` or `SessionError`. To be cancelled is to stop waiting, not to stop renewing.
        """
        self._usage = replace(self._usage, last_used=now(self._environment.clock))
        self._wake_event.set()
        self._correct_clock()
        due = self._seconds_to_renewal() <= 0 or self._needs_more_validity(need.validity)
        if self.renewing or due or self.has_expired():
            await self._await_renewal(need.timeout)
        held = self._store.held
        if held is None or self.has_expired():
            raise self.trouble or NoToken(self._provider.profile.id)
        return AccessToken.of(held)

    async def wait_for_renewal(self) -> None:
        """Return when no renewal is under way."""
        if self._renewal is not None:
            await asyncio.wait({self._renewal})

    async def close(self, *, patience: float) -> None:
        """End; what is under way gets `patience` seconds to save what the server has issued."""
        if self._renewal is not None:
            renewal = self._renewal
            await asyncio.wait({renewal}, timeout=patience)
            renewal.cancel()
            await asyncio.wait({renewal})

    def _needs_more_validity(self, validity: float) -> bool:
        """Whether too little is left of the token, and nothing speaks against asking now."""
        held, clock = self._store.held, self._environment.clock
        if held is None or held.expires_at is None or self._failures.seconds_to_retry(clock) > 0:
            return False
        enough = min(validity, (held.expires_at - held.issued_at).total_seconds() / 2)
        return (held.expires_at - clock.utc()).total_seconds() < enough

    async def _await_renewal(self, patience: float) -> None:
        if not self.renewing and not self._can_renew():
            return
        renewal = self._start_renewal()
        await first_of(asyncio.wait({renewal}), self._environment.clock.sleep(patience))
        if renewal.done():
            renewal.result()  # raises what nobody expected
        elif self.has_expired():
            raise RenewalTimedOut

    def _start_renewal(self) -> asyncio.Task[Exception | None]:
        """The renewal under way, or a new one."""
        if self._renewal is None:
            self._renewal = asyncio.ensure_future(self._renew())
            self._wake_event.set()  # whoever began it, `keep` learns how it ends
            self._on_change()
        return self._renewal

    def _can_renew(self) -> bool:
        held = self._store.held
        free = self._failures.seconds_to_manual_retry(self._environment.clock) == 0
        return free and held is not None and self._provider.can_renew(held)

    def _seconds_to_renewal(self) -> float:
        """Until it is due by itself; infinite while it is not in use, or waits for a person."""
        clock = self._environment.clock
        if self._due_at is None:
            return math.inf
        left = max(
            (self._due_at - clock.utc()).total_seconds(), self._failures.seconds_to_retry(clock)
        )
        # Nobody will use it by then: it lapses quietly.
        return left if self._usage.seconds_left(clock) > max(0.0, left) else math.inf

    async def _wait_for_work(self) -> None:
        left = self._seconds_to_renewal()
        if left == math.inf:
            left = self._usage.seconds_left(
                self._environment.clock
            )  # its end changes what is shown
        if left in {0.0, math.inf}:
            await self._wake_event.wait()
        else:
            await first_of(self._wake_event.wait(), self._environment.clock.sleep(left))

    def _seconds_set_back(self) -> float:
        """Seconds by which the wall clock was set back since the tokens are held."""
        shown = (self._environment.clock.utc() - self._held_since.utc).total_seconds()
        return self._environment.clock.monotonic() - self._held_since.monotonic - shown

    def _correct_clock(self) -> None:
        """A clock that was set back makes no token live longer."""
        back = self._seconds_set_back()
        if back <= _CLOCK_TOLERANCE:
            return
        self._held_since = now(self._environment.clock)
        self._provider.clock_offset = 0.0  # of the clock that was; the next answer tells anew
        held, shift = self._store.held, timedelta(seconds=back)
        if held is not None and held.expires_at is not None:
            self._store.held = replace(
                held, issued_at=held.issued_at - shift, expires_at=held.expires_at - shift
            )
            self._due_at = self._due_at and self._due_at - shift

    async def _renew(self) -> Exception | None:
        """Try once; gives the error that it ended with."""
        failed: Exception | None = None
        try:
            await self._refresh_under_lock()
        except (OAuthError, KeystoreError, SessionError) as error:
            failed = error
            _log.info("not renewed: %s", type(error).__name__)
            self._failures = with_failure(
                self._failures,
                error,
                at=now(self._environment.clock),
                chance=self._environment.jitter(),
            )
        finally:
            self._renewal = None
            self._on_change()
        return failed

    async def _refresh_under_lock(self) -> None:
        held = self._store.held
        if held is None:
            raise NoToken(self._provider.profile.id)
        async with self._store.lock():
            newer = await self._load_renewed_elsewhere(held)
            if newer is not None and not self._is_due(newer):
                self._store.held = newer
            else:
                await self._refresh(newer or held)
        self.reset()

    async def _load_renewed_elsewhere(self, held: TokenSet) -> TokenSet | None:
        """What another program has saved since; raises `SignedOutElsewhere`."""
        if self._store.in_memory_only or self._store.save_error is not None:
            return None
        try:
            saved = await self._store.load()
        except KeystoreError as error:
            # It is locked or gone since: the session goes on in memory.
            _log.info("the keyring was not read before a renewal: %s", type(error).__name__)
            return None
        if saved is None:
            raise SignedOutElsewhere
        if saved.tokens.access_token == held.access_token:
            return None
        return expired_if_from_future(saved.tokens, self._environment.clock.utc())

    def _is_due(self, tokens: TokenSet) -> bool:
        due = self._renewal_due_at(tokens, 0.0)
        return due is not None and due <= self._environment.clock.utc()

    def _renewal_due_at(self, tokens: TokenSet, chance: float) -> datetime | None:
        return renewal_due_at(tokens, chance) if self._provider.can_renew(tokens) else None

    async def _refresh(self, held: TokenSet) -> None:
        try:
            tokens = await self._provider.renew(held)
        except InvalidClient:
            self._provider.forget_client()  # its password may be corrected before the next try
            raise
        except InvalidGrant as error:
            await self._drop_tokens()
            raise SignedOutByServer from error
        # Saved before it is announced: what is shown as renewed survives a crash.
        await self._store.save_renewed(tokens, self._provider.known_methods)

    async def _drop_tokens(self) -> None:
        self._store.held = self._due_at = None
        try:
            await self._store.delete_saved()
        except KeystoreError as error:
            # Nothing is lost: the next start is told so by the server again.
            _log.info("a token that is worth nothing stays saved: %s", type(error).__name__)


def _raise_if_signed_out(error: Exception | None) -> None:
    if isinstance(error, (SignedOutByServer, SignedOutElsewhere)):
        raise error

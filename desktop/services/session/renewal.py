"""One renewal: new tokens from the server, or those that another program has saved already."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from desktop.oauth.clock import SHORTEST_INTERVAL, Clock, first_of
from desktop.oauth.errors import InvalidClient, InvalidGrant, OAuthError, TokenNotBound, Trouble
from desktop.oauth.grants.token import is_answer_lost, is_unexplained_refusal
from desktop.oauth.http import LONGEST_REQUEST
from desktop.oauth.model.token_set import TokenSet
from desktop.services.model.errors import (
    NoToken,
    RenewalAnswerLost,
    RenewalRefused,
    SignedOutAfterLoss,
    SignedOutByServer,
    SignedOutElsewhere,
)
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.secrets.token_store import TokenStore
from desktop.services.session.provider import Provider, revoke_refused
from desktop.services.session.schedule import expired_if_from_future, renewal_due_at

_log = logging.getLogger(__name__)


class RenewalTask:
    """Does `work` at most once at a time; `on_change` is called at its start and at its end.

    It is not canceled before the app ends: the server may have replaced the refresh token already,
    and using the old one again would look like theft. `may_stop` is set while nothing was sent.
    """

    def __init__(
        self,
        work: Callable[[], Awaitable[None]],
        *,
        may_stop: asyncio.Event,
        on_change: Callable[[], None],
    ) -> None:
        self.is_closed = False
        self._work = work
        self._may_stop = may_stop
        self._on_change = on_change
        self._task: asyncio.Task[None] | None = None

    @property
    def is_running(self) -> bool:
        return self._task is not None

    def start(self) -> asyncio.Task[None]:
        """Return the renewal in progress, or start one."""
        if self._task is None:
            self._task = asyncio.ensure_future(self._run())
            self._on_change()
        return self._task

    async def wait(self) -> None:
        if self._task is not None:
            await asyncio.wait({self._task})

    async def close(self, *, grace: float) -> None:
        """Give a request that was sent `grace` seconds to save what the server issues, then end.

        A renewal that waits for the keyring or another program ends at once: what it sends late
        could not be answered in time.
        """
        self.is_closed = True
        if self._task is not None:
            task = self._task
            if not self._may_stop.is_set():
                await first_of(asyncio.wait({task}, timeout=grace), self._may_stop.wait())
            task.cancel()
            await asyncio.wait({task})

    async def _run(self) -> None:
        try:
            await self._work()
        finally:
            self._task = None
            self._on_change()


class Refresher:
    """Replaces the tokens in `store` under the lock that all programs of this user share.

    `may_stop` is not set from the moment when a request is sent until what it brings is saved.
    """

    def __init__(self, provider: Provider, store: TokenStore, clock: Clock) -> None:
        self.may_stop = asyncio.Event()
        self.may_stop.set()
        self._provider = provider
        self._store = store
        self._clock = clock

    async def refresh(self) -> None:
        """Renew once. Raises `OAuthError`, `KeystoreError` or `SessionError`.

        After `SignedOutByServer` the store holds nothing.
        """
        held = self._store.held
        if held is None:
            raise NoToken(self._provider.profile.id)
        async with self._store.lock():
            newest = await self._load_newest(held)
            is_same = newest.access_token == held.access_token
            if not is_same:
                self._store.hold_loaded(newest)
            if is_same or self._is_due(newest):
                try:
                    await self._request_tokens(newest)
                except (RenewalRefused, SignedOutByServer) as error:
                    self._provider.audit.note_renewal_refused(error)
                    raise

    async def _load_newest(self, held: TokenSet) -> TokenSet:
        """Load what another program has saved since, or return `held` with what that program noted.

        Raises `SignedOutElsewhere`.
        """
        store = self._store
        if store.in_memory_only or store.is_keyring_closed:
            return held
        try:
            saved = await store.load()
        except KeystoreError as error:
            # The keyring is locked or gone by now: the session goes on in memory.
            _log.info("keyring not read before a renewal: %s", type(error).__name__)
            return held
        if saved is None and store.save_error is None:
            raise SignedOutElsewhere
        if saved is None or store.is_outdated(saved.tokens):
            return held
        tokens = saved.tokens
        if tokens.access_token == held.access_token:
            return replace(held, lost_renewals=tokens.lost_renewals, lost_at=tokens.lost_at)
        return expired_if_from_future(tokens, self._clock.utc())

    def _is_due(self, tokens: TokenSet) -> bool:
        due_at = renewal_due_at(tokens, 0.0) if self._provider.can_renew(tokens) else None
        return due_at is not None and due_at <= self._clock.utc()

    async def _request_tokens(self, held: TokenSet) -> None:
        await self._wait_for_lost_answer(held)
        # Whatever fails after this has failed at the token endpoint.
        await self._provider.prepare()
        self.may_stop.clear()
        try:
            # Saved before they are announced: a crash must not lose what was shown as renewed.
            tokens = await self._renew(held)
            await self._store.save_renewed(tokens, self._provider.known_methods)
            self._provider.audit.note_renewed(tokens.scope)
        except TokenNotBound as error:
            await revoke_refused(self._provider, error, held=held)
            raise
        except InvalidClient:
            self._provider.forget_client()  # the client secret may be corrected before the next try
            raise
        except InvalidGrant as error:
            await self._drop_tokens(held)
            raise (SignedOutAfterLoss if held.lost_renewals else SignedOutByServer) from error
        except Trouble as error:
            if held.refresh_token is None or not is_answer_lost(error):
                raise
            raise await self._note_lost_answer(held) from error
        finally:
            self.may_stop.set()

    async def _renew(self, held: TokenSet) -> TokenSet:
        """Request new tokens; repeat a refusal that does not say why, which may be a mistake.

        Raises `RenewalRefused` if it is none.
        """
        try:
            return await self._provider.renew(held)
        except OAuthError as error:
            if held.refresh_token is None or not is_unexplained_refusal(error):
                raise
            _log.info("renewal refused: %s %s", type(error).__name__, getattr(error, "status", ""))
        self.may_stop.set()
        await self._clock.sleep(SHORTEST_INTERVAL)
        self.may_stop.clear()
        try:
            return await self._provider.renew(held)
        except OAuthError as error:
            if is_unexplained_refusal(error):
                raise RenewalRefused from error
            raise

    async def _wait_for_lost_answer(self, held: TokenSet) -> None:
        """Wait until no server still works on a request whose answer this computer lost.

        Another program may have sent it.
        """
        if held.lost_at is not None:
            since = (self._clock.utc() - held.lost_at).total_seconds()
            # A clock that was set back does not prolong the wait, nor end it.
            left = LONGEST_REQUEST - max(0.0, since)
            if left > 0:
                await self._clock.sleep(left)

    async def _note_lost_answer(self, held: TokenSet) -> RenewalAnswerLost:
        """Note that the refresh token of `held` may be used, by a request that was just given up.

        The server's time counts from here: connecting took a part of the request's, nobody knows
        which, and behind a gateway the server works on.
        """
        lost = held.lost_renewals + 1
        noted = replace(held, lost_renewals=lost, lost_at=self._clock.utc())
        await self._store.save_note(noted, self._provider.known_methods)
        return RenewalAnswerLost(LONGEST_REQUEST)

    async def _drop_tokens(self, refused: TokenSet) -> None:
        self._store.held = None
        try:
            await self._store.delete_refused(refused)
        except KeystoreError as error:
            # Harmless: the server rejects them again at the next start.
            _log.info("revoked tokens stay in the keyring: %s", type(error).__name__)

"""One renewal: new tokens from the server, or those that another program has saved already."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from desktop.oauth.clock import SHORTEST_INTERVAL, Clock, Moment, now
from desktop.oauth.errors import InvalidClient, InvalidGrant, OAuthError, Trouble
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
from desktop.services.session.provider import Provider
from desktop.services.session.schedule import expired_if_from_future, renewal_due_at

_log = logging.getLogger(__name__)


class RenewalTask:
    """Does `work` at most once at a time; `on_change` is called at its start and at its end.

    It is not canceled before the app ends: the server may have replaced the refresh token already,
    and using the old one again would look like theft.
    """

    def __init__(
        self, work: Callable[[], Awaitable[None]], *, on_change: Callable[[], None]
    ) -> None:
        self._work = work
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
        """Give a renewal in progress `grace` seconds to save what the server issued, then end."""
        if self._task is not None:
            task = self._task
            await asyncio.wait({task}, timeout=grace)
            task.cancel()
            await asyncio.wait({task})

    async def _run(self) -> None:
        try:
            await self._work()
        finally:
            self._task = None
            self._on_change()


class Refresher:
    """Replaces the tokens in `store` under the lock that all programs of this user share."""

    def __init__(self, provider: Provider, store: TokenStore, clock: Clock) -> None:
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
                await self._request_tokens(newest)

    async def _load_newest(self, held: TokenSet) -> TokenSet:
        """Load what another program has saved since, or return `held` with what that program noted.

        Raises `SignedOutElsewhere`.
        """
        if self._store.in_memory_only or self._store.save_error is not None:
            return held
        try:
            saved = await self._store.load()
        except KeystoreError as error:
            # The keyring is locked or gone by now: the session goes on in memory.
            _log.info("keyring not read before a renewal: %s", type(error).__name__)
            return held
        if saved is None:
            raise SignedOutElsewhere
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
        sent = now(self._clock)
        try:
            tokens = await self._renew(held)
        except InvalidClient:
            self._provider.forget_client()  # the client secret may be corrected before the next try
            raise
        except InvalidGrant as error:
            await self._drop_tokens(held)
            raise (SignedOutAfterLoss if held.lost_renewals else SignedOutByServer) from error
        except Trouble as error:
            if held.refresh_token is None or not is_answer_lost(error):
                raise
            raise await self._note_lost_answer(held, sent) from error
        # Saved before they are announced: a crash must not lose what was shown as renewed.
        await self._store.save_renewed(tokens, self._provider.known_methods)

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
        await self._clock.sleep(SHORTEST_INTERVAL)
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
            if 0 <= since < LONGEST_REQUEST:
                await self._clock.sleep(LONGEST_REQUEST - since)

    async def _note_lost_answer(self, held: TokenSet, sent: Moment) -> RenewalAnswerLost:
        """Note that the refresh token of `held`, `sent` at that moment, may be used."""
        count = held.lost_renewals + 1
        noted = replace(held, lost_renewals=count, lost_at=sent.utc)
        await self._store.save_note(noted, self._provider.known_methods)
        left = max(0.0, LONGEST_REQUEST - sent.elapsed(self._clock))
        return RenewalAnswerLost(left, repeated=count > 1)

    async def _drop_tokens(self, refused: TokenSet) -> None:
        self._store.held = None
        try:
            await self._store.delete_refused(refused)
        except KeystoreError as error:
            # Harmless: the server rejects them again at the next start.
            _log.info("revoked tokens stay in the keyring: %s", type(error).__name__)

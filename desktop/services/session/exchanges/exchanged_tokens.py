"""The tokens that a session got for its own: in memory only, each with its own expiry."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from desktop.frozen import frozen
from desktop.oauth.client import Client, ClientConnection
from desktop.oauth.clock import Clock, Moment, now
from desktop.oauth.errors import (
    AccessDenied,
    ForbiddenByPolicy,
    InsufficientScope,
    InvalidToken,
    OAuthError,
    PageInsteadOfAnswer,
    ServerFault,
    Throttled,
    TokenNotBound,
    TransportFailure,
    UnauthorizedClient,
)
from desktop.oauth.model.token_set import Account, TokenSet
from desktop.services.model.access_token import AccessToken
from desktop.services.model.errors import (
    ExchangeNotAllowed,
    ExchangeRefused,
    NoToken,
    SessionError,
)
from desktop.services.model.exchanges import BEARER, Exchange, ExchangedToken
from desktop.services.model.profile import is_same_server
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.secrets.token_store import TokenStore
from desktop.services.session.provider import Provider, Query, revoke_refused
from desktop.services.session.schedule import is_valid_for, renewal_due_at
from desktop.services.session.session_state import SessionState

_log = logging.getLogger(__name__)

_PAUSE = 30.0  # seconds between attempts that fail, while the old token is still valid


@frozen
class _Held:
    """The token that `exchange` gave, at `requested`, to `account` for `first_token`."""

    exchange: Exchange
    tokens: TokenSet
    requested: Moment
    account: Account
    first_token: str = field(repr=False)

    def is_usable(self, validity: float, clock: Clock) -> bool:
        return is_valid_for(self.tokens, validity, self._now(clock))

    def is_due(self, clock: Clock) -> bool:
        """Whether the next use renews it."""
        due_at = renewal_due_at(self.tokens, 0.0)
        return due_at is not None and due_at <= self._now(clock)

    def _now(self, clock: Clock) -> datetime:
        # A clock that was set back does not prolong its life.
        return self.requested.later(self.requested.elapsed(clock))


@dataclass(eq=False, slots=True)
class _Slot:
    """What is known of one exchange; `lock` is held while a token is requested."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    held: _Held | None = None
    failures: int = 0
    error: Exception | None = None
    failed: Moment | None = None


class ExchangedTokens:
    """Exchanges the token in `store` when somebody needs another one, once for all who wait.

    `query` sends a request with a valid access token. What is held is shown in `state`.
    """

    def __init__(
        self,
        store: TokenStore,
        clock: Clock,
        state: SessionState,
        *,
        query: Callable[[Query[_Held]], Awaitable[_Held]],
    ) -> None:
        self._store = store
        self._clock = clock
        self._state = state
        self._query = query
        self._slots: dict[str, _Slot] = {}
        state.exchanged = self.held

    def held(self) -> tuple[ExchangedToken, ...]:
        """List the tokens that are held."""
        return tuple(
            ExchangedToken(name, slot.held.tokens.expires_at)
            for name, slot in self._slots.items()
            if slot.held is not None
        )

    def forget(self) -> None:
        """Forget all tokens: who is signed in may change."""
        self._slots = {}
        self._state.update()

    async def fetch(self, exchange: Exchange, validity: float) -> AccessToken:
        """Return the token of `exchange`, requested first unless one is valid for long enough.

        `validity` is in seconds. Nothing is held unless somebody is signed in. Raises
        `OAuthError`, `KeystoreError` or `SessionError`.
        """
        slot = self._slots.setdefault(exchange.name, _Slot())
        failures = slot.failures
        async with slot.lock:
            held = self._usable(slot, exchange, validity)
            if held is None and slot.error is not None and slot.failures > failures:
                raise slot.error  # somebody else has tried while this one waited
            held = held or await self._request(slot, exchange)
        is_forgotten = self._slots.get(exchange.name) is not slot  # while this one waited
        if is_forgotten or not self._is_of_sign_in(held):
            raise NoToken(self._store.profile_id)
        return AccessToken.of(held.tokens)

    def _usable(self, slot: _Slot, exchange: Exchange, validity: float) -> _Held | None:
        """Return the token that is held, if nothing better is to be requested now."""
        held = self._valid(slot, exchange)
        if held is None or self._is_pausing(slot):
            return held
        is_enough = held.is_usable(validity, self._clock) and not held.is_due(self._clock)
        return held if is_enough else None

    def _valid(self, slot: _Slot, exchange: Exchange) -> _Held | None:
        """Return the token that is held, if it is valid and of this exchange and sign-in."""
        held = slot.held
        if held is None or held.exchange != exchange or not self._is_of_sign_in(held):
            return None
        return held if held.is_usable(0, self._clock) else None

    def _is_of_sign_in(self, held: _Held) -> bool:
        first = self._store.held
        if first is None or first.account != held.account:
            return False
        # Nobody knows how long one without an expiry lives: not longer than the first.
        return held.tokens.expires_at is not None or first.access_token == held.first_token

    def _is_pausing(self, slot: _Slot) -> bool:
        return slot.failed is not None and slot.failed.elapsed(self._clock) < _PAUSE

    async def _request(self, slot: _Slot, exchange: Exchange) -> _Held:
        """Request a token; return the old one if that fails while it is still valid."""
        slot.error = slot.failed = None
        try:
            held = slot.held = await self._exchange(exchange)
        except (OAuthError, KeystoreError, SessionError) as error:
            slot.error, slot.failed = error, now(self._clock)
            slot.failures += 1
            _log.info("not exchanged: %s: %s", exchange.name, type(error).__name__)
            before = self._valid(slot, exchange)
            if before is None:
                raise
            return before
        finally:
            self._state.update()
        return held

    async def _exchange(self, exchange: Exchange) -> _Held:
        async def question(provider: Provider, token: AccessToken) -> _Held:
            first, requested = self._store.held, now(self._clock)
            account = Account() if first is None else first.account
            try:
                tokens = await _request_token(provider, exchange, token)
            except _PASSING:
                raise
            except OAuthError as error:
                kind = ExchangeNotAllowed if isinstance(error, _FORBIDDEN) else ExchangeRefused
                raise kind(exchange.name) from error
            return _Held(exchange, tokens, requested, account, token.access_token)

        try:
            return await self._query(question)
        except InvalidToken as error:  # also of a token that was renewed for this
            raise ExchangeRefused(exchange.name) from error


# What says nothing about the exchange, or helps to repeat it.
_PASSING = (InvalidToken, PageInsteadOfAnswer, ServerFault, Throttled, TransportFailure)
_FORBIDDEN = (AccessDenied, ForbiddenByPolicy, InsufficientScope, UnauthorizedClient)


async def _request_token(provider: Provider, exchange: Exchange, token: AccessToken) -> TokenSet:
    from desktop.oauth.grants.token_exchange import request_with_bearer  # not before a code

    if exchange.kind == BEARER:
        connection = await provider.reconnect()
        held = token.access_token
        return await request_with_bearer(connection, exchange.url, access_token=held)
    profile, endpoint = provider.profile, exchange.url
    if endpoint and not is_same_server(endpoint, profile.issuer or profile.token_endpoint):
        # The client secret is bound to the issuer. RFC 8693 section 2.1 lets another server do
        # without. The key is for the server of the sign-in.
        connection = replace(await provider.reconnect(), client=Client(profile.client_id))
        return await _exchange_at(connection, endpoint, exchange, token)
    connection = await provider.reconnect(token.key if token.is_bound else None)
    endpoint = endpoint or (await provider.discover(connection)).token_endpoint
    try:
        return await _exchange_at(connection, endpoint, exchange, token)
    except TokenNotBound as error:
        await revoke_refused(provider, error)
        raise


async def _exchange_at(
    connection: ClientConnection, endpoint: str, exchange: Exchange, token: AccessToken
) -> TokenSet:
    from desktop.oauth.grants.token_exchange import exchange_token  # not before a code

    return await exchange_token(
        connection,
        endpoint,
        subject_token=token.access_token,
        scope=exchange.scope,
        parameters=exchange.parameters,
    )

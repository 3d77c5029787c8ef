"""Signing out: the tokens leave this computer first, then the server is asked to revoke them."""

import asyncio
import logging
from dataclasses import replace
from datetime import datetime

from desktop.oauth.addresses import host_of
from desktop.oauth.client import ClientConnection
from desktop.oauth.clock import Clock
from desktop.oauth.errors import (
    InvalidGrant,
    InvalidToken,
    NoAnswerInTime,
    NotRevocable,
    OAuthError,
)
from desktop.oauth.grants.token import TokenSet, refresh
from desktop.oauth.revocation import revoke, revoke_app_grant
from desktop.services.model.errors import RenewalTimedOut, SessionError, SignOutFailed
from desktop.services.model.states import Revocation, SignedOut
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.secrets.token_store import TokenStore
from desktop.services.session.provider import Provider
from desktop.services.session.session_state import SessionState

_log = logging.getLogger(__name__)

_TIMEOUT = 15.0  # seconds in total: somebody waits to be signed out


class SignOut:
    """Removes the tokens in `store`, and keeps them in memory until the server has revoked them."""

    def __init__(
        self, provider: Provider, store: TokenStore, *, state: SessionState, clock: Clock
    ) -> None:
        self._provider = provider
        self._store = store
        self._state = state
        self._clock = clock
        self._to_revoke: TokenSet | None = None

    @property
    def can_revoke(self) -> bool:
        """Whether there are tokens that the server has not revoked."""
        return self._to_revoke is not None

    async def run(self) -> None:
        """Remove the tokens from this computer, then revoke them; raises `SignOutFailed`."""
        self._to_revoke, self._store.held = self._store.held or self._to_revoke, None
        try:
            self._to_revoke = await self._store.take_newest(self._to_revoke)
        except (KeystoreError, RenewalTimedOut) as error:
            self._state.signing_out = False
            raise SignOutFailed from error
        self._state.signing_out = False
        await self._revoke(self._clock.utc())

    async def revoke_again(self, state: SignedOut) -> None:
        self._state.publish(replace(state, revocation=Revocation.UNDER_WAY))
        await self._revoke(state.removed_at)

    async def _revoke(self, removed_at: datetime | None) -> None:
        """Revoke the tokens that were removed, and publish the result; an error is part of it."""
        tokens = self._to_revoke
        if tokens is None:
            self._state.publish(SignedOut(removed_at))
            return
        revocation = Revocation.FAILED
        error: Exception | None = None
        try:
            async with asyncio.timeout(_TIMEOUT):
                revocation = await self._revoke_at_server(tokens)
        except TimeoutError:
            profile = self._provider.profile
            error = NoAnswerInTime(host_of(profile.issuer or profile.token_endpoint))
        except (OAuthError, KeystoreError, SessionError) as refused:
            error = refused
            _log.info("not revoked: %s", type(error).__name__)
        if revocation is not Revocation.FAILED:
            self._to_revoke = None
        is_over = revocation in {Revocation.REVOKED, Revocation.GRANT_REVOKED}
        valid_until = None if is_over or self._provider.has_expired(tokens) else tokens.expires_at
        self._state.publish(SignedOut(removed_at, valid_until, revocation, error))

    async def _revoke_at_server(self, tokens: TokenSet) -> Revocation:
        provider = self._provider
        if tokens.refresh_token is None and provider.has_expired(tokens):
            return Revocation.REVOKED  # nothing is left to use
        connection = await provider.reconnect()
        app_grant = provider.profile.app_grant_endpoint
        if not app_grant or provider.uses_client_credentials:  # without a user there is no grant
            return await _revoke_at_endpoint(provider, connection, tokens)
        expired = provider.has_expired(tokens)
        if expired or not await _revoke_app_grant(connection, app_grant, tokens):
            # Cisco XDR requires a valid access token for this.
            endpoint = (await provider.discover(connection)).token_endpoint
            try:
                tokens = await refresh(connection, endpoint, held=tokens)
            except InvalidGrant:
                return Revocation.REVOKED  # the server has ended this sign-in already
            self._to_revoke = tokens  # a retry must not use the old refresh token again
            await revoke_app_grant(connection, app_grant, access_token=tokens.access_token)
        return Revocation.GRANT_REVOKED


async def _revoke_app_grant(connection: ClientConnection, address: str, tokens: TokenSet) -> bool:
    """End the grant with the access token that is held; False if the server does not accept it."""
    try:
        await revoke_app_grant(connection, address, access_token=tokens.access_token)
    except InvalidToken:
        # Revoked or shortened: a renewed one may still be accepted.
        if tokens.refresh_token is None:
            raise
        return False
    return True


async def _revoke_at_endpoint(
    provider: Provider, connection: ClientConnection, tokens: TokenSet
) -> Revocation:
    endpoint = provider.profile.revocation_endpoint
    if not endpoint:
        endpoint = (await provider.discover(connection)).revocation_endpoint
    if not endpoint:
        return Revocation.NOT_OFFERED
    if tokens.refresh_token is not None:
        # RFC 7009 section 2.1: this should revoke the access tokens of the same grant too, but need
        # not, so the access token is revoked as well.
        await revoke(
            connection,
            endpoint,
            token=tokens.refresh_token,
            token_type_hint="refresh_token",  # noqa: S106 - a name
        )
    if not provider.has_expired(tokens):
        try:
            await revoke(
                connection,
                endpoint,
                token=tokens.access_token,
                token_type_hint="access_token",  # noqa: S106 - a name
            )
        except NotRevocable:
            # RFC 7009 section 2.2.1: it stays valid until it expires
            return Revocation.REVOKED if tokens.refresh_token else Revocation.NOT_OFFERED
    return Revocation.REVOKED

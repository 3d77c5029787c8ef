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
from desktop.oauth.grants.token import refresh
from desktop.oauth.model.token_set import TokenSet
from desktop.oauth.revocation import is_revoked_already, revoke, revoke_app_grant
from desktop.services.model.access_token import AccessToken
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
        self._refresh_token_revoked = False

    @property
    def can_revoke(self) -> bool:
        """Whether there are tokens that the server has not revoked."""
        return self._to_revoke is not None

    async def run(self) -> None:
        """Remove the tokens from this computer, then revoke them; raises `SignOutFailed`."""
        self._to_revoke, self._store.held = self._store.held or self._to_revoke, None
        self._refresh_token_revoked = False
        try:
            self._to_revoke = await self._store.take_newest(self._to_revoke)
        except (KeystoreError, RenewalTimedOut) as error:
            self._state.signing_out = False
            raise SignOutFailed from error
        self._state.signing_out = False
        removed_at = self._clock.utc()
        await self._provider.forget_kept_metadata()
        await self._revoke(removed_at)

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
            async with asyncio.timeout(_TIMEOUT) as limit:
                revocation = await self._revoke_at_server(tokens, limit)
        except TimeoutError:
            profile = self._provider.profile
            error = NoAnswerInTime(host_of(profile.issuer or profile.token_endpoint))
        except (OAuthError, KeystoreError, SessionError) as refused:
            error = refused
            _log.info("not revoked: %s", type(error).__name__)
        if revocation is not Revocation.FAILED:
            self._to_revoke = None
        valid_until, open_ended = None, False
        if revocation not in {Revocation.REVOKED, Revocation.GRANT_REVOKED}:
            valid_until, open_ended = _life_left(self._to_revoke or tokens, self._clock.utc())
        user = tokens.account.user
        self._state.publish(
            SignedOut(removed_at, valid_until, revocation, error, open_ended, user=user)
        )

    async def _revoke_at_server(self, tokens: TokenSet, limit: asyncio.Timeout) -> Revocation:
        provider = self._provider
        if tokens.refresh_token is None and provider.has_expired(tokens):
            return Revocation.REVOKED  # nothing is left to use
        connection = await provider.reconnect(tokens.key)
        app_grant = provider.profile.app_grant_endpoint
        if not app_grant or provider.uses_client_credentials:  # without a user there is no grant
            return await self._revoke_at_endpoint(connection, tokens)
        expired = provider.has_expired(tokens)
        if expired or not await self._revoke_app_grant(connection, app_grant, tokens):
            # Cisco XDR requires a valid access token for this.
            endpoint = (await provider.discover(connection)).token_endpoint
            limit.reschedule(None)  # a renewal that was sent is waited for
            try:
                tokens = await refresh(connection, endpoint, held=tokens)
            except InvalidGrant:
                return Revocation.REVOKED  # the server has ended this sign-in already
            limit.reschedule(asyncio.get_running_loop().time() + _TIMEOUT)
            self._to_revoke = tokens  # a retry must not use the old refresh token again
            await self._end_app_grant(connection, app_grant, tokens)
        return Revocation.GRANT_REVOKED

    async def _revoke_app_grant(
        self, connection: ClientConnection, address: str, tokens: TokenSet
    ) -> bool:
        """End the grant with the access token that is held; False if that is not accepted."""
        try:
            await self._end_app_grant(connection, address, tokens)
        except InvalidToken:
            # Revoked or shortened: a renewed one may still be accepted.
            if tokens.refresh_token is None:
                raise
            return False
        return True

    async def _end_app_grant(
        self, connection: ClientConnection, address: str, tokens: TokenSet
    ) -> None:
        authorize = await self._provider.authorizer(AccessToken.of(tokens))
        await revoke_app_grant(
            connection, address, access_token=tokens.access_token, authorize=authorize
        )

    async def _revoke_at_endpoint(
        self, connection: ClientConnection, tokens: TokenSet
    ) -> Revocation:
        provider = self._provider
        endpoint = provider.profile.revocation_endpoint
        if not endpoint:
            endpoint = (await provider.discover(connection)).revocation_endpoint
        if not endpoint:
            return Revocation.NOT_OFFERED
        if tokens.refresh_token is not None:
            # RFC 7009 section 2.1: this should revoke the access tokens of the same grant too, but
            # need not, so the access token is revoked as well.
            await revoke(
                connection,
                endpoint,
                token=tokens.refresh_token,
                token_type_hint="refresh_token",  # noqa: S106 - a name
            )
            # A retry has only the access token left to revoke.
            self._to_revoke = replace(tokens, refresh_token=None, refresh_expires_at=None)
            self._refresh_token_revoked = True
        if provider.has_expired(tokens):
            return Revocation.REVOKED
        try:
            await revoke(
                connection,
                endpoint,
                token=tokens.access_token,
                token_type_hint="access_token",  # noqa: S106 - a name
            )
        except NotRevocable:
            # RFC 7009 section 2.2.1: it stays valid until it expires
            is_revoked = self._refresh_token_revoked
            return Revocation.REVOKED if is_revoked else Revocation.NOT_OFFERED
        except OAuthError as error:
            if not self._refresh_token_revoked or not is_revoked_already(error):
                raise
            _log.info("access token revoked already: %s", getattr(error, "status", ""))
        return Revocation.REVOKED


def _life_left(tokens: TokenSet, at: datetime) -> tuple[datetime | None, bool]:
    """Return when the last of `tokens` expires as far as known, and whether one lives longer."""
    ends = [tokens.expires_at]
    if tokens.refresh_token is not None:
        ends.append(tokens.refresh_expires_at)
    known = [end for end in ends if end is not None and end > at]
    return max(known, default=None), None in ends

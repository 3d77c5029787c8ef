"""Telling the server, at sign-out, that what it issued is no longer wanted."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from desktop.oauth.addresses import host_of
from desktop.oauth.client import ClientConnection
from desktop.oauth.errors import (
    InvalidGrant,
    InvalidToken,
    NoAnswerInTime,
    NotRevocable,
    OAuthError,
)
from desktop.oauth.grants.token import TokenSet, refresh
from desktop.oauth.revocation import revoke, revoke_app_grant
from desktop.services.model.errors import SessionError
from desktop.services.model.profile import Profile
from desktop.services.model.states import Revocation, SignedOut
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.session.provider import Provider

_log = logging.getLogger(__name__)

_TIMEOUT = 15.0  # seconds for all of it: somebody waits to be signed out


async def revoke_tokens(
    provider: Provider,
    profile: Profile,
    tokens: TokenSet,
    *,
    removed_at: datetime | None,
    keep: Callable[[TokenSet], None],
) -> SignedOut:
    """Revoke `tokens`, which are no longer saved; gives what that ended, or why it could not be.

    `keep` gets tokens that had to be renewed for it: another try must not use the old ones again.
    """
    revocation = Revocation.FAILED
    error: Exception | None = None
    try:
        async with asyncio.timeout(_TIMEOUT):
            revocation = await _revoke(provider, profile, tokens, keep=keep)
    except TimeoutError:
        error = NoAnswerInTime(host_of(profile.issuer or profile.token_endpoint))
    except (OAuthError, KeystoreError, SessionError) as refused:
        error = refused
        _log.info("not revoked: %s", type(error).__name__)
    is_over = revocation in {Revocation.REVOKED, Revocation.GRANT_REVOKED}
    valid_until = None if is_over or provider.has_expired(tokens) else tokens.expires_at
    return SignedOut(removed_at, valid_until, revocation, error)


async def _revoke(
    provider: Provider, profile: Profile, tokens: TokenSet, *, keep: Callable[[TokenSet], None]
) -> Revocation:
    if tokens.refresh_token is None and provider.has_expired(tokens):
        return Revocation.REVOKED  # nothing is left that could be used
    connection = await provider.reconnect()
    grant = profile.app_grant_endpoint
    if not grant or provider.uses_client_credentials:  # then no person has granted anything
        return await _revoke_at_endpoint(provider, connection, profile, tokens=tokens)
    if provider.has_expired(tokens) or not await _revoke_app_grant(connection, grant, tokens):
        # Cisco XDR takes the word of a valid access token only.
        endpoint = (await provider.discover(connection)).token_endpoint
        try:
            tokens = await refresh(connection, endpoint, held=tokens)
        except InvalidGrant:
            return Revocation.REVOKED  # the server has ended this sign-in already
        keep(tokens)
        await revoke_app_grant(connection, grant, access_token=tokens.access_token)
    return Revocation.GRANT_REVOKED


async def _revoke_app_grant(connection: ClientConnection, grant: str, tokens: TokenSet) -> bool:
    """End the grant with the access token that is held; whether that was still good for it."""
    try:
        await revoke_app_grant(connection, grant, access_token=tokens.access_token)
    except InvalidToken:
        # Revoked or shortened: a new one may still speak for the person.
        if tokens.refresh_token is None:
            raise
        return False
    return True


async def _revoke_at_endpoint(
    provider: Provider, connection: ClientConnection, profile: Profile, *, tokens: TokenSet
) -> Revocation:
    endpoint = profile.revocation_endpoint
    if not endpoint:
        endpoint = (await provider.discover(connection)).revocation_endpoint
    if not endpoint:
        return Revocation.NOT_OFFERED
    if tokens.refresh_token is not None:
        # RFC 7009 section 2.1: this should end the access tokens of the same grant too, but need
        # not, so they are named as well.
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
            # RFC 7009 section 2.2.1: it lives until it expires
            return Revocation.REVOKED if tokens.refresh_token else Revocation.NOT_OFFERED
    return Revocation.REVOKED

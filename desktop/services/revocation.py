"""Telling the server, at sign-out, that what it issued is no longer wanted."""

import asyncio
import logging

from desktop.oauth.addresses import host_of
from desktop.oauth.client import ClientConnection
from desktop.oauth.errors import (
    InvalidGrant,
    InvalidToken,
    NoAnswerInTime,
    NotRevocable,
    OAuthError,
)
from desktop.oauth.revocation import revoke, revoke_app_grant
from desktop.oauth.token import TokenSet, refresh
from desktop.services.keystore import KeystoreError
from desktop.services.profiles import Profile
from desktop.services.provider import Provider
from desktop.services.session_errors import SessionError
from desktop.services.states import Revocation

_log = logging.getLogger(__name__)

_LONGEST = 15.0  # seconds for all of it: somebody waits to be signed out


async def told(
    provider: Provider, profile: Profile, tokens: TokenSet
) -> tuple[Revocation, Exception | None]:
    """Revoke `tokens` where the server can; gives what that ended, or why it could not be done."""
    try:
        async with asyncio.timeout(_LONGEST):
            connection = await provider.connected_as_before()
            revoked = _end_app_grant if profile.app_grant_endpoint else _revoke
            return await revoked(provider, connection, profile, tokens=tokens), None
    except TimeoutError:
        host = host_of(profile.issuer or profile.token_endpoint)
        return Revocation.FAILED, NoAnswerInTime(host)
    except (OAuthError, KeystoreError, SessionError) as error:
        _log.info("not revoked: %s", type(error).__name__)
        return Revocation.FAILED, error


async def _end_app_grant(
    provider: Provider, connection: ClientConnection, profile: Profile, *, tokens: TokenSet
) -> Revocation:
    grant = profile.app_grant_endpoint
    if not _has_expired(connection, tokens):
        try:
            await revoke_app_grant(connection, grant, access_token=tokens.access_token)
        except InvalidToken:
            pass  # revoked or shortened: a new one may still speak for the person
        else:
            return Revocation.GRANT_REVOKED
    if tokens.refresh_token is None:
        return Revocation.REVOKED  # nothing is left that could be used
    # Cisco XDR takes the word of a valid access token only.
    endpoint = (await provider.discovered(connection)).token_endpoint
    try:
        tokens = await refresh(connection, endpoint, held=tokens)
    except InvalidGrant:
        return Revocation.REVOKED  # the server has ended this sign-in already
    await revoke_app_grant(connection, grant, access_token=tokens.access_token)
    return Revocation.GRANT_REVOKED


async def _revoke(
    provider: Provider, connection: ClientConnection, profile: Profile, *, tokens: TokenSet
) -> Revocation:
    endpoint = profile.revocation_endpoint
    if not endpoint:
        endpoint = (await provider.discovered(connection)).revocation_endpoint
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
    if not _has_expired(connection, tokens):
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


def _has_expired(connection: ClientConnection, tokens: TokenSet) -> bool:
    return tokens.expires_at is not None and tokens.expires_at <= connection.clock.utc()

"""Signing in by a browser on this computer, as the session shows it (RFC 8252)."""

from collections.abc import Callable
from functools import partial

from desktop.oauth.authorization_code import (
    AuthorizationRequest,
    code_in,
    is_answer,
    new_request,
    redeem,
)
from desktop.oauth.client import ClientConnection
from desktop.oauth.clock import Clock, first_of
from desktop.oauth.errors import NotApprovedInTime
from desktop.oauth.metadata import ServerMetadata
from desktop.oauth.token import TokenSet
from desktop.services.loopback import listening
from desktop.services.profiles import Profile, is_own_link
from desktop.services.states import AwaitingApproval

LIFETIME = 600.0  # seconds that somebody has for the pages of the server
# A monotonic clock may stand still while the computer sleeps: look at the other one this often.
_LONGEST_NAP = 10.0


async def sign_in_by_browser(
    connection: ClientConnection,
    metadata: ServerMetadata,
    profile: Profile,
    *,
    clock: Clock,
    show: Callable[[AwaitingApproval], None],
) -> TokenSet:
    """Wait for a browser to come back with an approval; `show` gets the link to open.

    Raises `OAuthError` or `NoWayBack`.
    """
    async with listening(profile.redirect_uri) as loopback:
        asked = new_request(
            connection,
            metadata,
            redirect_uri=loopback.redirect_uri,
            scope=profile.scope,
            extra=profile.extra_parameters,
        )
        show(_awaiting(asked, profile))
        await first_of(loopback.answer(partial(is_answer, asked=asked)), _deadline(asked, clock))
        query = loopback.query
    if query is None:
        raise NotApprovedInTime
    return await redeem(
        connection,
        metadata.token_endpoint,
        asked=asked,
        code=code_in(query, asked),
        scope=profile.scope,
    )


async def _deadline(asked: AuthorizationRequest, clock: Clock) -> None:
    while (left := LIFETIME - asked.requested.elapsed(clock)) > 0:
        await clock.sleep(min(left, _LONGEST_NAP))


def _awaiting(asked: AuthorizationRequest, profile: Profile) -> AwaitingApproval:
    expires_at = asked.requested.later(LIFETIME)
    return AwaitingApproval(
        user_code="",
        verification_uri=asked.address,
        verification_uri_complete=None,
        host=asked.host,
        host_is_known=is_own_link(asked.address, profile),
        requested_at=asked.requested.utc,
        lifetime=LIFETIME,
        expires_at=expires_at,
        asked=0,
        asked_at=None,
        next_at=expires_at,
        comes_back_to=asked.redirect_uri,
    )

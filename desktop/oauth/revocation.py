"""Revoking a token (RFC 7009) or a whole grant (Cisco XDR)."""

from contextlib import suppress
from datetime import datetime
from urllib.parse import quote

from desktop.oauth.answers import acknowledged, members_in
from desktop.oauth.bearer import request_with_token
from desktop.oauth.client import ClientConnection, request
from desktop.oauth.dpop import Authorizer
from desktop.oauth.errors import (
    ExpiredToken,
    InvalidClient,
    InvalidGrant,
    InvalidToken,
    NotRevocable,
    OAuthError,
    PageInsteadOfAnswer,
)
from desktop.oauth.fields import Members, text
from desktop.oauth.http import Answer


async def revoke(
    connection: ClientConnection, revocation_endpoint: str, *, token: str, token_type_hint: str
) -> None:
    """Revoke `token`; an unknown or expired one counts as revoked.

    `token_type_hint` is "refresh_token" or "access_token". Raises `OAuthError`: `NotRevocable` if
    the server does not revoke this kind, a `Trouble` if the token may still be valid.
    """
    # RFC 7009 section 2.1
    form = {"token": token, "token_type_hint": token_type_hint}
    # RFC 7009 section 2.2: an invalid token is a success, but some servers call it an error.
    with suppress(ExpiredToken, InvalidGrant, InvalidToken):
        await request(connection, revocation_endpoint, form=form, read=acknowledged)


def is_revoked_already(error: OAuthError) -> bool:
    """Whether a server that has just revoked the refresh token refuses the access token for that.

    RFC 7009 section 2.1: it should end both at once. Section 2.2 then wants a 200, but some servers
    answer the second request with an error.
    """
    if isinstance(error, (InvalidClient, NotRevocable, PageInsteadOfAnswer)):
        return False
    return getattr(error, "status", None) in _REFUSALS


_REFUSALS = {400, 401, 403, 404, 410, 422}  # RFC 9110 section 15.5


async def revoke_app_grant(
    connection: ClientConnection,
    app_grant_endpoint: str,
    *,
    access_token: str,
    authorize: Authorizer | None = None,
) -> None:
    """Revoke all that the signed-in user has granted to this client, on all computers.

    Raises `InvalidToken`, `InsufficientScope` or another `OAuthError`.
    """
    client_id = quote(connection.client.client_id, safe="")
    await request_with_token(
        connection,
        "DELETE",
        address=f"{app_grant_endpoint.rstrip('/')}/{client_id}",
        access_token=access_token,
        read=_grant_is_gone,
        authorize=authorize,
    )


def _grant_is_gone(answer: Answer, received_at: datetime) -> Members:
    # The grant may not exist any more, but the server itself must say so: a gateway that doesn't
    # know the path answers 404 too, in JSON or with a page.
    if answer.status == 404 and text(members_in(answer) or {}, "error"):
        return {}
    return acknowledged(answer, received_at)

"""Revoking a token (RFC 7009) or a whole grant (Cisco XDR)."""

from datetime import datetime
from urllib.parse import quote

from desktop.oauth.answers import acknowledged, members_in
from desktop.oauth.bearer import request_with_token
from desktop.oauth.client import ClientConnection, request
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
    await request(connection, revocation_endpoint, form=form, read=acknowledged)


async def revoke_app_grant(
    connection: ClientConnection, app_grant_endpoint: str, *, access_token: str
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
    )


def _grant_is_gone(answer: Answer, received_at: datetime) -> Members:
    # The grant may not exist any more, but the server itself must say so: a gateway that doesn't
    # know the path answers 404 too, in JSON or with a page.
    if answer.status == 404 and text(members_in(answer) or {}, "error"):
        return {}
    return acknowledged(answer, received_at)

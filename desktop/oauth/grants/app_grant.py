"""What a user has granted to this client at Cisco XDR, as far as the format is known."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

from desktop.frozen import frozen
from desktop.oauth.answers import members
from desktop.oauth.bearer import request_with_token
from desktop.oauth.client import ClientConnection
from desktop.oauth.dpop import Authorizer
from desktop.oauth.errors import UnusableAnswer
from desktop.oauth.fields import Members, string_list, text
from desktop.oauth.http import Answer


@frozen
class AppGrant:
    """What is granted, and since when; `None` if the server does not say."""

    granted: bool
    scope: tuple[str, ...]
    since: datetime | None


async def fetch_app_grant(
    connection: ClientConnection,
    app_grant_endpoint: str,
    *,
    access_token: str,
    authorize: Authorizer | None = None,
) -> AppGrant:
    """Fetch what the signed-in user has granted to this client.

    Raises `InvalidToken`, `InsufficientScope` or another `OAuthError`.
    """
    # Assumed: a sibling of the app grants that takes the client ID.
    service, _, _ = app_grant_endpoint.rstrip("/").rpartition("/")
    client_id = quote(connection.client.client_id, safe="")
    found = await request_with_token(
        connection,
        "GET",
        address=f"{service}/grant-status?client_id={client_id}",
        access_token=access_token,
        read=_read_grant_status,
        authorize=authorize,
    )
    scope = string_list(found, "scopes") or string_list(found, "scope") or ()
    granted = found.get("granted")
    return AppGrant(granted if isinstance(granted, bool) else bool(scope), scope, _since(found))


def _read_grant_status(answer: Answer, received_at: datetime) -> Members:
    found = members(answer, received_at)
    if not {"granted", "scopes", "scope"} & found.keys():
        raise UnusableAnswer(answer.host, detail="no grant status", status=answer.status)
    return found


# Assumed from the other services of Cisco XDR.
_SINCE = ("granted-at", "granted_at", "created-at", "created_at")


def _since(found: Members) -> datetime | None:
    try:
        at = datetime.fromisoformat(text(found, *_SINCE) or "")
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None

"""A token for the client itself, without a browser and without a user (RFC 6749 section 4.4)."""

from collections.abc import Mapping
from dataclasses import replace

from desktop.oauth.client import ClientConnection, request
from desktop.oauth.clock import now
from desktop.oauth.grants.token import TokenSet, parse_token


async def request_own_token(
    connection: ClientConnection,
    token_endpoint: str,
    *,
    scope: tuple[str, ...],
    extra: Mapping[str, str],
) -> TokenSet:
    """Request a token for the client itself; renewing it means requesting another.

    `extra` are further parameters that the provider wants (`audience`). Raises `OAuthError`.
    """
    form = {**extra, "grant_type": "client_credentials"}
    if scope:
        form["scope"] = " ".join(scope)
    requested = now(connection.clock)
    found = await request(connection, token_endpoint, form=form)
    tokens = parse_token(found, token_endpoint, requested=requested, requested_scope=scope)
    # RFC 6749 section 4.4.3: it should have no refresh token. One more secret would help nobody.
    return replace(tokens, refresh_token=None)

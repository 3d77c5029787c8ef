"""Another token for the access token: token exchange (RFC 8693), and Cisco's own way."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from desktop.oauth.addresses import host_of
from desktop.oauth.answers import members
from desktop.oauth.bearer import raise_for_token
from desktop.oauth.claims import expiry_in
from desktop.oauth.client import ClientConnection, exchange
from desktop.oauth.clock import now
from desktop.oauth.errors import ExpiredToken, InvalidGrant, InvalidRequest, InvalidToken
from desktop.oauth.fields import Members
from desktop.oauth.grants.token import new_tokens, parse_token, require_lifetime
from desktop.oauth.http import Answer, post_form
from desktop.oauth.model.token_set import TokenSet

TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - RFC 8693 section 2.1
ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - RFC 8693 section 3


async def exchange_token(
    connection: ClientConnection,
    token_endpoint: str,
    *,
    subject_token: str,
    scope: tuple[str, ...] = (),
    parameters: Mapping[str, str] | None = None,
) -> TokenSet:
    """Exchange an access token for another one (RFC 8693).

    `parameters` are the optional ones of the request, such as `audience`. Raises `InvalidToken` if
    the server does not accept `subject_token`, or another `OAuthError`.
    """
    # RFC 8693 section 2.1
    form = {
        **(parameters or {}),
        "grant_type": TOKEN_EXCHANGE,
        "subject_token": subject_token,
        "subject_token_type": ACCESS_TOKEN_TYPE,
    }
    if scope:
        form["scope"] = " ".join(scope)
    try:
        tokens = await new_tokens(connection, token_endpoint, form=form, scope=scope)
    except (ExpiredToken, InvalidGrant) as error:
        raise error.converted(InvalidToken) from error
    except InvalidRequest as error:
        if is_about_token(error.description):
            raise error.converted(InvalidToken) from error
        raise
    return _alone(tokens)


def is_about_token(description: str) -> bool:
    """Whether an invalid_request means the subject token, which has no code (RFC 8693 2.2.2)."""
    return _ABOUT_TOKEN.search(description) is not None


_ABOUT_TOKEN = re.compile(r"subject[ _]?token(?![ _]?type)", re.IGNORECASE)


async def request_with_bearer(
    connection: ClientConnection, address: str, *, access_token: str
) -> TokenSet:
    """Ask the server at `address` for a token of its own, as Cisco Secure Endpoint has it.

    The access token alone proves who asks. Raises `InvalidToken`, `InsufficientScope` or another
    `OAuthError`.
    """
    requested = now(connection.clock)
    answer = post_form(
        connection.http,
        address,
        form={"grant_type": "client_credentials"},  # Cisco's examples send it, with no client
        headers={"Authorization": f"Bearer {access_token}"},  # RFC 6750 section 2.1
        secrets=connection.secrets,
    )
    found = await exchange(connection, answer, read=_read_tokens)
    tokens = parse_token(
        found, address, requested=requested, requested_scope=(), secrets=connection.secrets
    )
    return _alone(require_lifetime(tokens, host_of(address)))


def _read_tokens(answer: Answer, received_at: datetime) -> Members:
    raise_for_token(answer, received_at)
    return members(answer, received_at)


def _alone(tokens: TokenSet) -> TokenSet:
    """Leave out what renews `tokens`: the first token brings others, and a secret less is kept.

    RFC 8693 section 2.2.1 makes expires_in optional; a JWT says it too (RFC 7519 section 4.1.4).
    """
    expires_at = tokens.expires_at
    if expires_at is None:
        expires_at = expiry_in(tokens.access_token, received_at=tokens.issued_at)
    return replace(
        tokens, expires_at=expires_at, refresh_token=None, id_token=None, id_expires_at=None
    )

"""A token for whoever uses it, and what they require of it."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from desktop.frozen import frozen
from desktop.services.model.errors import IdTokenGone, NoIdToken

if TYPE_CHECKING:
    from datetime import datetime

    from desktop.oauth.model.token_set import TokenSet


@frozen
class AccessToken:
    """A token without what renews it. `expires_at` is aware UTC, `None` if it never expires.

    `kind` is its name in RFC 6749, or "id_token" for an ID token, which some programs want instead.
    `key` is the private key of a bound token, unless only the running app has it.
    """

    access_token: str = field(repr=False)
    token_type: str
    expires_at: datetime | None
    scope: tuple[str, ...]
    kind: str = "access_token"
    key: str | None = field(default=None, repr=False)

    @property
    def is_bound(self) -> bool:
        """Whether it can only be used with a proof of the key (RFC 9449)."""
        return self.token_type == BOUND

    @classmethod
    def of(cls, tokens: TokenSet, *, id_token: bool = False) -> AccessToken:
        """Take the access token out of `tokens`, or the ID token; raises `NoIdToken`."""
        if not id_token:
            return cls(
                tokens.access_token,
                tokens.token_type,
                tokens.expires_at,
                tokens.scope,
                key=tokens.key,
            )
        if tokens.id_token is None:
            is_requested = "openid" in (*tokens.requested_scope, *tokens.scope)
            raise IdTokenGone if is_requested else NoIdToken
        # Bound is only the access token (RFC 9449 section 1).
        return cls(tokens.id_token, BEARER, tokens.id_expires_at, tokens.scope, "id_token")


BEARER, BOUND = "Bearer", "DPoP"
"""The types of access tokens (RFC 6750, RFC 9449)."""


def digest_of(access_token: str) -> str:
    """Digest an access token, so that two programs can compare theirs without sending them."""
    from hashlib import sha256  # slow to load

    return sha256(access_token.encode()).hexdigest()


RENEWAL_TIMEOUT = 6.0  # seconds that somebody who wants to use the token waits for a renewal


@frozen
class TokenRequirement:
    """How long a token must stay valid, and how long to wait for a renewal, both in seconds.

    With `id_token` it is the ID token that is wanted. `refused` is the digest of an access token
    that a server has just refused, although it looks valid: see `digest_of`.

    A token that is not valid for that long is renewed if possible: see `schedule.is_valid_for`.
    """

    validity: float = 0.0
    timeout: float = RENEWAL_TIMEOUT
    id_token: bool = False
    refused: str = ""


ANY_VALID_TOKEN = TokenRequirement()

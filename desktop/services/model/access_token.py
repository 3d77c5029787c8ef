"""An access token for whoever uses it, and what they require of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from desktop.oauth.grants.token import TokenSet


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token without what renews it. `expires_at` is aware UTC, `None` if it never expires."""

    access_token: str = field(repr=False)
    token_type: str
    expires_at: datetime | None
    scope: tuple[str, ...]

    @classmethod
    def of(cls, tokens: TokenSet) -> AccessToken:
        return cls(tokens.access_token, tokens.token_type, tokens.expires_at, tokens.scope)


RENEWAL_TIMEOUT = 6.0  # seconds that somebody who wants to use the token waits for a renewal


@dataclass(frozen=True, slots=True)
class TokenRequirement:
    """How long a token must stay valid, and how long to wait for a renewal, both in seconds.

    A token that is not valid for that long is renewed if possible: see `schedule.is_valid_for`.
    """

    validity: float = 0.0
    timeout: float = RENEWAL_TIMEOUT


ANY_VALID_TOKEN = TokenRequirement()

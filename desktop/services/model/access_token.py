"""An access token on its way to whoever uses it: the clipboard, a program, a request."""

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
        """Take the access token out of `tokens`."""
        return cls(tokens.access_token, tokens.token_type, tokens.expires_at, tokens.scope)

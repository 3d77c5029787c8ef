"""CSRF tokens: each used once, soon, and by whom and for what it was made."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MOST_CSRF_TOKENS: Final = 2000


@dataclass(frozen=True, slots=True)
class CsrfToken:
    """What a token is good for: one purpose of one owner, until `expires_at`."""

    owner: str
    purpose: str
    expires_at: float


class CsrfTokens:
    """The tokens of one server; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._tokens: dict[str, CsrfToken] = {}

    def issue(self, owner: str, purpose: str, *, lifetime: float) -> str:
        """Make a token that `owner` can spend once, for this purpose, within so many seconds."""
        self._drop_old()
        token = secrets.token_urlsafe(32)
        self._tokens[token] = CsrfToken(owner, purpose, self._clock() + lifetime)
        return token

    def spend(self, owner: str, purpose: str, *, token: str) -> bool:
        """Use a token up, whether it fits or not, and say whether it did."""
        found = self._tokens.pop(token, None)
        if found is None or self._clock() >= found.expires_at:
            return False
        return (found.owner, found.purpose) == (owner, purpose)

    def _drop_old(self) -> None:
        now = self._clock()
        for token in [key for key, each in self._tokens.items() if each.expires_at <= now]:
            del self._tokens[token]
        while len(self._tokens) >= MOST_CSRF_TOKENS:
            del self._tokens[next(iter(self._tokens))]

"""Authorization codes: asked for in a browser, decided once, redeemed once (RFC 6749)."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from desktop.demo.device import Challenge
from desktop.demo.errors import OAuthError
from desktop.demo.scopes import Scope

PAGE_LIFETIME: Final = 600.0  # seconds that the analyst has to decide
CODE_LIFETIME: Final = 60.0
MOST_ASKED: Final = 500


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """What a program asks for in a browser; `expires_at` is in epoch seconds."""

    client_id: str
    redirect_uri: str
    state: str
    asked: tuple[Scope, ...]
    granted: tuple[Scope, ...]
    challenge: Challenge
    expires_at: float


class Codes:
    """The requests that wait for a decision, and the codes that wait to be redeemed."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._asked: dict[str, CodeRequest] = {}
        self._issued: dict[str, tuple[CodeRequest, float]] = {}

    def ask(self, request: CodeRequest) -> str:
        """Remember a request; gives its name."""
        while len(self._asked) >= MOST_ASKED:
            del self._asked[next(iter(self._asked))]
        name = secrets.token_urlsafe(24)
        self._asked[name] = request
        return name

    def take(self, name: str) -> CodeRequest | None:
        """Give the request of this name, once, while it can still be decided."""
        request = self._asked.pop(name, None)
        return request if request and self._clock() < request.expires_at else None

    def page_expires_at(self) -> float:
        """When a request that is made now can no longer be decided."""
        return self._clock() + PAGE_LIFETIME

    def issue(self, request: CodeRequest) -> str:
        """Make the code of an approved request."""
        while len(self._issued) >= MOST_ASKED:
            del self._issued[next(iter(self._issued))]
        code = secrets.token_urlsafe(32)
        self._issued[code] = (request, self._clock() + CODE_LIFETIME)
        return code

    def redeem(
        self, code: str, client_id: str, *, redirect_uri: str, verifier: str
    ) -> tuple[Scope, ...]:
        """Give what was granted for a code, once; raise OAuthError invalid_grant."""
        request, expires_at = self._issued.pop(code, (None, 0.0))
        if request is None or self._clock() >= expires_at or request.client_id != client_id:
            raise OAuthError("invalid_grant", "The code is not known for this client.")
        if request.redirect_uri != redirect_uri:  # RFC 6749 section 4.1.3
            raise OAuthError("invalid_grant", "The code was sent to another address.")
        if not request.challenge.met_by(verifier):  # RFC 7636 section 4.6
            raise OAuthError("invalid_grant", "The code verifier does not match the challenge.")
        return request.granted

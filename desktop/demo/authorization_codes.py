"""Authorization codes: requested by a browser, approved once, redeemed once (RFC 6749)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from desktop.demo.analyst import HELD_SCOPES
from desktop.demo.clients import CLIENTS, CODE
from desktop.demo.device_codes import Challenge
from desktop.demo.errors import OAuthError
from desktop.demo.scopes import Scope, intersect, parse_scopes
from desktop.demo.store import ExpiringStore

PAGE_LIFETIME: Final = 600.0  # seconds that the analyst has to decide
CODE_LIFETIME: Final = 60.0
CALLBACK_PATH: Final = "/callback"
LOOPBACK: Final = {"127.0.0.1", "::1"}  # RFC 8252 section 7.3
CHALLENGE_LENGTH: Final = 43  # of S256: RFC 7636 section 4.2


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """What an app on this computer asks for in a browser."""

    client_id: str
    redirect_uri: str
    state: str
    asked: tuple[Scope, ...]
    granted: tuple[Scope, ...]
    challenge: Challenge


class AuthorizationCodes:
    """The requests that wait for a decision, and the codes that wait to be redeemed."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.requests = ExpiringStore[CodeRequest](clock, lifetime=PAGE_LIFETIME)
        self.issued = ExpiringStore[CodeRequest](clock, lifetime=CODE_LIFETIME)

    def redeem(
        self, code: str, client_id: str, *, redirect_uri: str, verifier: str
    ) -> tuple[Scope, ...]:
        """Return what was granted for a code, once; raise OAuthError invalid_grant."""
        request = self.issued.pop(code)
        if request is None or request.client_id != client_id:
            raise OAuthError("invalid_grant", "The code is not known for this client.")
        if request.redirect_uri != redirect_uri:  # RFC 6749 section 4.1.3
            raise OAuthError("invalid_grant", "The code was sent to another redirect URI.")
        request.challenge.require(verifier)
        return request.granted


def require_redirect_uri(query: dict[str, str]) -> str:
    """Return where to send the answer; raise OAuthError rather than send a browser elsewhere.

    RFC 6749 section 4.1.2.1.
    """
    redirect_uri = query.get("redirect_uri", "")
    if query.get("client_id") not in CLIENTS or not _is_on_this_computer(redirect_uri):
        raise OAuthError("invalid_request", "The client or its redirect URI is not known.")
    return redirect_uri


def read_code_request(query: dict[str, str], redirect_uri: str) -> CodeRequest:
    """Check the other parameters of a request (RFC 6749 section 4.1.1); raise OAuthError."""
    client = CLIENTS[query["client_id"]]
    client.require_grant(CODE)
    if query.get("response_type") != "code":
        raise OAuthError("unsupported_response_type", "The only supported response type is code.")
    challenge, method = query.get("code_challenge", ""), query.get("code_challenge_method")
    if method != "S256" or len(challenge) != CHALLENGE_LENGTH:
        raise OAuthError("invalid_request", "The request needs a code challenge by S256.")
    asked = parse_scopes(query.get("scope", "")) or HELD_SCOPES
    return CodeRequest(
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        state=query.get("state", ""),
        asked=asked,
        granted=intersect(asked, HELD_SCOPES),
        challenge=Challenge(challenge, method),
    )


def _is_on_this_computer(redirect_uri: str) -> bool:
    try:
        parts = urlsplit(redirect_uri)
        loopback = parts.scheme == "http" and parts.hostname in LOOPBACK and bool(parts.port)
    except ValueError:
        return False
    return loopback and (parts.path, parts.query, parts.fragment) == (CALLBACK_PATH, "", "")

"""What a signed-in analyst can ask with an access token: who they are, what they granted."""

from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from desktop.demo.bearers import bearer_of
from desktop.demo.claims import whoami
from desktop.demo.errors import OAuthError
from desktop.demo.protocol import NO_STORE
from desktop.demo.state import DemoState
from desktop.demo.tokens import Bearer, whole

GRANT_PURPOSE: Final = "grant"  # what the CSRF tokens of this route are for
CSRF_LIFETIME: Final = 60.0  # seconds: "a short living life"


class Account:
    """The endpoints that take a Bearer token (RFC 6750)."""

    def __init__(self, state: DemoState) -> None:
        self._state = state
        self._tokens = state.tokens

    def routes(self) -> list[Route]:
        """Give the routes of the endpoints below."""
        grant = "/iroh/oauth2/app-grant/{client_id}"
        return [
            Route("/iroh/profile/whoami", self.whoami),
            Route("/iroh/oauth2/csrf-token", self.csrf_token),
            Route("/iroh/oauth2/grant-status", self.grant_status),
            Route(grant, self.revoke, methods=["DELETE"]),
        ]

    async def whoami(self, request: Request) -> Response:
        """Say who the token speaks for."""
        return JSONResponse(whoami(self._bearer(request).scopes))

    async def csrf_token(self, request: Request) -> Response:
        """Make a token that the caller can use once; path and members are assumed."""
        owner = self._bearer(request).subject
        token = self._state.csrf.issue(owner, GRANT_PURPOSE, lifetime=CSRF_LIFETIME)
        answer = {"csrf-token": token, "expires-in": whole(CSRF_LIFETIME)}
        return JSONResponse(answer, headers=NO_STORE)

    async def grant_status(self, request: Request) -> Response:
        """Say what the caller granted to ?client_id=; query and members are assumed."""
        bearer = self._bearer(request)
        client_id = request.query_params.get("client_id", bearer.client_id)
        scopes = self._tokens.granted(client_id, subject=bearer.subject)
        since = self._tokens.granted_at(client_id, subject=bearer.subject)
        answer = {"client-id": client_id, "granted": bool(scopes), "scopes": list(scopes)}
        return JSONResponse(answer | ({} if since is None else {"granted-at": _written(since)}))

    async def revoke(self, request: Request) -> Response:
        """End everything that the caller granted to a client, the caller's token included."""
        bearer = self._bearer(request)
        if not self._tokens.revoke(request.path_params["client_id"], subject=bearer.subject):
            raise OAuthError("not_found", "There is no grant for this client.", status=404)
        return Response(status_code=204)

    def _bearer(self, request: Request) -> Bearer:
        return bearer_of(request, self._tokens)


def _written(at: float) -> str:
    """Write epoch seconds as RFC 3339 does."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

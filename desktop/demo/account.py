"""What a signed-in analyst can ask with an access token: who they are, what they granted."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from desktop.demo.claims import whoami
from desktop.demo.errors import OAuthError
from desktop.demo.tokens import Bearer, TokenStore


class Account:
    """The endpoints that take a Bearer token (RFC 6750)."""

    def __init__(self, tokens: TokenStore) -> None:
        self._tokens = tokens

    def routes(self) -> list[Route]:
        """Give the routes of the endpoints below."""
        grant = "/iroh/oauth2/app-grant/{client_id}"
        return [
            Route("/iroh/profile/whoami", self.whoami),
            Route("/iroh/oauth2/grant-status", self.grant_status),
            Route(grant, self.revoke, methods=["DELETE"]),
        ]

    async def whoami(self, request: Request) -> Response:
        """Say who the token speaks for."""
        return JSONResponse(whoami(self._bearer(request).scopes))

    async def grant_status(self, request: Request) -> Response:
        """Say what the caller granted to ?client_id=; the query is assumed, not documented."""
        bearer = self._bearer(request)
        client_id = request.query_params.get("client_id", bearer.client_id)
        scopes = self._tokens.granted(client_id, subject=bearer.subject)
        return JSONResponse(
            {"client-id": client_id, "granted": bool(scopes), "scopes": list(scopes)}
        )

    async def revoke(self, request: Request) -> Response:
        """End everything that the caller granted to a client, the caller's token included."""
        bearer = self._bearer(request)
        if not self._tokens.revoke(request.path_params["client_id"], subject=bearer.subject):
            raise OAuthError("not_found", "There is no grant for this client.", status=404)
        return Response(status_code=204)

    def _bearer(self, request: Request) -> Bearer:
        """Read RFC 6750 credentials; raise OAuthError with status 401."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            # RFC 6750 section 3.1: no error code when there were no credentials
            raise _unauthorized("The request carries no access token.", 'Bearer realm="IROH"')
        bearer = self._tokens.bearer(token.strip())
        if bearer is None:
            challenge = 'Bearer realm="IROH", error="invalid_token"'
            raise _unauthorized("The access token is expired, revoked or forged.", challenge)
        return bearer


def _unauthorized(description: str, challenge: str) -> OAuthError:
    headers = {"WWW-Authenticate": challenge}
    return OAuthError("invalid_token", description, status=401, headers=headers)

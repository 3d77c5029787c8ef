"""Who is asking with an access token (RFC 6750)."""

from starlette.requests import Request

from desktop.demo.errors import OAuthError
from desktop.demo.tokens import Bearer, TokenStore


def bearer_of(request: Request, tokens: TokenStore) -> Bearer:
    """Give whom the token of a request speaks for; raise OAuthError with status 401."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        # RFC 6750 section 3.1: no error code when there were no credentials
        raise _unauthorized("The request carries no access token.", 'Bearer realm="IROH"')
    bearer = tokens.bearer(token.strip())
    if bearer is None:
        challenge = 'Bearer realm="IROH", error="invalid_token"'
        raise _unauthorized("The access token is expired, revoked or forged.", challenge)
    return bearer


def _unauthorized(description: str, challenge: str) -> OAuthError:
    headers = {"WWW-Authenticate": challenge}
    return OAuthError("invalid_token", description, status=401, headers=headers)

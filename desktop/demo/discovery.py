"""The metadata documents, with the oddities of the live server, and the signing keys."""

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from desktop.demo.clients import DEVICE_CODE
from desktop.demo.scopes import SUPPORTED
from desktop.demo.signing import Signer

# As the live server has them: client_credential is misspelt and refresh_token is absent.
GRANT_TYPES: Final = (
    "authorization_code",
    "client_credential",
    DEVICE_CODE,
    "urn:ietf:params:oauth:grant-type:token-exchange",
)


def metadata(base: str) -> dict[str, object]:
    """Give the RFC 8414 document; `base` is the server's own URL without a slash at the end.

    The issuer is not a URL, and there is no revocation_endpoint: as the live server sends it.
    """
    return {
        "issuer": "IROH Auth",
        "device_authorization_endpoint": f"{base}/iroh/oauth2/device_authorization",
        "authorization_endpoint": f"{base}/iroh/oauth2/authorize",
        "token_endpoint": f"{base}/iroh/oauth2/token",
        "jwks_uri": f"{base}/.well-known/jwks",
        "service_documentation": f"{base}/iroh/oauth2/index.html",
        "scopes_supported": list(SUPPORTED),
        "response_types_supported": ["code", "token"],
        "grant_types_supported": list(GRANT_TYPES),
        "code_challenge_methods_supported": ["S256", "plain"],
    }


class Discovery:
    """The endpoints below /.well-known; all are anonymous."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def routes(self) -> list[Route]:
        """Give the routes of the endpoints below."""
        return [
            Route("/.well-known/oauth-authorization-server", self.authorization_server),
            Route("/.well-known/openid-configuration", self.openid_configuration),
            Route("/.well-known/jwks", self.jwks),
        ]

    async def authorization_server(self, request: Request) -> Response:
        """RFC 8414 section 3."""
        return JSONResponse(metadata(base_url(request)))

    async def openid_configuration(self, request: Request) -> Response:
        """OpenID Connect Discovery; lacks the device endpoint, as the live document does."""
        document = metadata(base_url(request))
        del document["device_authorization_endpoint"]
        signing = {"id_token_signing_alg_values_supported": ["RS256"]}
        return JSONResponse(document | {"subject_types_supported": ["public"]} | signing)

    def jwks(self, _request: Request) -> Response:
        """RFC 7517 section 5. Not a coroutine: Starlette runs it in a worker thread."""
        return JSONResponse({"keys": [self._signer.prepare().jwk]})


def base_url(request: Request) -> str:
    """Give the URL that the client reached the server by; its host has been checked."""
    return str(request.base_url).rstrip("/")

"""The registered clients, shaped like those of Cisco XDR, and how they authenticate."""

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus

from desktop.demo.errors import OAuthError

CODE: Final = "authorization_code"
DEVICE_CODE: Final = "urn:ietf:params:oauth:grant-type:device_code"


def _example_secret(name: str) -> str:
    """Return 54 URL-safe characters that nobody can mistake for a real secret."""
    return f"example-only-not-a-secret-{name}-".ljust(54, "0")


PUBLIC_CLIENT_ID: Final = "client-0a6e1f5c-7d1b-4c39-9b52-5f1d0c2e8a01"
CONFIDENTIAL_CLIENT_ID: Final = "client-0a6e1f5c-7d1b-4c39-9b52-5f1d0c2e8a02"
CONFIDENTIAL_CLIENT_SECRET: Final = _example_secret("confidential")
POST_ONLY_CLIENT_ID: Final = "client-0a6e1f5c-7d1b-4c39-9b52-5f1d0c2e8a03"
POST_ONLY_CLIENT_SECRET: Final = _example_secret("post-only")
BASIC_ONLY_CLIENT_ID: Final = "client-0a6e1f5c-7d1b-4c39-9b52-5f1d0c2e8a04"
BASIC_ONLY_CLIENT_SECRET: Final = _example_secret("basic-only")
SERVICE_CLIENT_ID: Final = "client-0a6e1f5c-7d1b-4c39-9b52-5f1d0c2e8a05"
SERVICE_CLIENT_SECRET: Final = _example_secret("service")


@dataclass(frozen=True, slots=True)
class Client:
    """One registered client; `secret` is empty for a public one (RFC 6749 section 2.1).

    `thumbprint` is that of the key that it has proved to have (RFC 9449), if any.
    """

    client_id: str
    secret: str
    methods: tuple[str, ...]
    grants: tuple[str, ...]
    name: str = "XDR Login"
    thumbprint: str = ""

    def has_secret(self, secret: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self.secret.encode(), secret.encode())

    def require_grant(self, grant_type: str) -> None:
        """Raise OAuthError unless the client may use this grant type."""
        if grant_type not in self.grants:
            raise OAuthError("unauthorized_client", "The client is not set up for this grant.")


_DEVICE: Final = (DEVICE_CODE, "refresh_token")
_SERVICE: Final = ("client_credentials",)
_BOTH: Final = ("basic", "post")
CLIENTS: Final[Mapping[str, Client]] = {
    client.client_id: client
    for client in (
        Client(PUBLIC_CLIENT_ID, "", ("none",), (*_DEVICE, CODE)),
        Client(
            CONFIDENTIAL_CLIENT_ID, CONFIDENTIAL_CLIENT_SECRET, _BOTH, (*_DEVICE, CODE, *_SERVICE)
        ),
        Client(POST_ONLY_CLIENT_ID, POST_ONLY_CLIENT_SECRET, ("post",), _DEVICE),
        Client(BASIC_ONLY_CLIENT_ID, BASIC_ONLY_CLIENT_SECRET, ("basic",), _DEVICE),
        Client(SERVICE_CLIENT_ID, SERVICE_CLIENT_SECRET, _BOTH, _SERVICE, "Night report"),
    )
}


def authenticate(form: Mapping[str, str], authorization: str | None) -> Client:
    """Find the client that sent a request; raise OAuthError invalid_client or invalid_request."""
    client_id, secret = form.get("client_id", ""), form.get("client_secret")
    method = "none" if secret is None else "post"
    if authorization is not None:
        basic_id, basic_secret = _read_basic(authorization)
        if secret is not None or client_id not in ("", basic_id):
            # RFC 6749 section 2.3: not more than one method in a request
            raise OAuthError("invalid_request", "The client used two authentication methods.")
        client_id, secret, method = basic_id, basic_secret, "basic" if basic_secret else "none"
    client = CLIENTS.get(client_id)
    if client is None or method not in client.methods or not client.has_secret(secret or ""):
        raise _invalid_client("Client authentication failed.", basic=authorization is not None)
    return client


def _read_basic(authorization: str) -> tuple[str, str]:
    """Read RFC 7617 credentials, each form-encoded by RFC 6749 section 2.3.1."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except ValueError as error:
        raise _invalid_client("The Basic credentials cannot be read.", basic=True) from error
    client_id, colon, secret = text.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise _invalid_client("Only HTTP Basic is supported.", basic=True)
    return unquote_plus(client_id), unquote_plus(secret)


def _invalid_client(description: str, *, basic: bool) -> OAuthError:
    # RFC 6749 section 5.2: a challenge in the scheme that the client used
    headers = {"WWW-Authenticate": 'Basic realm="IROH Auth"'} if basic else {}
    return OAuthError("invalid_client", description, status=401, headers=headers)

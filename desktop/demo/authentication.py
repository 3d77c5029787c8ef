"""Which client is asking: HTTP Basic, the body, or a public client's id alone."""

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus

from desktop.demo.clients import Client
from desktop.demo.errors import OAuthError


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request says about its client, and by which method it says it."""

    client_id: str
    secret: str
    method: str


def authenticate(
    clients: Mapping[str, Client], *, authorization: str | None, form: Mapping[str, str]
) -> Client:
    """Give the client, or raise OAuthError invalid_request or invalid_client with status 401."""
    given = _credentials(authorization, form)
    client = clients.get(given.client_id)
    if client is None or given.method not in client.methods or not _matches(client, given):
        raise _invalid_client("Client authentication failed.", basic=authorization is not None)
    return client


def _credentials(authorization: str | None, form: Mapping[str, str]) -> Credentials:
    client_id, secret = form.get("client_id"), form.get("client_secret")
    if authorization is None:
        if client_id is None:
            raise _invalid_client("The request names no client.", basic=False)
        return Credentials(client_id, secret or "", "none" if secret is None else "post")
    basic = _basic(authorization)
    if secret is not None or client_id not in (None, basic.client_id):
        # RFC 6749 section 2.3: not more than one method in a request
        raise OAuthError("invalid_request", "The client authenticates in two ways at once.")
    return basic


def _basic(authorization: str) -> Credentials:
    """Read RFC 7617 credentials, each form-encoded by RFC 6749 section 2.3.1."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode() if encoded else ""
    except ValueError as error:
        raise _invalid_client("The Basic credentials cannot be read.", basic=True) from error
    client_id, colon, secret = text.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise _invalid_client("Only HTTP Basic is understood here.", basic=True)
    secret = unquote_plus(secret)
    return Credentials(unquote_plus(client_id), secret, "basic" if secret else "none")


def _matches(client: Client, given: Credentials) -> bool:
    return hmac.compare_digest((client.secret or "").encode(), given.secret.encode())


def _invalid_client(description: str, *, basic: bool) -> OAuthError:
    # RFC 6749 section 5.2: a challenge in the scheme that the client used
    headers = {"WWW-Authenticate": 'Basic realm="IROH Auth"'} if basic else {}
    return OAuthError("invalid_client", description, status=401, headers=headers)

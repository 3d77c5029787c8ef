"""Authorization server metadata: RFC 8414 first, then OpenID Connect Discovery, merged."""

from collections.abc import Mapping
from dataclasses import fields, replace
from urllib.parse import urlsplit, urlunsplit

from desktop.frozen import frozen
from desktop.oauth.addresses import (
    ascii_address,
    checked_address,
    checked_named_address,
    host_of,
    origin_of,
)
from desktop.oauth.answers import members
from desktop.oauth.client import ClientConnection
from desktop.oauth.errors import (
    ErrorResponse,
    MetadataMismatch,
    MissingEndpoint,
    NothingThere,
    OAuthError,
    ServerFault,
    UnusableAnswer,
)
from desktop.oauth.fields import Members, string_list, text
from desktop.oauth.http import get

# The endpoints that each grant needs.
FOR_DEVICE = ("device_authorization_endpoint", "token_endpoint")
FOR_CODE = ("authorization_endpoint", "token_endpoint")
FOR_CLIENT = ("token_endpoint",)


@frozen
class ServerMetadata:
    """What is known about a server; the names are those of RFC 8414 section 2.

    An empty endpoint is unknown.
    """

    issuer: str = ""
    device_authorization_endpoint: str = ""
    token_endpoint: str = ""
    authorization_endpoint: str = ""
    userinfo_endpoint: str = ""
    revocation_endpoint: str = ""
    jwks_uri: str = ""
    code_challenge_methods_supported: tuple[str, ...] = ()
    scopes_supported: tuple[str, ...] = ()
    grant_types_supported: tuple[str, ...] = ()
    response_types_supported: tuple[str, ...] = ()
    dpop_signing_alg_values_supported: tuple[str, ...] = ()
    authorization_response_iss_parameter_supported: bool = False

    def missing(self, needs: tuple[str, ...]) -> str:
        """Return the first unknown endpoint of `needs`; empty if all are known."""
        return next((name for name in needs if not getattr(self, name)), "")

    def merged(self, other: "ServerMetadata") -> "ServerMetadata":
        """Fill the gaps from `other`."""
        names = [field.name for field in fields(self)]
        return replace(other, **{name: value for name in names if (value := getattr(self, name))})


@frozen
class Issuer:
    """Where the metadata is, and which issuer it must name.

    `expected` is the `issuer` member if that is not the address: Cisco XDR sends "IROH Auth". Such
    a name proves nothing, so every endpoint must then have the origin of the address.
    """

    address: str
    expected: str | None = None


async def discover(
    connection: ClientConnection,
    issuer: Issuer,
    *,
    manual: ServerMetadata | None = None,
    needs: tuple[str, ...] = FOR_DEVICE,
) -> ServerMetadata:
    """Find the endpoints of `issuer`; those in `manual` take precedence. Raises `OAuthError`.

    `needs` are the endpoints that must be found. A document that is missing or not metadata is
    skipped if the other one has them.
    """
    found = manual or ServerMetadata()
    failure: OAuthError | None = None
    for address in metadata_addresses(issuer.address):
        if not found.missing(needs):
            return found
        try:
            answer = await get(connection.http, address, secrets=connection.secrets)
            with connection.secrets.removed_from_errors():
                document = members(answer, connection.clock.utc())
                found = found.merged(parse_metadata(document, issuer))
        except (UnusableAnswer, ServerFault, ErrorResponse, NothingThere) as error:
            # That one document is missing is normal. A sentence of the server says more.
            if failure is None or not isinstance(error, NothingThere) or error.description:
                failure = error
    if missing := found.missing(needs):
        raise _incomplete(issuer, found, failure, missing=missing)
    return found


def metadata_addresses(issuer: str) -> tuple[str, str]:
    """Return both well-known addresses. RFC 8414 puts the path of the issuer last, OIDC first."""
    parts = urlsplit(checked_address(issuer))
    path = parts.path.rstrip("/")
    # RFC 8414 section 3.1
    oauth = parts._replace(path=f"/.well-known/oauth-authorization-server{path}")
    # OpenID Connect Discovery 1.0 section 4
    openid = parts._replace(path=f"{path}/.well-known/openid-configuration")
    return urlunsplit(oauth), urlunsplit(openid)


def parse_metadata(document: Members, issuer: Issuer) -> ServerMetadata:
    """Parse `document`; raises `UnusableAnswer`, `MetadataMismatch` or `UnsafeAddress`.

    An object without `issuer` is not metadata: some servers send one for every unknown path.
    """
    named = text(document, "issuer")
    if named is None:
        raise UnusableAnswer(host_of(issuer.address), detail="no usable issuer")
    # RFC 8414 section 3.3: it must be identical to the issuer that was asked.
    expected, found = issuer.expected or issuer.address, ascii_address(named)
    if found.rstrip("/") != ascii_address(expected).rstrip("/"):
        raise MetadataMismatch(host_of(issuer.address), expected, found)
    endpoints = {name: _endpoint(document, name, issuer) for name in _ENDPOINTS}
    if issuer.expected is not None:
        _require_same_origin(issuer, endpoints)
    return ServerMetadata(
        issuer=named,
        code_challenge_methods_supported=string_list(document, "code_challenge_methods_supported")
        or (),
        scopes_supported=string_list(document, "scopes_supported") or (),
        grant_types_supported=string_list(document, "grant_types_supported") or (),
        response_types_supported=string_list(document, "response_types_supported") or (),
        # RFC 9449 section 5.1
        dpop_signing_alg_values_supported=string_list(document, "dpop_signing_alg_values_supported")
        or (),
        # RFC 9207 section 3
        authorization_response_iss_parameter_supported=document.get(
            "authorization_response_iss_parameter_supported"
        )
        is True,
        **endpoints,
    )


_ENDPOINTS = (
    "device_authorization_endpoint",
    "token_endpoint",
    "authorization_endpoint",
    "userinfo_endpoint",
    "revocation_endpoint",
    "jwks_uri",
)


def _endpoint(document: Members, name: str, issuer: Issuer) -> str:
    address = text(document, name)
    return ascii_address(checked_named_address(address, by=issuer.address)) if address else ""


def _require_same_origin(issuer: Issuer, endpoints: Mapping[str, str]) -> None:
    for endpoint in filter(None, endpoints.values()):
        if origin_of(endpoint) != origin_of(issuer.address):
            raise MetadataMismatch(
                host_of(issuer.address), origin_of(issuer.address), origin_of(endpoint)
            )


def _incomplete(
    issuer: Issuer, found: ServerMetadata, failure: OAuthError | None, *, missing: str
) -> OAuthError:
    # If the server sent metadata, what is missing in it says more than the other error.
    if failure is not None and not found.issuer:
        return failure
    return MissingEndpoint(host_of(issuer.address), missing)

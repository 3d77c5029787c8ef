"""Signing in with a browser on this computer: the authorization code with PKCE.

RFC 6749 section 4.1, RFC 7636, RFC 8252 (the browser returns to an address of this computer) and
RFC 9207 (which server the answer is from).
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import field
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from desktop.frozen import frozen
from desktop.oauth.addresses import ascii_address, checked_link, host_of
from desktop.oauth.answers import error_kind, may_pass
from desktop.oauth.client import ClientConnection
from desktop.oauth.clock import Moment, now
from desktop.oauth.dpop import thumbprint
from desktop.oauth.errors import (
    ApprovalLost,
    ErrorResponse,
    IncompleteAnswer,
    InvalidGrant,
    ServerFault,
    WrongIssuer,
)
from desktop.oauth.grants.device import code_challenge
from desktop.oauth.grants.token import new_tokens
from desktop.oauth.metadata import ServerMetadata
from desktop.oauth.model.token_set import TokenSet
from desktop.oauth.redaction.known_secrets import KnownSecrets


@frozen
class AuthorizationRequest:
    """An authorization request that the user answers in a browser, on the page `address`.

    `host` is that of the page. If the answer names an issuer, it must be `issuer`, which is empty
    if unknown. With `names_issuer` the answer must name one. It may repeat `secrets`.
    """

    address: str = field(repr=False)
    host: str
    redirect_uri: str
    state: str = field(repr=False)
    code_verifier: str = field(repr=False)
    requested: Moment
    issuer: str = ""
    names_issuer: bool = False
    secrets: KnownSecrets = field(default_factory=KnownSecrets, repr=False, compare=False)


def new_request(
    connection: ClientConnection,
    metadata: ServerMetadata,
    *,
    redirect_uri: str,
    scope: tuple[str, ...],
    extra: Mapping[str, str],
) -> AuthorizationRequest:
    """Make the request to open in the browser. `extra` are parameters that the provider requires.

    Raises `UnsafeAddress`.
    """
    endpoint = checked_link(metadata.authorization_endpoint, by=metadata.token_endpoint)
    # OpenID Connect Core 1.0 section 11: without it, the server ignores `offline_access`.
    prompt = {"prompt": "consent"} if "offline_access" in scope else {}
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    connection.secrets.add(state, verifier)
    query = {
        **prompt,
        **extra,
        **({"scope": " ".join(scope)} if scope else {}),
        "response_type": "code",
        "client_id": connection.client.client_id,
        "redirect_uri": redirect_uri,
        "state": state,
        # RFC 9700 section 2.1.1: always; other servers ignore it (RFC 6749 section 3.1).
        "code_challenge": code_challenge(verifier),
        "code_challenge_method": "S256",
    }
    if connection.proofs is not None and connection.proofs.key is not None:
        # RFC 9449 section 10: then the code is worth nothing without the key.
        query["dpop_jkt"] = thumbprint(connection.proofs.key)
    # A name that is not a URL proves nothing. Cisco XDR has one, so it is bound to its host.
    issuer = metadata.issuer if "://" in metadata.issuer else ""
    return AuthorizationRequest(
        address=_with_query(endpoint, query),
        host=host_of(endpoint),
        redirect_uri=redirect_uri,
        state=state,
        code_verifier=verifier,
        requested=now(connection.clock),
        issuer=issuer,
        names_issuer=bool(issuer) and metadata.authorization_response_iss_parameter_supported,
        secrets=connection.secrets,
    )


def is_answer(query: str, authorization_request: AuthorizationRequest) -> bool:
    """Whether `query`, with which a browser returned, answers `authorization_request`.

    Any page can send a browser to an address of this computer, but only the server knows the state.
    """
    state = (_members(query) or {}).get("state", "")
    return hmac.compare_digest(
        state.encode(), authorization_request.state.encode()
    )  # RFC 6749 section 10.12


def code_in(query: str, authorization_request: AuthorizationRequest) -> str:
    """Read the code in `query`, an answer to `authorization_request`; raises `OAuthError`."""
    members = _members(query) or {}
    authorization_request.secrets.add(members.get("code"))
    struck = authorization_request.secrets.strike_members(members, keep={"code", "state"})
    found = {name: str(value) for name, value in struck.items()}
    with authorization_request.secrets.removed_from_errors():
        _check_issuer(found, authorization_request)
    if error := found.get("error"):
        description = found.get("error_description", "")
        kind = error_kind(error, description)
        if kind is None and may_pass(error):
            raise ServerFault(authorization_request.host, detail=description or error)
        raise (kind or ErrorResponse)(
            error, host=authorization_request.host, description=description
        )
    if not found.get("code"):
        raise IncompleteAnswer(authorization_request.host, detail="no usable code")
    return found["code"]


async def redeem(
    connection: ClientConnection,
    token_endpoint: str,
    *,
    authorization_request: AuthorizationRequest,
    code: str,
    scope: tuple[str, ...],
) -> TokenSet:
    """Exchange `code` for tokens (RFC 6749 section 4.1.3); raises `OAuthError`."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": authorization_request.redirect_uri,
        "code_verifier": authorization_request.code_verifier,  # RFC 7636 section 4.5
    }
    try:
        return await new_tokens(connection, token_endpoint, form=form, scope=scope)
    except InvalidGrant as error:
        raise error.converted(ApprovalLost) from error


def _with_query(endpoint: str, query: Mapping[str, str]) -> str:
    # RFC 6749 section 3.1: an existing query stays; a fragment is not allowed.
    parts = urlsplit(endpoint)
    added = urlencode(query, quote_via=quote)
    both = "&".join(filter(None, (parts.query, added)))
    return urlunsplit(parts._replace(query=both, fragment=""))


def _members(query: str) -> dict[str, str] | None:
    """Parse the parameters of `query`; `None` if they are malformed or repeated."""
    try:
        pairs = parse_qsl(query, max_num_fields=50, errors="strict")
    except ValueError:
        return None
    found = dict(pairs)
    # RFC 6749 section 3.1: no parameter more than once
    return found if len(found) == len(pairs) else None


def _check_issuer(found: Mapping[str, str], authorization_request: AuthorizationRequest) -> None:
    # RFC 9207 section 2.4: another issuer, or none where one was announced, is a mix-up attack.
    named = found.get("iss", "")
    compared = authorization_request.issuer and (named or authorization_request.names_issuer)
    if compared and named.rstrip("/") != authorization_request.issuer.rstrip("/"):
        # A letter that looks like another would hide the difference.
        expected, shown = ascii_address(authorization_request.issuer), ascii_address(named)
        raise WrongIssuer(authorization_request.host, expected, shown)

"""Tokens: requesting them with a device code or as the client itself, renewing, reading them."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from desktop.oauth.addresses import host_of
from desktop.oauth.answers import error_kind
from desktop.oauth.claims import account_in, expiry_in
from desktop.oauth.client import ClientConnection, request
from desktop.oauth.clock import Moment, now
from desktop.oauth.dialects import codes_in, sentence_in
from desktop.oauth.dpop import TOKEN_TYPE, Proofs
from desktop.oauth.errors import (
    AccessDenied,
    AnswerTooLarge,
    ErrorResponse,
    ExpiredToken,
    ForbiddenByPolicy,
    InvalidGrant,
    InvalidRequest,
    InvalidToken,
    NoUsableToken,
    OAuthError,
    PageInsteadOfAnswer,
    Refusal,
    SlowDown,
    Throttled,
    TokenNotBound,
    TransportFailure,
    Trouble,
    UnsupportedTokenType,
    UnusableAnswer,
)
from desktop.oauth.fields import Members, first_words, seconds, text, word_list
from desktop.oauth.grants.device import DeviceAuthorization, without_prompt
from desktop.oauth.model.token_set import TokenSet
from desktop.oauth.redaction.known_secrets import CUT, KnownSecrets

LONGEST_TOKEN = 256 * 1024  # characters; real ones have a few thousand
# Characters: it is saved beside the others, and a keyring may be small.
LONGEST_ID_TOKEN = 16 * 1024
# Apigee's name for it; another type must not be used as a bearer token (RFC 6749 section 7.1).
_BEARER = {"bearer", "bearertoken"}
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"  # RFC 8628 section 3.4


async def request_token(
    connection: ClientConnection,
    token_endpoint: str,
    *,
    authorization: DeviceAuthorization,
    scope: tuple[str, ...],
) -> TokenSet:
    """Ask once whether the code has been approved (RFC 8628 section 3.4).

    Raises `AuthorizationPending` while it is not, or another `OAuthError`.
    """
    form = {"grant_type": DEVICE_CODE, "device_code": authorization.device_code}
    if authorization.code_verifier is not None:
        form["code_verifier"] = authorization.code_verifier  # RFC 7636 section 4.5
    return await new_tokens(connection, token_endpoint, form=form, scope=scope)


async def request_own_token(
    connection: ClientConnection,
    token_endpoint: str,
    *,
    scope: tuple[str, ...],
    extra: Mapping[str, str],
) -> TokenSet:
    """Ask for a token of the client itself (RFC 6749 section 4.4); it is renewed by another.

    `extra` are parameters that the provider requires (`audience`). Raises `OAuthError`.
    """
    form = {**without_prompt(extra), "grant_type": "client_credentials"}
    if scope:
        form["scope"] = " ".join(scope)
    try:
        tokens = await new_tokens(connection, token_endpoint, form=form, scope=scope)
    except AccessDenied as error:
        raise error.converted(ForbiddenByPolicy) from error  # there is no user who could decline
    # RFC 6749 section 4.4.3: it should have no refresh token. One more secret would help nobody.
    return replace(tokens, refresh_token=None)


async def new_tokens(
    connection: ClientConnection,
    token_endpoint: str,
    *,
    form: Mapping[str, str],
    scope: tuple[str, ...],
) -> TokenSet:
    """Exchange what is in `form` for tokens; raises `OAuthError`.

    `NoUsableToken` after a status of success: then the code in `form` is used up.
    """
    host = host_of(token_endpoint)
    requested = now(connection.clock)
    try:
        found = await request(connection, token_endpoint, form=form)
    except (UnusableAnswer, TransportFailure) as error:
        # A proxy that inspects traffic may have sent a web page, and then the code is still good.
        is_success = error.status is not None and 200 <= error.status < 300
        if not is_success or isinstance(error, (PageInsteadOfAnswer, Refusal)):
            raise
        raise _unreadable(host, error) from error
    if text(found, "access_token") is None:
        _raise_hidden_error(found, host)
    tokens = parse_token(
        found,
        token_endpoint,
        requested=requested,
        requested_scope=scope,
        secrets=connection.secrets,
        proofs=connection.proofs,
    )
    return require_lifetime(tokens, host)


def require_lifetime(tokens: TokenSet, host: str) -> TokenSet:
    """Return `tokens` unless they have expired at once; raises `NoUsableToken`."""
    if tokens.expires_at is not None and tokens.expires_at <= tokens.issued_at:
        raise NoUsableToken(host, "expires_in is 0 or less")
    return tokens


async def refresh(connection: ClientConnection, token_endpoint: str, *, held: TokenSet) -> TokenSet:
    """Exchange the refresh token of `held`, which must have one, for new tokens.

    Raises `OAuthError`: `InvalidGrant` if only a new sign-in helps, `ForbiddenByPolicy` if that
    does not help either.
    """
    if held.refresh_token is None:
        raise RuntimeError("these tokens cannot be renewed: they have no refresh token")
    # RFC 6749 section 6: without a scope, it is what was granted.
    form = {"grant_type": "refresh_token", "refresh_token": held.refresh_token}
    requested = now(connection.clock)
    try:
        found = await request(connection, token_endpoint, form=form)
    except ErrorResponse as error:
        mapped = _renewal_error(error)
        if mapped is None:
            raise
        raise mapped from error
    renewed = parse_token(
        found,
        token_endpoint,
        requested=requested,
        requested_scope=held.requested_scope,
        held_scope=held.scope,
        secrets=connection.secrets,
        proofs=connection.proofs,
    )
    if renewed.id_token is None and _lives(held.id_expires_at, requested):
        # OpenID Connect Core 1.0 section 12.2: the answer might not contain one.
        renewed = replace(renewed, id_token=held.id_token, id_expires_at=held.id_expires_at)
    return replace(
        renewed,
        # RFC 6749 section 6: the server may issue a new one, and then the old one is discarded.
        refresh_token=renewed.refresh_token or held.refresh_token,
        refresh_expires_at=(
            renewed.refresh_expires_at if renewed.refresh_token else held.refresh_expires_at
        ),
        account=renewed.account if renewed.account.user else held.account,
    )


def _lives(expires_at: datetime | None, at: Moment) -> bool:
    return expires_at is None or expires_at > at.utc


def _renewal_error(error: ErrorResponse) -> OAuthError | None:
    """Return what `error` means as the answer to a renewal, if that differs.

    No user takes part in a renewal, so nobody can have declined it.
    """
    if isinstance(error, SlowDown):
        return Throttled(
            error.host,
            detail=error.description or error.error,
            status=error.status,
            retry_after=error.retry_after or error.interval,
            trace_id=error.trace_id,
        )
    kind = _REFUSED_RENEWALS.get(type(error))
    if isinstance(error, InvalidRequest) and "refresh token" in error.description.lower():
        kind = InvalidGrant  # Dex: "Refresh token is invalid or has already been claimed"
    return error.converted(kind) if kind is not None else None


_REFUSED_RENEWALS: dict[type[ErrorResponse], type[ErrorResponse]] = {
    InvalidToken: InvalidGrant,  # Cloud Foundry UAA
    ExpiredToken: InvalidGrant,
    AccessDenied: ForbiddenByPolicy,  # Auth0: by a rule, since nobody declined
}


def parse_token(
    found: Members,
    endpoint: str,
    *,
    requested: Moment,
    requested_scope: tuple[str, ...],
    held_scope: tuple[str, ...] | None = None,
    secrets: KnownSecrets | None = None,
    proofs: Proofs | None = None,
) -> TokenSet:
    """Parse the tokens in a successful token response, and add them to `secrets`.

    `requested` is the moment before the request was sent: expiry counts from it. A renewal passes
    the scope of the token that it replaces as `held_scope`. `proofs` were sent with the request.
    Raises `NoUsableToken`, such as `TokenNotBound`.
    """
    host = host_of(endpoint)
    known = KnownSecrets() if secrets is None else secrets
    known.add(*(text(found, name) for name in ("access_token", "refresh_token", "id_token")))
    found = known.strike_members(found)
    access_token, refresh_token = text(found, "access_token"), text(found, "refresh_token")
    if access_token is None or not _fits_a_header(access_token):
        raise NoUsableToken(host, "no usable access_token")
    if max(len(access_token), len(refresh_token or "")) > LONGEST_TOKEN:
        raise NoUsableToken(host, "a token is longer than 256 kB")
    token_type = _usable_type(text(found, "token_type") or "Bearer", host, proofs)
    lifetime = seconds(found, "expires_in")
    scope = _granted_scope(found, requested_scope)
    if scope is None:  # RFC 6749 sections 5.1 and 6
        scope = requested_scope if held_scope is None else held_scope
    # 0 is Keycloak's for "never".
    refresh_lifetime = seconds(found, *_REFRESH_LIFETIMES) or 0.0
    expires_at = None if lifetime is None else requested.later(max(0.0, lifetime))
    id_token = _usable_id_token(found)
    id_expires_at = expiry_in(id_token, received_at=requested.utc) if id_token else None
    tokens = TokenSet(
        access_token=access_token,
        refresh_token=refresh_token,
        token_type=token_type,
        scope=scope,
        requested_scope=requested_scope,
        issued_at=requested.utc,
        expires_at=expires_at,
        account=account_in(text(found, "id_token"), access_token, secrets=known),
        id_token=id_token,
        # One that is encrypted does not say: then it is taken to live as long as the other.
        id_expires_at=id_expires_at or (expires_at if id_token else None),
        refresh_expires_at=requested.later(refresh_lifetime) if refresh_lifetime > 0 else None,
        # Also with a bearer token: Keycloak can bind the refresh token alone.
        key=proofs.key if proofs is not None else None,
    )
    if proofs is not None and proofs.is_required and token_type != TOKEN_TYPE:
        raise TokenNotBound(host, tokens)
    return tokens


def _usable_type(token_type: str, host: str, proofs: Proofs | None) -> str:
    if token_type.lower() in _BEARER:
        return "Bearer"
    if token_type.lower() == TOKEN_TYPE.lower() and proofs is not None and proofs.key is not None:
        return TOKEN_TYPE
    raise UnsupportedTokenType(host, token_type)


def _granted_scope(found: Members, requested: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the scopes that the answer names; `None` if it names none.

    All that were requested are found, however many there are: of one that is missing, people read
    that it was not granted. So where the answer was cut, each of them counts as granted.
    """
    words = word_list(found, "scope")
    if words is None:
        return None
    whole = [word for word in words if not word.endswith(CUT)]
    expected = set(requested)
    shown = expected.union(first_words([word for word in whole if word not in expected]))
    granted = tuple(word for word in whole if word in shown)
    return granted if len(whole) == len(words) else tuple(dict.fromkeys((*granted, *requested)))


_JWT = re.compile(r"[\w-]+(?:\.[\w-]*){2,4}", re.ASCII)  # RFC 7515 and RFC 7516, section 3.1


def _usable_id_token(found: Members) -> str | None:
    id_token = text(found, "id_token") or ""
    return id_token if len(id_token) <= LONGEST_ID_TOKEN and _JWT.fullmatch(id_token) else None


# GitHub, Google and others; Keycloak; Intuit
_REFRESH_LIFETIMES = (
    "refresh_token_expires_in",
    "refresh_expires_in",
    "x_refresh_token_expires_in",
)


def _raise_hidden_error(found: Members, host: str) -> None:
    """Raise what a server without HTTP statuses says in place of tokens, if it says something."""
    sentence = sentence_in(found, is_success=False)
    for code in codes_in(found, is_success=False):
        if kind := error_kind(code, sentence):
            raise kind(code, host=host, description=sentence, interval=seconds(found, "interval"))
    if sentence:
        raise NoUsableToken(host, "no usable access_token", description=sentence)


def _unreadable(host: str, error: UnusableAnswer | TransportFailure) -> NoUsableToken:
    if isinstance(error, TransportFailure):
        return NoUsableToken(host, "the response was cut off", status=error.status)
    if isinstance(error, AnswerTooLarge):
        return NoUsableToken(host, "the response is longer than 1 MB", status=error.status)
    return NoUsableToken(host, "the response is not a JSON object", status=error.status)


def _fits_a_header(access_token: str) -> bool:
    # RFC 6750 section 2.1 allows b64token only; some providers use other printable characters.
    return all("!" <= character <= "~" for character in access_token)


def is_answer_lost(trouble: Trouble) -> bool:
    """Whether a request was sent and nobody knows what the server did: what it sent may be used.

    A gateway says so itself (RFC 9110 section 15.6.5; Cloudflare's 524).
    """
    if isinstance(trouble, TransportFailure):
        return not trouble.unused
    return trouble.status in _GATEWAY_TIMEOUTS


_GATEWAY_TIMEOUTS = {504, 524}


def is_unexplained_refusal(error: OAuthError) -> bool:
    """Whether the server refuses a renewal outside RFC 6749: by an empty answer or a page.

    Only a repetition tells whether it means the refresh token.
    """
    if isinstance(error, ErrorResponse):
        is_about_token = error.status not in _OTHER_REASONS
        return is_about_token and type(error) in {ErrorResponse, InvalidRequest}
    if isinstance(error, NoUsableToken):
        return not isinstance(error, UnsupportedTokenType)
    if not isinstance(error, UnusableAnswer) or isinstance(error, AnswerTooLarge) or error.by:
        return False  # what leads to another host is a portal
    if error.status is None or error.status < 300:
        return not isinstance(error, PageInsteadOfAnswer)
    return error.status not in _OTHER_REASONS


# RFC 9110 section 15.5: the address, a proxy, the time or the form of the request.
_OTHER_REASONS = {404, 405, 407, 408, 410, 413, 414, 415, 421, 425, 426, 429, 431, 451}

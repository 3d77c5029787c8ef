"""Everything about a sign-in except its secrets, for the details page and for support."""

import math
import platform
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from desktop import __version__
from desktop.frozen import frozen
from desktop.oauth.addresses import ascii_address, origin_of
from desktop.oauth.errors import printable
from desktop.oauth.metadata import ServerMetadata
from desktop.services.model.exchanges import ExchangedToken
from desktop.services.model.instants import format_instant
from desktop.services.model.profile import Profile
from desktop.services.model.states import Failed, Revocation, SignedIn
from desktop.services.system.logs import redacted
from desktop.services.system.translation import translatable, translate
from desktop.services.wording.formats import format_pasted
from desktop.services.wording.messages import advice_for

# Claims that are instants: RFC 7519 section 4.1, OpenID Connect Core 1.0 sections 2 and 5.1.
_INSTANTS = ("iat", "nbf", "exp", "auth_time", "updated_at")
# What support needs; the other claims are about the user.
_SUPPORT_CLAIMS = ("iss", "aud", "azp", "client_id", "jti", "iat", "nbf", "exp", "auth_time")

_MAX_VALUE_LENGTH = 1000  # characters
_MAX_ROWS = 200
_MAX_DEPTH = 6
_EMPTY = "–"
_SCOPES = ("scope", "scopes")


@frozen
class ScopeStatus:
    """A scope, and whether it was requested and granted.

    `requested` is `None` if no scopes were requested: then the server decides.
    """

    name: str
    requested: bool | None
    granted: bool


_CODES = ("error", "status", "trace_id")


@frozen
class Claim:
    """A claim as text; `at` is its instant, if it is one."""

    name: str
    value: str
    at: datetime | None = None


@frozen
class TokenDetails:
    """What the details page shows; no token. Instants are aware UTC.

    `endpoints` are names, to be translated, and addresses. `clock_offset` is how many seconds this
    computer's clock is ahead of the server's.
    """

    profile: str
    client_id: str
    issuer: str
    endpoints: tuple[tuple[str, str], ...]
    token_type: str
    issued_at: datetime
    expires_at: datetime | None
    renews_at: datetime | None
    renewable: bool
    clock_offset: float
    scopes: tuple[ScopeStatus, ...]
    claims: tuple[Claim, ...]
    exchanged: tuple[ExchangedToken, ...] = ()


def token_details(
    state: SignedIn,
    *,
    profile: Profile,
    metadata: ServerMetadata | None,
    claims: Mapping[str, object],
) -> TokenDetails:
    """Collect the details of the sign-in in `state`; `metadata` is `None` until it was needed."""
    found = metadata or ServerMetadata()
    return TokenDetails(
        profile=" · ".join(filter(None, (profile.name, profile.provider_label))),
        client_id=profile.client_id,
        issuer=ascii_address(found.issuer) or profile.expected_issuer or profile.issuer,
        endpoints=_endpoints(profile, found),
        token_type=state.token_type,
        issued_at=state.issued_at,
        expires_at=state.expires_at,
        renews_at=state.renews_at,
        renewable=state.renewable,
        clock_offset=state.clock_offset,
        scopes=_scopes(state),
        claims=tuple(_claim(name, value) for name, value in flattened(claims)),
        exchanged=state.exchanged,
    )


# A server may echo secrets. In a list, or in an object with a value, the name is one level up.
_SECRET_NAME = re.compile(r"(?i)(?:token|secret|password|assertion|code)s?(?: › (?:\d+|value))*$")
_REDACTED = "[redacted]"


def flattened(members: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Flatten a JSON object into names and printable texts, such as "user › name".

    Whatever is too long, too deep or too much is cut. Values that have the name of a secret or look
    like one are redacted.
    """
    return tuple(
        (name, redacted(printable(_text(value), _MAX_VALUE_LENGTH)))
        for name, value in _printable_leaves(members)
    )


def flattened_for_programs(members: Mapping[str, object]) -> dict[str, object]:
    """Flatten a JSON object as `flattened` does, with values that are alike in every language.

    Scopes are one string separated by spaces, and what is empty is `None`.
    """
    return {name: _member(name, value) for name, value in _printable_leaves(members)}


def _printable_leaves(members: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for count, (name, value) in enumerate(_leaves(members, depth=0)):
        if count == _MAX_ROWS:
            yield "…", "…"
            return
        hidden = _SECRET_NAME.search(name) and not _is_empty(value)
        yield redacted(printable(name, 200)), _REDACTED if hidden else value


def revocation_offered(profile: Profile, metadata: ServerMetadata | None) -> Revocation | None:
    """Return what signing out can revoke at the server; `None` while that is unknown."""
    if profile.app_grant_endpoint and profile.grant != "client-credentials":
        return Revocation.GRANT_REVOKED
    if profile.revocation_endpoint:
        return Revocation.REVOKED
    if metadata is None:
        return None
    return Revocation.REVOKED if metadata.revocation_endpoint else Revocation.NOT_OFFERED


def details_for_support(details: TokenDetails, at: datetime) -> str:
    """Write `details` as plain text, without secrets and without personal data.

    It contains only the claims about server, client and times: the user's name, email address and
    organization are left out. It is in English, for support.
    """
    lines = [
        f"XDR Login {__version__} on {platform.platform()}",
        f"Time: {_format_instant(at)}",
        f"Profile: {details.profile}, client ID {details.client_id}",
        f"Issuer: {details.issuer}",
        *(f"{name}: {address}" for name, address in details.endpoints),
        f"Token type: {details.token_type}",
        f"Issued: {_format_instant(details.issued_at)}",
        f"Expires: {_format_instant(details.expires_at)}",
        f"Renews: {_format_instant(details.renews_at)}" if details.renewable else "Not renewable",
        f"Clock offset: {details.clock_offset:+.0f} s",
        f"Scopes requested: {_scope_names(scope for scope in details.scopes if scope.requested)}",
        f"Scopes granted: {_scope_names(scope for scope in details.scopes if scope.granted)}",
        *(
            f"Token of {each.name} expires: {_format_instant(each.expires_at)}"
            for each in details.exchanged
        ),
        *(f"{each.name}: {each.value}" for each in details.claims if each.name in _SUPPORT_CLAIMS),
    ]
    return redacted("\n".join(lines))


def failure_report(state: Failed, profile: Profile | None, at: datetime) -> str:
    """Write a report about a failure for support, as plain text without secrets."""
    advice = advice_for(state.error, user_code=state.user_code)
    lines = [
        f"XDR Login {__version__} on {platform.platform()}",
        f"Time: {format_instant(at)}",
        f"{advice.title} ({type(state.error).__name__})",
        advice.facts,
        advice.text,
    ]
    if profile is not None:
        lines.insert(
            2, f"Profile: {profile.name}, {profile.provider_label}, client ID {profile.client_id}"
        )
    detail = str(getattr(state.error, "detail", "") or getattr(state.error, "description", ""))
    return redacted("\n".join(filter(None, [*lines, printable(detail)])))


def failure_facts(error: Exception, profile: Profile | None) -> tuple[tuple[str, str], ...]:
    """List the technical details of a failure by name: whose it is, where, and its codes."""
    if not any(getattr(error, name, None) for name in _CODES) and error.__cause__ is not None:
        coded: BaseException = error.__cause__
    else:
        coded = error
    facts = [
        (translate("Profile"), f"{profile.name} ({profile.id})" if profile is not None else ""),
        (translate("Server"), _server(error, profile)),
        (translate("Error code"), str(getattr(coded, "error", ""))),
        (translate("Status"), str(getattr(coded, "status", None) or "")),
        (translate("Trace ID"), str(getattr(coded, "trace_id", None) or "")),
        (translate("Type"), type(error).__name__),
    ]
    return tuple((name, printable(redacted(value))) for name, value in facts if value)


def _server(error: Exception, profile: Profile | None) -> str:
    """Return host and port of the profile's server, or the host that has failed instead."""
    host = str(getattr(error, "host", ""))
    server = ""
    if profile is not None:
        server = origin_of(profile.issuer or profile.token_endpoint).partition("://")[2]
    return host if host and not server.startswith(f"{host}:") else server


def _scope_names(scopes: Iterable[ScopeStatus]) -> str:
    return " ".join(scope.name for scope in scopes) or "none"


def _format_instant(at: datetime | None) -> str:
    return format_instant(at) or "never"


def _endpoints(profile: Profile, found: ServerMetadata) -> tuple[tuple[str, str], ...]:
    # The profile takes precedence over the metadata.
    named = (
        (
            translatable("Device authorization endpoint"),
            profile.device_authorization_endpoint or found.device_authorization_endpoint,
        ),
        (translatable("Token endpoint"), profile.token_endpoint or found.token_endpoint),
        (
            translatable("Revocation endpoint"),
            profile.revocation_endpoint or found.revocation_endpoint,
        ),
        (translatable("App grant endpoint"), profile.app_grant_endpoint),
        (translatable("Userinfo endpoint"), profile.userinfo_endpoint or found.userinfo_endpoint),
    )
    return tuple((name, address) for name, address in named if address)


def _scopes(state: SignedIn) -> tuple[ScopeStatus, ...]:
    requested, granted = set(state.requested_scope), set(state.scope)
    names = dict.fromkeys((*state.requested_scope, *state.scope))
    return tuple(
        ScopeStatus(
            name,
            requested=name in requested if requested else None,
            granted=name in granted,
        )
        for name in names
    )


def _claim(name: str, value: str) -> Claim:
    return Claim(name, ascii_address(value), _parse_instant(value) if name in _INSTANTS else None)


def _parse_instant(value: str) -> datetime | None:
    try:
        seconds = float(value)
        return datetime.fromtimestamp(seconds, UTC) if math.isfinite(seconds) else None
    except (ValueError, OverflowError, OSError):
        return None


def _leaves(members: Mapping[str, object], *, depth: int) -> Iterator[tuple[str, object]]:
    for name, value in members.items():
        if isinstance(value, Mapping) and value and depth < _MAX_DEPTH:
            for inner, leaf in _leaves(value, depth=depth + 1):
                yield f"{name} › {inner}", leaf
        elif isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
            numbered = {str(number): item for number, item in enumerate(value, 1)}
            yield from _leaves({name: numbered}, depth=depth)
        else:
            yield str(name), value


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, (list, dict, str)) and not value)


def _text(value: object) -> str:
    match value:
        case bool():
            return translate("yes") if value else translate("no")
        case _ if _is_empty(value):
            return _EMPTY
        case list():
            return format_pasted(map(_text, value))
        case dict():
            return "…"  # too deep
        case _:
            return str(value)


def _member(name: str, value: object) -> object:
    match value:
        case bool():
            return value
        case _ if _is_empty(value):
            return None
        case list() if name.rpartition(" › ")[2] in _SCOPES:
            return _member("", " ".join(map(str, value)))
        case list():
            return [_member("", each) for each in value[:_MAX_ROWS]]
        case _:
            return redacted(printable(_text(value), _MAX_VALUE_LENGTH))

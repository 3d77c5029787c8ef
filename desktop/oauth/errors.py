"""The errors between XDR Login and an authorization server.

    OAuthError
    ├── UnsafeAddress          an address that must not be used (not https, hidden characters)
    ├── AuthorityUnusable      a CA certificate file that cannot be used
    ├── MetadataMismatch       the metadata names another issuer or another host
    ├── MissingEndpoint        neither the metadata nor the profile names an endpoint
    ├── NothingThere           there is no server at an address (404, 405, 410, 501)
    ├── CodeExpired            our own deadline for the code has passed
    ├── WrongIssuer            a redirect that names another server (RFC 9207)
    ├── NotApprovedInTime      the browser did not return in time
    ├── NoUsableToken          the server reports success, but its answer has no usable token
    │   └── UnsupportedTokenType  a token of a type that can't be used
    │       └── TokenNotBound  a bearer token where only bound ones are accepted
    ├── BindingNotOffered      the server binds no tokens to a key (RFC 9449)
    ├── Trouble                may be temporary: polling goes on
    │   ├── TransportFailure   no answer
    │   │   ├── HostNotFound
    │   │   ├── CertificateRejected
    │   │   ├── NoAnswerInTime
    │   │   └── ProxyFailure   the proxy on the way cannot be used
    │   │       ├── ProxyUnusable           its address is not valid or not supported
    │   │       ├── ProxyNotTrusted         its certificate is not
    │   │       ├── ProxyWithoutTls         its address is https, but TLS with it fails
    │   │       ├── ProxyUnreachable
    │   │       ├── ProxyRefused            it blocks this host
    │   │       ├── ProxySignInNeeded       407, or a password that it does not accept
    │   │       └── ProxySignInUnsupported  407, and no supported way to sign in
    │   ├── UnusableAnswer     an answer, but not one of an OAuth server
    │   │   ├── Refusal        an error in a format that is not known
    │   │   ├── IncompleteAnswer  a member is missing or malformed
    │   │   ├── AnswerTooLarge
    │   │   ├── UnexpectedRedirect
    │   │   └── PageInsteadOfAnswer
    │   │       └── CaptivePortal  the network requires a sign-in first
    │   ├── Throttled          429
    │   └── ServerFault        5xx, server_error, temporarily_unavailable
    └── ErrorResponse          an OAuth error (RFC 6749 section 5.2, RFC 8628 section 3.5, others)
        ├── AuthorizationPending
        ├── SlowDown
        ├── AccessDenied
        ├── ExpiredToken
        ├── InvalidClient
        ├── UnauthorizedClient
        ├── InvalidScope
        ├── InvalidGrant
        │   └── ApprovalLost   the code from the browser is not accepted
        ├── InvalidRequest
        │   └── UnknownTenant  an organization that the provider does not have
        ├── UnsupportedGrantType
        ├── ForbiddenByPolicy
        ├── NotRevocable       a kind of token that the server does not revoke (RFC 7009)
        ├── ProofRejected      a proof of the key that is not accepted (RFC 9449)
        ├── InvalidToken       an access token that is not accepted (RFC 6750 section 3.1)
        └── InsufficientScope  an access token that may not do this (RFC 6750 section 3.1)

They carry facts, not texts for users: those are in `desktop.services.wording.messages`. What a
server sent is cut to a printable length here, once, so that nothing later has to.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktop.oauth.model.token_set import TokenSet

_LONGEST_TEXT = 300
_USER_NAME = re.compile(r"(?<=//)[^/?#]*@")


# What joins letters of Arabic, Indic and other scripts, and the parts of one emoji, changes how
# they look. Between other characters it would only hide.
_JOINED = (
    "\u0600-\u1cff\u203c\u2049\u2190-\u2bff\ufb50-\ufdff\ufe0f\ufe70-\ufefc"
    "\U00011000-\U00011fff\U0001f000-\U0001faff"
)
_JOINERS = (  # `re` compiles it when it is first needed, which is rare
    f"(?<=[{_JOINED}])[\u200c\u200d](?=[{_JOINED}])"
    # The flags of countries in a country, such as that of Scotland (UTS 51, ED-14a).
    "|(?<=\U0001f3f4)[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f"
)


_ISOLATES = str.maketrans("", "", "\u2066\u2067\u2068\u2069")  # may be within a word


def without_joiners(text: str) -> str:
    """`text` without the invisible characters that writing it needs."""
    return text if text.isprintable() else re.sub(_JOINERS, "", text)


def printable(text: str, longest: int = _LONGEST_TEXT) -> str:
    """`text` on one line, without control or bidirectional characters, at most `longest` long."""
    shown = text[: 4 * longest].translate(_ISOLATES)
    if not shown.isprintable():
        kept = {at for joined in re.finditer(_JOINERS, shown) for at in range(*joined.span())}
        shown = "".join(
            " " if unicodedata.category(c)[0] in "CZ" and at not in kept else c
            for at, c in enumerate(shown)
        )
    shown = " ".join(shown.split())
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


class OAuthError(Exception):
    """The root of the tree; never raised itself."""


class UnsafeAddress(OAuthError):
    """An address that must not be used or opened; `address` is printable, without password."""

    def __init__(self, address: str, reason: str) -> None:
        self.address = printable(_USER_NAME.sub("…@", address))
        super().__init__(f"{self.address}: {reason}")
        self.reason = reason


class AuthorityUnusable(OAuthError):
    """The CA certificate file `where` cannot be used."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}")
        self.where = printable(where)
        self.reason = printable(reason)


class MetadataMismatch(OAuthError):
    """The metadata of `host` names another issuer, or endpoints of another host (RFC 8414 3.3)."""

    def __init__(self, host: str, expected: str, found: str) -> None:
        super().__init__(f"{host}: expected {printable(expected)}, found {printable(found)}")
        self.host = host
        self.expected = printable(expected)
        self.found = printable(found)


class MissingEndpoint(OAuthError):
    """The metadata of `host` has no `endpoint`, which is its name in RFC 8414."""

    def __init__(self, host: str, endpoint: str) -> None:
        super().__init__(f"{host}: no {endpoint}")
        self.host = host
        self.endpoint = endpoint


class NothingThere(OAuthError):
    """There is no authorization server at `address`, by the `status` of the answer.

    `description` is what the server says about it.
    """

    def __init__(self, address: str, *, host: str, status: int, description: str = "") -> None:
        super().__init__(f"{host}: {status}")
        self.address = printable(address)
        self.host = host
        self.status = status
        self.description = printable(description)


class CodeExpired(OAuthError):
    """The user code has expired by our own clock; the cause is why the last request failed."""


class WrongIssuer(OAuthError):
    """The redirect names another issuer than expected, or none (RFC 9207)."""

    def __init__(self, host: str, expected: str, found: str) -> None:
        super().__init__(f"{host}: expected {printable(expected)}, found {printable(found)}")
        self.host = host
        self.expected = printable(expected)
        self.found = printable(found)


class NotApprovedInTime(OAuthError):
    """The browser did not return before our own deadline."""


class NoUsableToken(OAuthError):
    """The server of `host` reports success, but its answer has no usable token: `detail`.

    `description` is what the server says. The code or refresh token that was sent is used up then.
    """

    def __init__(
        self, host: str, detail: str, *, status: int | None = None, description: str = ""
    ) -> None:
        super().__init__(f"{host}: {printable(detail)}")
        self.host = host
        self.detail = printable(detail)
        self.status = status
        self.description = printable(description)


class UnsupportedTokenType(NoUsableToken):
    """The server of `host` issued a token of a type that can't be used."""

    def __init__(self, host: str, token_type: str) -> None:
        self.token_type = printable(token_type, 40)
        super().__init__(host, f"token_type {self.token_type}")


class TokenNotBound(UnsupportedTokenType):
    """The server of `host` issued a bearer token, but only bound ones are accepted (RFC 9449).

    `tokens` are what it issued, to be revoked.
    """

    def __init__(self, host: str, tokens: TokenSet) -> None:
        self.tokens = tokens
        super().__init__(host, tokens.token_type)


class BindingNotOffered(OAuthError):
    """Only bound tokens are accepted, but the metadata of `host` doesn't offer any (RFC 9449)."""

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self.host = host


class Trouble(OAuthError):
    """A failure that may be temporary. `retry_after` is how long to wait, in seconds.

    `by` is another host that caused it, if known: a proxy, a portal, the target of a redirect.
    `unused` says that the server has certainly not processed the request.
    """

    unused = False

    def __init__(
        self,
        host: str,
        *,
        detail: str = "",
        by: str = "",
        status: int | None = None,
        retry_after: float | None = None,
        trace_id: str | None = None,
    ) -> None:
        super().__init__(f"{host}: {printable(detail) or status}")
        self.host = host
        self.by = printable(by)
        self.detail = printable(detail)
        self.status = status
        self.retry_after = retry_after
        self.trace_id = trace_id and printable(trace_id, 64)


class TransportFailure(Trouble):
    """No complete answer: the connection was refused, reset or closed."""


class HostNotFound(TransportFailure):
    """The name of the host could not be resolved."""


class CertificateRejected(TransportFailure):
    """The certificate of the host is not one that this computer trusts."""


class NoAnswerInTime(TransportFailure):
    """Nothing came within the time limit of one request."""


class ProxyFailure(TransportFailure):
    """The proxy `by` (host and port) is unusable.

    `policy_source` names the policy that sets it, and `variable` the environment variable.
    """

    unused = True
    policy_source = ""
    variable = ""


class ProxyUnusable(ProxyFailure):
    """The address of the proxy is not valid, or its scheme is not supported."""


class ProxyNotTrusted(ProxyFailure):
    """The certificate of the proxy is not one that this computer trusts."""


class ProxyWithoutTls(ProxyFailure):
    """The address of the proxy is https, but TLS with it fails, perhaps as it speaks http only."""


class ProxyUnreachable(ProxyFailure):
    """There is no connection to the proxy."""


class ProxyRefused(ProxyFailure):
    """The proxy blocks this host; `detail` is what it says."""


class ProxySignInNeeded(ProxyFailure):
    """The proxy requires a user and a password (407), or has rejected them."""


class ProxySignInUnsupported(ProxyFailure):
    """The proxy requires a sign-in (407) by one of `detail`, none of which is supported."""


class UnusableAnswer(Trouble):
    """An answer in which the expected members are missing or malformed."""


class Refusal(UnusableAnswer):
    """An error in a format that is not known; `detail` is what the server says, if anything."""


class IncompleteAnswer(UnusableAnswer):
    """An answer of the server in which a member is missing or malformed."""


class AnswerTooLarge(UnusableAnswer):
    """The body is larger than an answer may be."""


class UnexpectedRedirect(UnusableAnswer):
    """A redirect: never followed, since it would carry the device code elsewhere."""


class PageInsteadOfAnswer(UnusableAnswer):
    """An HTML page, as captive portals and blocking proxies send it."""


class CaptivePortal(PageInsteadOfAnswer):
    """The network answers everything with a sign-in page of the host `by`."""


class Throttled(Trouble):
    """429 Too Many Requests."""

    unused = True


class ServerFault(Trouble):
    """The server says that it cannot answer now."""


class ErrorResponse(OAuthError):
    """An OAuth error. `error` is the code of RFC 6749 section 5.2 or a provider's own."""

    def __init__(
        self,
        error: str,
        *,
        host: str = "",
        description: str = "",
        status: int | None = None,
        trace_id: str | None = None,
        interval: float | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{printable(error)} ({host})")
        self.error = printable(error, 80)
        self.host = host
        self.description = printable(description)
        self.status = status
        self.trace_id = trace_id and printable(trace_id, 64)
        self.interval = interval
        self.retry_after = retry_after

    def converted(self, kind: type[ErrorResponse]) -> ErrorResponse:
        """Return the same facts as an error of another kind."""
        return kind(
            self.error,
            host=self.host,
            description=self.description,
            status=self.status,
            trace_id=self.trace_id,
            retry_after=self.retry_after,
        )


_NUMBER = re.compile(r"AADSTS([0-9]{1,12})")
PUBLIC_CLIENT = "700025"


def error_number(error: BaseException | str | None) -> str:
    """Return the number that Microsoft Entra gives an error, or a description; empty for none."""
    description = error if isinstance(error, str) else getattr(error, "description", "")
    match = _NUMBER.search(description)
    return match[1] if match else ""


class AuthorizationPending(ErrorResponse):
    """The user has not decided yet."""


class SlowDown(ErrorResponse):
    """Requests come too often; `interval` is the new one if the server names it (seconds)."""


class AccessDenied(ErrorResponse):
    """The user, or someone with their code, denied the request."""


class ExpiredToken(ErrorResponse):
    """The server says that the device code has expired."""


class InvalidClient(ErrorResponse):
    """The server does not know the client, or its secret is wrong.

    `region` names where the client is registered, at a provider with regions, and `preset` the
    provider, which may have its own term for a secret.
    """

    region = ""
    preset = ""


class UnauthorizedClient(ErrorResponse):
    """The client may not use this grant."""


class InvalidScope(ErrorResponse):
    """A scope is unknown, or more than this client may ask for."""


class InvalidGrant(ErrorResponse):
    """The device code or refresh token is unknown, used or revoked."""


class ApprovalLost(InvalidGrant):
    """The server rejects the code from the browser: it is used, expired, or not ours."""


class InvalidRequest(ErrorResponse):
    """The request is incomplete or malformed."""


class UnknownTenant(InvalidRequest):
    """The issuer names an organization that the provider does not have (Microsoft Entra)."""


class UnsupportedGrantType(ErrorResponse):
    """The server does not offer this grant."""


class ForbiddenByPolicy(ErrorResponse):
    """The organization forbids this way to sign in."""


class NotRevocable(ErrorResponse):
    """The server does not revoke tokens of this kind (RFC 7009 section 2.2.1)."""


class ProofRejected(ErrorResponse):
    """The server does not accept the proof that this computer has the key (RFC 9449)."""


class InvalidToken(ErrorResponse):
    """The access token is expired, revoked or malformed (RFC 6750 section 3.1)."""


class InsufficientScope(ErrorResponse):
    """The access token is good, but not for this (RFC 6750 section 3.1)."""

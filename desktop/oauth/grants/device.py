"""Device authorization: asking for a code (RFC 8628 sections 3.1 and 3.2)."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import field

from desktop.frozen import frozen
from desktop.oauth.addresses import checked_link, checked_user_code, host_of, origin_of
from desktop.oauth.client import ClientConnection, request
from desktop.oauth.clock import SHORTEST_INTERVAL, Clock, Moment, now
from desktop.oauth.errors import AccessDenied, ForbiddenByPolicy, IncompleteAnswer, UnsafeAddress
from desktop.oauth.fields import Members, seconds, text
from desktop.oauth.metadata import ServerMetadata
from desktop.oauth.redaction.known_secrets import KnownSecrets

DEFAULT_INTERVAL = 5.0  # RFC 8628 section 3.2
DEFAULT_LIFETIME = 600.0  # for servers that leave out the required expires_in


@frozen
class DeviceAuthorization:
    """A code that waits for approval (RFC 8628 section 3.2); `lifetime` and `interval` in seconds.

    `requested` is the moment before the request was sent, so our deadline is never late.
    """

    device_code: str = field(repr=False)
    user_code: str
    verification_uri: str
    verification_uri_complete: str | None
    lifetime: float
    interval: float
    requested: Moment
    code_verifier: str | None = field(default=None, repr=False)

    def remaining(self, clock: Clock) -> float:
        """Seconds until our own deadline, never negative."""
        return max(0.0, self.lifetime - self.requested.elapsed(clock))


async def request_authorization(
    connection: ClientConnection,
    metadata: ServerMetadata,
    *,
    scope: tuple[str, ...],
    extra: Mapping[str, str],
) -> DeviceAuthorization:
    """Request a code. `extra` are parameters that the provider requires (`audience`).

    Raises `OAuthError`.
    """
    form = without_prompt(extra)
    if scope:
        form["scope"] = " ".join(scope)
    verifier = None
    # RFC 7636; Keycloak may demand it with this grant. Others ignore what they do not know
    # (RFC 6749 section 3.1).
    if supports_s256(metadata):
        verifier = secrets.token_urlsafe(48)
        form |= {"code_challenge": code_challenge(verifier), "code_challenge_method": "S256"}
    requested = now(connection.clock)
    endpoint = metadata.device_authorization_endpoint
    try:
        found = await request(connection, endpoint, form=form)
    except AccessDenied as error:
        # Nobody was asked yet. Auth0 refuses an unknown audience so.
        raise error.converted(ForbiddenByPolicy) from error
    with connection.secrets.removed_from_errors():
        return parse_authorization(found, endpoint, requested=requested, code_verifier=verifier)


def supports_s256(metadata: ServerMetadata) -> bool:
    return "S256" in metadata.code_challenge_methods_supported


def without_prompt(extra: Mapping[str, str]) -> dict[str, str]:
    """Return `extra` for a request that opens no browser: `prompt` is about its page."""
    return {name: value for name, value in extra.items() if name != "prompt"}


def code_challenge(verifier: str) -> str:
    """Compute the S256 challenge for `verifier` (RFC 7636 section 4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def parse_authorization(
    found: Members, endpoint: str, *, requested: Moment, code_verifier: str | None = None
) -> DeviceAuthorization:
    """Parse a device authorization response; raises `IncompleteAnswer` or `UnsafeAddress`."""
    host = host_of(endpoint)
    lifetime = seconds(found, "expires_in")
    if lifetime is None:
        lifetime = DEFAULT_LIFETIME
    if lifetime <= 0:
        raise IncompleteAnswer(host, detail="no usable expires_in")
    device_code = _required(found, host, "device_code")
    # Whoever sees it on the screen or in a QR code could fetch the token.
    found = KnownSecrets(device_code).strike_members(found)
    # Google says verification_url.
    link = _required(found, host, "verification_uri", "verification_url")
    return DeviceAuthorization(
        device_code=device_code,
        user_code=checked_user_code(_required(found, host, "user_code")),
        verification_uri=checked_link(link, by=endpoint),
        verification_uri_complete=_complete_link(found, link, endpoint),
        lifetime=lifetime,
        interval=_interval(found, lifetime),
        requested=requested,
        code_verifier=code_verifier,
    )


def _required(found: Members, host: str, *names: str) -> str:
    value = text(found, *names)
    if value is None:
        raise IncompleteAnswer(host, detail=f"no usable {names[0]}")
    return value


def _complete_link(found: Members, link: str, endpoint: str) -> str | None:
    """Return the link with the code in it, if it is on the same server as `link`."""
    complete = text(found, "verification_uri_complete", "verification_url_complete")
    if complete is None:
        return None
    try:
        same = origin_of(checked_link(complete, by=endpoint)) == origin_of(link)
    except UnsafeAddress:
        return None
    return complete if same else None


def _interval(found: Members, lifetime: float) -> float:
    interval = seconds(found, "interval")
    # A release of Keycloak sent 600 for a code of 600 seconds: nobody could ever sign in.
    if interval is None or interval >= lifetime:
        return min(DEFAULT_INTERVAL, max(SHORTEST_INTERVAL, lifetime / 2))
    return max(SHORTEST_INTERVAL, interval)

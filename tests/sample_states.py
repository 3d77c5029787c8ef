"""A sample of every state that the window can show, at a fixed instant."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from desktop.oauth import errors
from desktop.oauth.grants.app_grant import AppGrant
from desktop.oauth.metadata import ServerMetadata
from desktop.services.model import profile as profiles
from desktop.services.model.errors import RenewalRefused, SignedOutByServer
from desktop.services.model.profile import Profile
from desktop.services.model.states import (
    AwaitingApproval,
    Failed,
    Locked,
    Requesting,
    Revocation,
    SignedIn,
    SignedOut,
    State,
)
from desktop.services.secrets import keystore
from desktop.services.session.sessions import ProfileStatus

NOW = datetime(2026, 11, 23, 3, 0, 0, tzinfo=UTC)
HOST = "visibility.amp.cisco.com"
LINK = f"https://{HOST}/iroh/oauth2/device"
PROFILE = Profile(
    id="northwind",
    name="Northwind SOC",
    client_id="client-00000000-0000-4000-8000-000000000000",
    provider="Cisco XDR",
    region="North America",
    issuer=f"https://{HOST}",
    expected_issuer="IROH Auth",
    scope=("enrich:read", "inspect:read", "casebook", "private-intel:read", "profile", "response"),
    scope_guide="xdr",
)


def waiting(
    *,
    user_code: str = "WDJB-MJHT",
    host: str = HOST,
    host_is_known: bool = True,
    poll_count: int = 4,
    left: float = 581,
    trouble: Exception | None = None,
    approved: bool = False,
) -> AwaitingApproval:
    """A code of ten minutes that waits for approval; `left` is in seconds."""
    link = f"https://{host}/iroh/oauth2/device"
    expires_at = NOW + timedelta(seconds=left)
    return AwaitingApproval(
        user_code=user_code,
        verification_uri=link,
        verification_uri_complete=f"{link}?user_code={user_code}",
        host=host,
        host_is_known=host_is_known,
        requested_at=expires_at - timedelta(seconds=600),
        lifetime=600,
        expires_at=expires_at,
        poll_count=poll_count,
        last_poll_at=NOW - timedelta(seconds=2),
        next_at=NOW + timedelta(seconds=3),
        trouble=trouble,
        approved=approved,
    )


def in_browser(*, left: float = 581, approved: bool = False) -> AwaitingApproval:
    """A sign-in in a browser on this computer; `left` is in seconds."""
    back = "http://127.0.0.1:49152/callback"
    query = f"response_type=code&client_id={PROFILE.client_id}&redirect_uri={back}&state=example"
    link = f"https://{HOST}/iroh/oauth2/authorize?{query}"
    return replace(
        waiting(user_code="", left=left, approved=approved),
        verification_uri=link,
        verification_uri_complete=None,
        poll_count=0,
        last_poll_at=None,
        next_at=NOW + timedelta(seconds=left),
        redirect_uri=back,
    )


def signed_in(
    *,
    left: float | None = 432,
    scope: tuple[str, ...] = PROFILE.scope,
    requested_scope: tuple[str, ...] = PROFILE.scope,
    not_saved: Exception | None = None,
    renewable: bool = False,
) -> SignedIn:
    """Return a sign-in with a token for ten minutes; `left` in seconds, `None` for no expiry.

    A `renewable` token is in use.
    """
    issued_at = NOW - timedelta(seconds=600 - (left or 0))
    return SignedIn(
        scope=scope,
        requested_scope=requested_scope,
        token_type="Bearer",
        issued_at=issued_at,
        expires_at=None if left is None else issued_at + timedelta(seconds=600),
        user="dana@northwind.example",
        organization="Northwind SOC",
        save_error=not_saved,
        renewable=renewable,
        renews_at=issued_at + timedelta(seconds=534) if renewable else None,
    )


def revoked(outcome: Revocation, error: Exception | None = None) -> SignedOut:
    """Just signed out of a token that would have been valid for four more minutes."""
    ended = outcome in {Revocation.REVOKED, Revocation.GRANT_REVOKED}
    valid_until = None if ended else NOW + timedelta(minutes=4)
    return SignedOut(NOW, valid_until, outcome, error, user="dana@northwind.example")


def signed_out_by_server() -> SignedOutByServer:
    """The error for a refresh token that is no longer valid, with the server's words."""
    error = SignedOutByServer()
    error.__cause__ = errors.InvalidGrant(
        "invalid_grant", host=HOST, description="the grant was revoked", trace_id=TRACE_ID
    )
    return error


def unknown_client() -> errors.InvalidClient:
    error = errors.InvalidClient(
        "invalid_client", host=HOST, description="unknown client", trace_id=TRACE_ID
    )
    error.preset, error.region = "xdr-nam", "North America"
    return error


TRACE_ID = "2e790e2c-e7fe-42ed-9d53-3f4a6c1f0b11"

STATES: dict[str, State] = {
    "signed_out": SignedOut(),
    "just_signed_out": revoked(Revocation.NOT_OFFERED),
    "revoked": revoked(Revocation.REVOKED),
    "grant_revoked": revoked(Revocation.GRANT_REVOKED),
    "not_revoked": revoked(
        Revocation.FAILED, errors.ServerFault(HOST, status=503, trace_id=TRACE_ID)
    ),
    "telling_again": revoked(Revocation.UNDER_WAY),
    "opening": Requesting(opening=True),
    "requesting": Requesting(),
    "waiting": waiting(),
    "waiting_other_host": waiting(host="login.northwind.example", host_is_known=False),
    "waiting_trouble": waiting(trouble=errors.TransportFailure(HOST), left=95),
    "waiting_long_code": waiting(user_code="K7QW-2M9X-PLTR-8VZC"),
    "approved": waiting(approved=True),
    "in_browser": in_browser(),
    "approved_in_browser": in_browser(approved=True),
    "came_back": replace(
        in_browser(), trouble=errors.TransportFailure(HOST), next_at=NOW + timedelta(seconds=3)
    ),
    "signed_in": signed_in(renewable=True),
    "signed_in_idle": replace(signed_in(renewable=True), renews_at=None),
    "quota_low": replace(signed_in(renewable=True), renews_at=None, is_quota_low=True),
    "signed_in_once": signed_in(),
    "renewing": replace(signed_in(left=61, renewable=True), renewing=True),
    "not_renewed": replace(
        signed_in(left=59, renewable=True),
        trouble=errors.ServerFault(HOST, status=503, trace_id=TRACE_ID),
        next_at=NOW + timedelta(seconds=20),
    ),
    "renewal_refused": replace(
        signed_in(left=59, renewable=True), trouble=RenewalRefused(), next_at=None
    ),
    "refused_and_expired": replace(signed_in(left=0, renewable=True), trouble=RenewalRefused()),
    "clock_wrong": replace(signed_in(renewable=True), clock_offset=184.0),
    "lapsed": replace(signed_in(left=0, renewable=True), renews_at=None),
    "leaving": replace(signed_in(renewable=True), signing_out=True),
    "signed_in_ending": signed_in(left=59),
    "signed_in_not_saved": signed_in(not_saved=keystore.KeyringLocked()),
    "signed_in_fewer_scopes": signed_in(
        scope=("enrich:read", "profile"), requested_scope=("enrich:read", "profile", "admin")
    ),
    "signed_in_for_ever": signed_in(
        left=None, scope=("repo", "read:org"), requested_scope=("repo", "read:org")
    ),
    "expired": signed_in(left=0),
    "declined": Failed(
        errors.AccessDenied("access_denied", host=HOST, trace_id=TRACE_ID), "WDJB-MJHT"
    ),
    "signed_out_by_server": Failed(signed_out_by_server()),
    "code_expired": Failed(errors.CodeExpired(), "WDJB-MJHT"),
    "unreachable": Failed(errors.TransportFailure(HOST, detail="connection refused")),
    "unknown_client": Failed(unknown_client()),
    "keyring_locked": Failed(keystore.KeyringLocked()),
    "keyring_missing": Failed(keystore.KeyringMissing()),
    "no_profile": Failed(profiles.NoProfile(Path("~/.config/xdr-login/profiles.toml"))),
    "locked": Locked(),
    "locked_unattended": Locked(unattended=True),
    "unexpected": Failed(RuntimeError("example")),
}

METADATA = ServerMetadata(
    issuer="IROH Auth",
    device_authorization_endpoint=f"https://{HOST}/iroh/oauth2/device_authorization",
    token_endpoint=f"https://{HOST}/iroh/oauth2/token",
)
_XDR = "https://schemas.cisco.com/iroh/identity/claims/"
CLAIMS: dict[str, object] = {
    "iss": "IROH Auth NAM",
    "sub": "7d0d1c2e-8f6b-4a55-9f1c-0c1d2e3f4a5b",
    "iat": 1795402800,
    "nbf": 1795402800,
    "exp": 1795403400,
    "jti": "a4b0c1d2-e3f4-4a5b-8c6d-7e8f9a0b1c2d",
    "email": "dana@northwind.example",
    f"{_XDR}user/id": "7d0d1c2e-8f6b-4a55-9f1c-0c1d2e3f4a5b",
    f"{_XDR}org/name": "Northwind SOC",
    f"{_XDR}scopes": ["enrich:read", "inspect:read", "casebook"],
}
APP_GRANT = AppGrant(
    granted=True,
    scope=("enrich:read", "inspect:read", "casebook", "private-intel:read", "response"),
    since=NOW - timedelta(days=12, minutes=90),
)
WHO_AM_I: dict[str, object] = {
    "user": {
        "user-name": "Dana Rivers",
        "user-email": "dana@northwind.example",
        "scopes": ["enrich:read", "inspect:read", "casebook"],
        "enabled?": True,
    },
    "org": {"name": "Northwind SOC", "id": "0b6c7f3a-5f0e-4c55-9a3e-2f1d0c9b8a7e"},
}
# Looks like a token, but means nothing.
MADE_UP_TOKEN = ".".join(("eyJhbGciOiJub25lIn0", "bm90IGEgcmVhbCB0b2tlbg" * 24, "bWFkZSB1cA" * 8))

OTHERS = (
    replace(PROFILE, id="contoso", name="Contoso SOC", region="Europe", color="teal"),
    replace(
        PROFILE,
        id="fabrikam",
        name="Fabrikam Security Operations",
        region="Asia Pacific, Japan, and China",
    ),
)
# Several tenants, as for an analyst of a service provider.
STATUSES = (
    ProfileStatus(PROFILE, STATES["signed_in"]),
    ProfileStatus(OTHERS[0], waiting()),
    ProfileStatus(OTHERS[1], SignedOut()),
)

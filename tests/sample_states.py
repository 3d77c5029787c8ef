"""One example of everything that the window can show, at a fixed instant."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from desktop.oauth import errors
from desktop.services import keystore, profiles
from desktop.services.profiles import Profile
from desktop.services.states import (
    AwaitingApproval,
    Failed,
    Requesting,
    SignedIn,
    SignedOut,
    State,
)

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
    asked: int = 4,
    left: float = 581,
    trouble: Exception | None = None,
    approved: bool = False,
) -> AwaitingApproval:
    """A code of ten minutes that waits for approval; `left` in seconds."""
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
        asked=asked,
        asked_at=NOW - timedelta(seconds=2),
        next_at=NOW + timedelta(seconds=3),
        trouble=trouble,
        approved=approved,
    )


def signed_in(
    *,
    left: float | None = 432,
    scope: tuple[str, ...] = PROFILE.scope,
    requested_scope: tuple[str, ...] = PROFILE.scope,
    not_saved: Exception | None = None,
) -> SignedIn:
    """A token of ten minutes; `left` in seconds, `None` for one that never expires."""
    issued_at = NOW - timedelta(seconds=600 - (left or 0))
    return SignedIn(
        scope=scope,
        requested_scope=requested_scope,
        token_type="Bearer",
        issued_at=issued_at,
        expires_at=None if left is None else issued_at + timedelta(seconds=600),
        user="dana@northwind.example",
        organization="Northwind SOC",
        not_saved=not_saved,
    )


TRACE_ID = "2e790e2c-e7fe-42ed-9d53-3f4a6c1f0b11"

STATES: dict[str, State] = {
    "signed_out": SignedOut(),
    "just_signed_out": SignedOut(NOW, NOW + timedelta(minutes=4)),
    "opening": Requesting(opening=True),
    "requesting": Requesting(),
    "waiting": waiting(),
    "waiting_other_host": waiting(host="login.northwind.example", host_is_known=False),
    "waiting_trouble": waiting(trouble=errors.TransportFailure(HOST), left=95),
    "waiting_long_code": waiting(user_code="K7QW-2M9X-PLTR-8VZC"),
    "approved": waiting(approved=True),
    "signed_in": signed_in(),
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
    "code_expired": Failed(errors.CodeExpired(), "WDJB-MJHT"),
    "unreachable": Failed(errors.TransportFailure(HOST, detail="connection refused")),
    "unknown_client": Failed(
        errors.InvalidClient(
            "invalid_client", host=HOST, description="unknown client", trace_id=TRACE_ID
        )
    ),
    "keyring_locked": Failed(keystore.KeyringLocked()),
    "keyring_missing": Failed(keystore.KeyringMissing()),
    "no_profile": Failed(profiles.NoProfile(Path("~/.config/xdr-login/profiles.toml"))),
    "unexpected": Failed(RuntimeError("example")),
}

"""The signed-in user according to the token. It is not verified, and only shown."""

import base64
import json
import re
from datetime import datetime

from desktop.oauth.errors import printable
from desktop.oauth.fields import Members, instant, text
from desktop.oauth.model.token_set import Account
from desktop.oauth.redaction.known_secrets import KnownSecrets

_XDR = "https://schemas.cisco.com/iroh/identity/claims/"
_USER = (
    f"{_XDR}user/email",
    "email",
    "preferred_username",
    "upn",
    f"{_XDR}user/nick",
    "name",
    "sub",
)
_ORGANIZATION = (f"{_XDR}org/name", "org_name", "organization", "hd")


def account_in(*tokens: str | None, secrets: KnownSecrets | None = None) -> Account:
    """Read the account, without `secrets`, from the first of `tokens` that names a user."""
    known = KnownSecrets() if secrets is None else secrets
    for token in tokens:
        claims = known.strike_shown(unverified_claims(token)) if token else {}
        user = text(claims, *_USER)
        if user:
            organization = text(claims, *_ORGANIZATION) or ""
            return Account(printable(user, 80), printable(organization, 80))
    return Account()


def unverified_claims(token: str) -> Members:
    """Read the claims of a JWT without checking its signature; empty for an opaque token."""
    match = re.fullmatch(_JWT, token)
    if match is None:
        return {}
    header, claims = _object_in(match[1]), _object_in(match[2])
    # RFC 7515 section 4.1.11: a token that needs an extension must not be read without it.
    if header is None or claims is None or "crit" in header:
        return {}
    return claims


# RFC 7515 section 7.1. Some servers pad what must not be padded.
_JWT = r"([A-Za-z0-9_-]++)=*+\.([A-Za-z0-9_-]++)=*+\.[A-Za-z0-9_-]*+=*+"


def _object_in(segment: str) -> Members | None:
    """Decode one segment of a JWT; `None` if it is not a JSON object."""
    padding = "=" * (-len(segment) % 4)
    try:
        document = json.loads(base64.urlsafe_b64decode(segment + padding))
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def expiry_in(token: str, *, received_at: datetime) -> datetime | None:
    """Read when a JWT that was received at that instant expires; `None` if it does not say.

    Instants are aware UTC. By this computer's clock, which may be wrong: so it lives no longer than
    its server wanted, and one that just came has not expired yet.
    """
    claims = unverified_claims(token)
    expires_at, issued_at = instant(claims, "exp"), instant(claims, "iat")
    if expires_at is None:
        return None
    if issued_at is None or issued_at >= expires_at:
        return expires_at
    latest = received_at + (expires_at - issued_at)
    return latest if expires_at <= received_at else min(expires_at, latest)

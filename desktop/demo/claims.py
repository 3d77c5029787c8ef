"""Who the demo analyst is, and what the tokens and `whoami` say about them."""

import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

PREFIX: Final = "https://schemas.cisco.com/iroh/identity/claims/"
ISSUER: Final = "IROH Auth NAM"


@dataclass(frozen=True, slots=True)
class Analyst:
    """The one person of the demo, and the organization that they work for."""

    user_id: str = "5f0c7e52-90a4-4b7e-8a43-d0e5a1c7b9d1"
    email: str = "dana@northwind.example"
    nick: str = "Dana"
    idp_id: str = "demo-idp"
    org_id: str = "9c1d2f80-3b6e-4a0d-8f57-6e2b1a4c8d33"
    org_name: str = "Northwind SOC"


ANALYST: Final = Analyst()


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What one access token says; `expires_at` and `issued_at` are epoch seconds."""

    family_id: str
    subject: str
    scopes: Sequence[str]
    issued_at: float
    expires_at: float


def access_claims(token: AccessToken) -> dict[str, object]:
    """Give the JWT claims as the live service is seen to give them.

    A client's own token (client credentials) says nothing about a person.
    """
    claims: dict[str, object] = {
        "iss": ISSUER,
        "sub": token.subject,
        "exp": math.ceil(token.expires_at),
        "nbf": int(token.issued_at),
        "iat": int(token.issued_at),
        "jti": f"{token.family_id}.{uuid.uuid4()}",
        f"{PREFIX}org/id": ANALYST.org_id,
        f"{PREFIX}org/name": ANALYST.org_name,
        f"{PREFIX}scopes": list(token.scopes),
    }
    return claims | (_person() if token.subject == ANALYST.user_id else {})


def _person() -> dict[str, object]:
    return {
        "email": ANALYST.email,
        f"{PREFIX}user/id": ANALYST.user_id,
        f"{PREFIX}user/email": ANALYST.email,
        f"{PREFIX}user/nick": ANALYST.nick,
        f"{PREFIX}user/idp/id": ANALYST.idp_id,
    }


def whoami(scopes: Sequence[str]) -> dict[str, object]:
    """Give the body of GET /iroh/profile/whoami."""
    return {
        "user": {
            "user-id": ANALYST.user_id,
            "user-name": ANALYST.nick,
            "user-nick": ANALYST.nick,
            "user-email": ANALYST.email,
            "idp-id": ANALYST.idp_id,
            "org-id": ANALYST.org_id,
            "scopes": list(scopes),
        },
        "org": {"id": ANALYST.org_id, "name": ANALYST.org_name, "enabled?": True},
    }

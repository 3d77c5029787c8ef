"""The demo analyst, and what access tokens and `whoami` say about them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from desktop.demo.scopes import Scope, parse_scopes

PREFIX: Final = "https://schemas.cisco.com/iroh/identity/claims/"
HELD_SCOPES: Final = parse_scopes(
    "enrich:read inspect:read casebook private-intel:read profile response"
)


@dataclass(frozen=True, slots=True)
class Analyst:
    """The one user of the demo, and the organization that they work for."""

    user_id: str = "5f0c7e52-90a4-4b7e-8a43-d0e5a1c7b9d1"
    email: str = "dana@northwind.example"
    nick: str = "Dana"
    idp_id: str = "demo-idp"
    org_id: str = "9c1d2f80-3b6e-4a0d-8f57-6e2b1a4c8d33"
    org_name: str = "Northwind SOC"


ANALYST: Final = Analyst()
ORGANIZATION_CLAIMS: Final = {
    f"{PREFIX}org/id": ANALYST.org_id,
    f"{PREFIX}org/name": ANALYST.org_name,
}
USER_CLAIMS: Final = {
    "email": ANALYST.email,
    f"{PREFIX}user/id": ANALYST.user_id,
    f"{PREFIX}user/email": ANALYST.email,
    f"{PREFIX}user/nick": ANALYST.nick,
    f"{PREFIX}user/idp/id": ANALYST.idp_id,
}


def describe_user(scopes: Iterable[Scope]) -> dict[str, object]:
    """Make the body of GET /iroh/profile/whoami."""
    return {
        "user": {
            "user-id": ANALYST.user_id,
            "user-name": ANALYST.nick,
            "user-nick": ANALYST.nick,
            "user-email": ANALYST.email,
            "idp-id": ANALYST.idp_id,
            "org-id": ANALYST.org_id,
            "scopes": [str(scope) for scope in scopes],
        },
        "org": {"id": ANALYST.org_id, "name": ANALYST.org_name, "enabled?": True},
    }

"""A configuration profile for macOS with all keys and their defaults, to edit before use."""

import plistlib
import uuid
from typing import Any

from desktop.services.configuration.policy_sources import MACOS_FILE
from desktop.services.model.members import Kind, Member
from desktop.services.model.policy import POLICY

_DOMAIN = MACOS_FILE.stem
_PROFILE = {
    "northwind": {
        "name": "Northwind SOC",
        "preset": "xdr-nam",
        "client_id": "client-00000000-0000-4000-8000-000000000000",
        "scope": ["enrich:read", "inspect:read", "casebook"],
    }
}
_EXAMPLES = {"proxy": "system"}


def payload() -> bytes:
    """Return the configuration profile."""
    described = {
        "PayloadDisplayName": "XDR Login",
        "PayloadOrganization": "Your organization",
        "PayloadVersion": 1,
    }
    content = {
        **{each.name: _default(each) for each in POLICY.values()},
        **described,
        "PayloadType": _DOMAIN,
        **_identifiers(f"{_DOMAIN}.settings"),
    }
    profile = {
        **described,
        "PayloadType": "Configuration",
        "PayloadScope": "System",
        "PayloadRemovalDisallowed": True,
        "PayloadContent": [content],
        **_identifiers(_DOMAIN),
    }
    return plistlib.dumps(profile)


def _identifiers(name: str) -> dict[str, str]:
    # Always the same, so that a new version replaces the old one.
    made = uuid.uuid5(uuid.NAMESPACE_DNS, name)
    return {"PayloadIdentifier": name, "PayloadUUID": str(made).upper()}


def _default(member: Member) -> Any:  # noqa: ANN401 - depends on the kind
    match member.kind:
        case Kind.MEMBERS:
            return {each.name: _default(each) for each in member.members.values()}
        case Kind.PROFILES:
            return _PROFILE
        case _:
            return _EXAMPLES.get(member.name, member.default)

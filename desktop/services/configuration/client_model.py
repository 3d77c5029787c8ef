"""Reads a client as Cisco XDR shows it: one JSON object."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from desktop.oauth.addresses import has_hidden_characters
from desktop.oauth.errors import without_joiners
from desktop.services.configuration.profile_rules import is_loopback_redirect

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAX_LENGTH = 100_000  # characters: a model has some hundred
# Cisco's names of grants, and those of RFC 6749 and 8628; the safer ones first.
_GRANTS = {
    "code": {"auth-code", "authorization-code", "authorization_code"},
    "device": {
        "device-grant",
        "device-code",
        "device_code",
        "urn:ietf:params:oauth:grant-type:device_code",
    },
    "client-credentials": {"client-creds", "client-credentials", "client_credentials"},
}


@dataclass(frozen=True, slots=True)
class ClientModel:
    """The members that a profile uses. `grants` are those of `GRANTS` that the client may use.

    `client_secret` goes into the keyring only.
    """

    client_id: str
    name: str = ""
    client_secret: str = field(default="", repr=False)
    is_public: bool = False
    grants: tuple[str, ...] = ()
    scope: tuple[str, ...] = ()
    redirect_uri: str = ""


def read_client_model(text: str) -> ClientModel | None:
    """Parse the client that `text` describes; None where it is something else.

    Cisco's members have dashes; those of RFC 7591 are read as well.
    """
    if not text.lstrip().startswith(("{", "[")) or len(text) > _MAX_LENGTH:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, dict):
        return None
    members: dict[str, Any] = {
        str(name).lower().replace("_", "-").rstrip("?"): value for name, value in found.items()
    }
    client_id = _string(members, "id", "client-id")
    if not client_id:
        return None
    password = _string(members, "password", "client-password", "client-secret")
    kind = _string(members, "client-type", "type").lower()
    method = _string(members, "token-endpoint-auth-method").lower()
    return ClientModel(
        client_id,
        name=_string(members, "name", "client-name"),
        client_secret=password,
        is_public=not password and (kind == "public" or method == "none"),
        grants=_grants(members),
        scope=_strings(members, "scopes", "scope"),
        redirect_uri=_loopback_redirect_uri(_strings(members, "redirects", "redirect-uris")),
    )


def _string(members: Mapping[str, Any], *names: str) -> str:
    for name in names:
        value = members.get(name)
        plain = without_joiners(value) if isinstance(value, str) and "name" in names else value
        if isinstance(value, str) and not has_hidden_characters(str(plain).strip()):
            return value.strip()
    return ""


def _strings(members: Mapping[str, Any], *names: str) -> tuple[str, ...]:
    for name in names:
        value = members.get(name)
        if isinstance(value, str):
            value = value.split()
        if isinstance(value, list):
            words = [each for each in value if isinstance(each, str)]
            return tuple(each for each in words if each and not has_hidden_characters(each))
    return ()


def _grants(members: Mapping[str, Any]) -> tuple[str, ...]:
    named = {each.lower() for each in _strings(members, "grants", "grant-types")}
    return tuple(grant for grant, names in _GRANTS.items() if names & named)


def _loopback_redirect_uri(addresses: tuple[str, ...]) -> str:
    return next(filter(is_loopback_redirect, addresses), "")

"""Reads a client as servers and their consoles show it: one JSON object."""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from desktop.frozen import frozen
from desktop.oauth.addresses import has_hidden_characters
from desktop.oauth.errors import without_joiners
from desktop.services.configuration.foreign_formats import name_foreign_format, parse_json
from desktop.services.configuration.profile_rules import is_loopback_redirect
from desktop.services.system.translation import translate

if TYPE_CHECKING:
    from collections.abc import Mapping

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

_CAMEL_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# In what Google, Okta, Amazon Cognito, MSAL and Keycloak wrap the members.
_WRAPPERS = (
    ("installed",),
    ("web",),
    ("credentials",),
    ("credentials", "oauth-client"),
    ("settings", "oauth-client"),
    ("user-pool-client",),
    ("auth",),
)
_OF_CISCO = {"client-type", "grants", "password", "redirects"}
_REDIRECT_MEMBERS = ("redirects", "redirect-uris", "redirect-uri", "callbacks", "callback-urls")
_MICROSOFT = "https://login.microsoftonline.com"
# What exports contain instead of a value: asterisks, or the name of a variable.
_PLACEHOLDER = re.compile(r"[*•]+|\{\{.*\}\}|\$\{.*\}")


@frozen
class ClientModel:
    """The members that a profile uses. `grants` are those of `GRANTS` that the client may use.

    `issuer` and `preset` are empty where the format does not name the server. `client_secret` goes
    into the keyring only.
    """

    client_id: str
    name: str = ""
    client_secret: str = field(default="", repr=False)
    is_public: bool = False
    grants: tuple[str, ...] = ()
    scope: tuple[str, ...] = ()
    redirect_uri: str = ""
    issuer: str = ""
    preset: str = ""


def read_client_model(text: str) -> ClientModel | None:
    """Parse the client that `text` describes; None where it is something else.

    It may come from Cisco XDR, from RFC 7591, or from Google, Keycloak, Okta, Microsoft, oidc-agent
    and others that name the same members differently.
    """
    found = None if name_foreign_format(text) else parse_json(text)
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, dict):
        return None
    members = _flattened(_normalized(found))
    client_id = _client_id(members)
    if not client_id:
        return None
    password = _string(members, "password", "client-password", "client-secret", "secret")
    kind = _string(members, "client-type", "type").lower()
    method = _string(members, "token-endpoint-auth-method").lower()
    is_public = kind == "public" or method == "none" or members.get("public-client") is True
    preset, issuer = _server(members)
    return ClientModel(
        client_id,
        name=_string(members, "label", "display-name", "name", "client-name"),
        client_secret=password,
        is_public=not password and is_public,
        grants=_grants(members),
        scope=_strings(members, "scopes", "scope"),
        redirect_uri=_loopback_redirect_uri(_strings(members, *_REDIRECT_MEMBERS)),
        issuer=issuer,
        preset=preset,
    )


def name_unusable_format(text: str) -> str:
    """Name the format of `text` if neither profiles nor a client can be read from it, or empty."""
    if found := name_foreign_format(text):
        return found
    is_json = parse_json(text) is not None
    return translate("JSON without a client ID") if is_json and not read_client_model(text) else ""


def _normalized(found: Mapping[str, Any]) -> dict[str, Any]:
    """Write the names of members in Cisco's way: `clientId` and `client_id` as `client-id`."""
    return {
        _CAMEL_CASE.sub("-", str(name)).lower().replace("_", "-").rstrip("?"): value
        for name, value in found.items()
    }


def _flattened(members: dict[str, Any]) -> dict[str, Any]:
    """Lift the members of a client out of the objects that some formats put around them."""
    for path in _WRAPPERS:
        inner: object = members
        for name in path:
            inner = _normalized(inner).get(name) if isinstance(inner, dict) else None
        if isinstance(inner, dict):
            members = {**members, **_normalized(inner)}
    return members


def _client_id(members: Mapping[str, Any]) -> str:
    if found := _string(members, "client-id"):
        return found
    if "auth-server-url" in members:  # of a Keycloak adapter
        return _string(members, "resource")
    if found := _string(members, "app-id", "application-id"):
        return found
    # Elsewhere the id is that of a file or a record, as in a Postman environment.
    found = _string(members, "id")
    return found if found.startswith("client-") or _OF_CISCO & set(members) else ""


def _server(members: Mapping[str, Any]) -> tuple[str, str]:
    """Find the preset and the issuer; both are empty where the client does not tell."""
    if realm := _string(members, "realm"):
        address = _string(members, "auth-server-url").rstrip("/")
        return ("keycloak", f"{address}/realms/{quote(realm, safe='')}") if address else ("", "")
    if _string(members, "auth-uri").startswith("https://accounts.google.com/"):
        return "google", ""
    domain = _string(members, "domain")
    if domain.endswith(".auth0.com"):
        return "auth0", f"https://{domain}"
    tenant = _string(members, "tenant", "tenant-id")
    if tenant and ("app-id" in members or "active-directory-endpoint-url" in members):
        address = _string(members, "active-directory-endpoint-url").rstrip("/")
        return "entra", f"{address or _MICROSOFT}/{quote(tenant, safe='')}/v2.0"
    return "", _string(members, "issuer", "issuer-url", "issuer-uri", "authority")


def _string(members: Mapping[str, Any], *names: str) -> str:
    for name in names:
        value = members.get(name)
        plain = without_joiners(value) if isinstance(value, str) and "name" in names else value
        if isinstance(value, str) and not has_hidden_characters(str(plain).strip()):
            if _PLACEHOLDER.fullmatch(value.strip()):
                continue
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

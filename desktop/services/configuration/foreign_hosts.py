"""Which other servers a profile involves than the one that its preset or its issuer names.

The device code, the token or the user may go there, so people should know before they add it. The
same goes for another organization on the same server, where the presets know how addresses name it.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote, urlsplit

from desktop.oauth.addresses import host_of, origin_of
from desktop.services.model.profile import MEMBERS, Profile


def foreign_hosts(
    profile: Profile, presets: Mapping[str, Mapping[str, object]]
) -> dict[str, tuple[str, ...]]:
    """List the hosts besides that of the provider, each with the members that name it.

    Of another organization on the same host, the path is listed too. What `presets` say about the
    provider is known, so whatever a provider needs elsewhere belongs there. A proxy is listed only
    if the profile brings the CA certificates to read along with.
    """
    preset = presets.get(profile.preset, {})
    known = _known_origins(profile, preset)
    layouts = _tenant_addresses(presets)
    own_tenant = _tenant(profile.issuer or profile.token_endpoint, layouts)
    found: dict[str, list[str]] = {}
    for member, address in _destinations(profile):
        tenant = _tenant(address, layouts)
        if origin_of(address) not in known:
            found.setdefault(_shown(address), []).append(member)
        elif own_tenant and tenant not in {"", own_tenant}:
            found.setdefault(f"{_shown(address)}{tenant}", []).append(member)
    return {host: tuple(members) for host, members in found.items()}


def _tenant_addresses(presets: Mapping[str, Mapping[str, object]]) -> list[str]:
    given = (preset.get("tenant_addresses", ()) for preset in presets.values())
    return [layout for layouts in given if isinstance(layouts, list) for layout in layouts]


def _tenant(address: str, layouts: Iterable[str]) -> str:
    """Return the part of the path that names an organization, if `address` has a known layout.

    There is no rule for others: in authentik, for example, issuers of different organizations
    share their endpoints.
    """
    host = f"https://{_shown(address)}"
    path = posixpath.normpath(unquote(urlsplit(address).path))
    for layout in layouts:
        pattern = re.escape(layout).replace(re.escape("{tenant}"), "[^/]+")
        if found := "".join(re.findall(pattern, f"{host}{path}".lower())):
            return found.removeprefix(host)
    return ""


def _known_origins(profile: Profile, preset: Mapping[str, object]) -> set[str]:
    fixed = {
        name: value
        for name, value in preset.items()
        if name in _ADDRESSES and isinstance(value, str) and "{issuer}" not in value
    }
    # Where the user is meant to enter the issuer, it is theirs; elsewhere the preset's counts.
    is_entered = "issuer_example" in preset
    home = "" if is_entered else fixed.get("issuer") or fixed.get("token_endpoint", "")
    home = home or profile.issuer or profile.token_endpoint
    hosts = preset.get("verification_hosts", ())
    named = [f"https://{host}" for host in hosts] if isinstance(hosts, list) else []
    named += _exchange_addresses(preset.get("exchanges"))
    services = _fixed_services(preset)
    return {origin_of(address) for address in (home, *fixed.values(), *named, *services)}


def _fixed_services(preset: Mapping[str, object]) -> list[str]:
    services = preset.get("services")
    named = services.values() if isinstance(services, dict) else ()
    return [address for address in named if not address.startswith("{")]


def _exchange_addresses(exchanges: object) -> Iterator[str]:
    for table in exchanges.values() if isinstance(exchanges, Mapping) else ():
        if url := table.get("url"):
            yield url


_ADDRESSES = tuple(name for name, each in MEMBERS.items() if each.is_address)


def _destinations(profile: Profile) -> Iterator[tuple[str, str]]:
    for name in _ADDRESSES:
        if address := getattr(profile, name):
            yield name, address
    for address in _exchange_addresses(profile.exchanges):
        yield "exchanges", address
    for address in profile.services.values():
        yield "services", address
    for host in profile.verification_hosts:
        yield "verification_hosts", f"https://{host}"
    if "://" in profile.proxy and profile.ca_file:
        yield "proxy", profile.proxy


def _shown(address: str) -> str:
    """Show host and port as the network sees them, so that no letter looks like another."""
    scheme, _, rest = origin_of(address).partition("://")
    host, _, port = rest.rpartition(":")
    usual = {"https": "443", "http": "80"}.get(scheme)
    host = f"[{host_of(address)}]" if ":" in host else host
    return host if port == usual else f"{host}:{port}"

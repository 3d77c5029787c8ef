"""Which other servers a profile involves than the one that its preset or its issuer names.

The device code, the token or the user may go there, so people should know before they add it.
"""

from collections.abc import Iterator, Mapping

from desktop.oauth.addresses import host_of, origin_of
from desktop.services.model.profile import MEMBERS, Profile


def foreign_hosts(
    profile: Profile, presets: Mapping[str, Mapping[str, object]]
) -> dict[str, tuple[str, ...]]:
    """List the hosts besides that of the provider, each with the members that name it.

    What `presets` say about the provider is known, so whatever a provider needs elsewhere belongs
    there. A proxy is listed only if the profile brings the CA certificates to read along with.
    """
    preset = presets.get(profile.preset, {})
    known = _known_origins(profile, preset)
    found: dict[str, list[str]] = {}
    for member, address in _destinations(profile):
        if origin_of(address) not in known:
            found.setdefault(_shown(address), []).append(member)
    return {host: tuple(members) for host, members in found.items()}


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
    return {origin_of(address) for address in (home, *fixed.values(), *named)}


_ADDRESSES = tuple(name for name, each in MEMBERS.items() if each.is_address)


def _destinations(profile: Profile) -> Iterator[tuple[str, str]]:
    for name in _ADDRESSES:
        if address := getattr(profile, name):
            yield name, address
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

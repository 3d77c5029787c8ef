"""Profiles: a client and the server where it signs in. Profiles never contain secrets."""

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from desktop.frozen import frozen
from desktop.oauth.addresses import host_of, origin_of
from desktop.oauth.errors import UnsafeAddress
from desktop.services.model.exchanges import EXCHANGE, Table
from desktop.services.model.members import Kind, Option, about, collect_members, member, table, text
from desktop.services.model.policy import NO_POLICY, POLICY, Policy
from desktop.services.model.settings import PROFILE_SETTINGS
from desktop.services.system.translation import translatable, translate

# The endpoints that receive an access token.
TOKEN_RECEIVING_ENDPOINTS = ("userinfo_endpoint", "revocation_endpoint", "app_grant_endpoint")
GRANTS = ("device", "code", "client-credentials")
# The colors of profiles by name; the theme defines how they look.
COLORS = {
    "blue": translatable("Blue"),
    "teal": translatable("Teal"),
    "green": translatable("Green"),
    "amber": translatable("Amber"),
    "orange": translatable("Orange"),
    "red": translatable("Red"),
    "pink": translatable("Pink"),
    "purple": translatable("Purple"),
    "grey": translatable("Gray"),
}
CLIENT_AUTHENTICATIONS = {
    "auto": translatable("Automatic"),
    "none": translatable("None (public client)"),
    "client_secret_basic": translatable("Secret in the header (client_secret_basic)"),
    "client_secret_post": translatable("Secret in the body (client_secret_post)"),
}
BINDINGS = {
    "auto": translatable("If the server offers it"),
    "required": translatable("Always"),
    "off": translatable("Never"),
}

PRESENCES = {
    "never": translatable("Never"),
    "ask": translatable("For new programs"),
    "always": translatable("Every time"),
}


class ProfileError(Exception):
    """The base of the errors of profiles; `where` is the file, `detail` what is wrong with it."""

    def __init__(self, where: Path, detail: str = "") -> None:
        super().__init__(f"{where}: {detail}" if detail else str(where))
        self.where = where
        self.detail = detail


class NoProfile(ProfileError):
    """No profile exists yet."""


class UnknownProfile(ProfileError):
    """No profile has the name `detail`. `known` are all names, `similar` those close to it."""

    def __init__(
        self, where: Path, detail: str = "", known: Iterable[str] = (), similar: Iterable[str] = ()
    ) -> None:
        super().__init__(where, detail)
        self.known, self.similar = tuple(known), tuple(similar)


class AmbiguousName(ProfileError):
    """Several profiles have the name `detail`, or one that looks like it; `known` are their ids."""

    def __init__(self, where: Path, detail: str = "", known: Iterable[str] = ()) -> None:
        super().__init__(where, detail)
        self.known = tuple(known)


class BrokenProfile(ProfileError):
    """The file cannot be read, or a profile in it is not valid."""


class ProfilesNotSaved(BrokenProfile):
    """The file cannot be written."""


class BrokenPolicy(ProfileError):
    """The policy cannot be read, so nobody can sign in."""


# What a description of an address ends with.
_ADDRESS = "An address: https, or http on this computer."


def _address(description: str, of_option: str, **details: Any) -> str:  # noqa: ANN401 - of `Member`
    option = Option("URL", of_option)
    return text(f"{description} {_ADDRESS}", is_address=True, option=option, **details)


_EXTRA_OPTION = Option(
    "NAME=VALUE",
    "A parameter for the provider, such as audience=…. Repeat for more.",
    name="--extra",
)
_SERVICE_OPTION = Option(
    "NAME=URL",
    "An API service that can get the token. NAME= removes it. Repeat for more.",
    name="--service",
)


def _color() -> str:
    return text(
        "A color that tells the profile apart, by name or like #1a2b3c.",
        title=translatable("Color"),
        example="#1a2b3c",
        option=Option("COLOR", f"A name ({', '.join(COLORS)}) or a value such as #1a2b3c."),
        choices=COLORS,
        pattern="^#[0-9a-fA-F]{6}$",
    )


def _binding() -> str:
    return text(
        "Whether tokens are bound to this computer (DPoP, RFC 9449); auto if the server offers it.",
        "auto",
        title=translatable("Bound tokens (DPoP)"),
        help=translatable(
            "A bound token is worth nothing on another computer, and programs need a proof from "
            "XDR Login to use it. A change applies at the next sign-in."
        ),
        option=Option("", "Bind tokens to this computer (DPoP)."),
        choices=BINDINGS,
    )


def _presence() -> str:
    return text(
        "When whoever is at the computer has to confirm that it is them: ask before a new program "
        "gets the token and to unlock; always before each program and copy, too.",
        "never",
        title=translatable("Confirm that it's you"),
        help=translatable(
            "Your system asks for your password or fingerprint before a program gets the token. "
            "This works on Linux with the .deb or .rpm package. Otherwise, programs get no token."
        ),
        option=Option("", "Ask for your password or fingerprint before a program gets a token."),
        choices=PRESENCES,
    )


@frozen
class Profile:
    """A client at a provider. `id` names it on disk and in the keyring, `name` on screen.

    An empty endpoint is taken from the metadata, which has no `app_grant_endpoint`. `policy` is the
    administrator's; it is never read from the file of the profile.
    """

    id: str
    name: str = field(
        metadata=about(
            "The name of the profile on screen.",
            title=translatable("Name"),
            example="Northwind SOC",
            option=Option("NAME", "Name of the profile.", name="NAME"),
        )
    )
    client_id: str = field(
        metadata=about(
            "The client ID. Required.",
            is_required=True,
            title=translatable("Client ID"),
            help=translatable("Have the client as JSON? Paste it here."),
            example="client-…",
            option=Option("ID", "Client ID."),
        )
    )
    preset: str = text(
        "A built-in provider, such as xdr-nam.",
        title=translatable("Provider and region"),
        option=Option("ID", "A known provider, from “profiles presets”."),
    )
    grant: str = text(
        "The sign-in method.",
        "device",
        title=translatable("Sign-in method"),
        option=Option("", "Sign-in method."),
        choices=GRANTS,
    )
    provider: str = text("The name of the provider on screen.")
    region: str = text("The name of the provider's region on screen.")
    issuer: str = _address(
        "The issuer, where the provider has its metadata.",
        "Issuer of the provider.",
        title=translatable("Issuer"),
        help=translatable("The address of the sign-in server, such as https://login.example."),
    )
    expected_issuer: str | None = member(
        "The issuer that the metadata names, if it is not the address.",
        default=None,
        title=translatable("Issuer name"),
        help=translatable(
            "Only if the server identifies itself by a name instead of its address, as Cisco XDR "
            "does on a custom host."
        ),
        example="IROH Auth",
        option=Option("TEXT", "Issuer in the metadata, if it is not the address of the server."),
    )
    device_authorization_endpoint: str = _address(
        "The device authorization endpoint (RFC 8628).",
        "Device authorization endpoint, if not in the metadata.",
        title=translatable("Device authorization endpoint"),
    )
    token_endpoint: str = _address(
        "The token endpoint.",
        "Token endpoint, if not in the metadata.",
        title=translatable("Token endpoint"),
    )
    authorization_endpoint: str = _address(
        "The authorization endpoint.",
        "Authorization endpoint, if not in the metadata.",
        title=translatable("Authorization endpoint"),
    )
    userinfo_endpoint: str = _address(
        "The endpoint that describes the user.", "Endpoint that describes the user."
    )
    revocation_endpoint: str = _address(
        "The endpoint that revokes tokens (RFC 7009).", "Endpoint that revokes a token."
    )
    app_grant_endpoint: str = _address(
        "The endpoint of Cisco XDR that revokes an app's access.",
        "Endpoint of Cisco XDR that revokes all access granted to this app.",
    )
    client_authentication: str = text(
        "How the client authenticates. Its secret is in the keyring, never in this file.",
        "auto",
        title=translatable("Client authentication"),
        option=Option("", "Client authentication.", name="--auth"),
        choices=CLIENT_AUTHENTICATIONS,
    )
    scope: tuple[str, ...] = member(
        "The scopes to request. Empty for the server's default.",
        default=(),
        title=translatable("Scopes"),
        help=translatable(
            "Permissions to request, separated by spaces. Leave empty for the server's default."
        ),
        example="enrich:read inspect:read",
        option=Option("SCOPE", "A scope to request. Repeat for more."),
    )
    verification_hosts: tuple[str, ...] = member(
        "Other hosts that may serve the approval page.",
        default=(),
        option=Option(
            "HOST",
            "Another host for the approval page. Repeat for more.",
            name="--verification-host",
        ),
    )
    scope_guide: str = text("Whose descriptions explain the scopes.", choices=("", "xdr"))
    extra_parameters: Mapping[str, str] = table(
        "Additional parameters that the provider requires.",
        kind=Kind.PARAMETERS,
        title=translatable("Extra parameters"),
        help=translatable("One per line, such as audience=https://api.example."),
        option=_EXTRA_OPTION,
    )
    services: Mapping[str, str] = table(
        "The API services that may get the token, by name, in addition to the preset's.",
        kind=Kind.ADDRESSES,
        title=translatable("API services"),
        help=translatable(
            "More services that API calls can send your token to. One per line, such as "
            "reports=https://reports.example/api."
        ),
        option=_SERVICE_OPTION,
    )
    exchanges: Mapping[str, Table] = table(
        "How to get tokens of other services, by name.", kind=Kind.EXCHANGES, members=EXCHANGE
    )
    redirect_uri: str = text(
        "The redirect URI for the grant code: an http address on this computer.",
        title=translatable("Redirect URI"),
        help=translatable(
            "Only if the provider requires one. By default, XDR Login uses a free port on this "
            "computer."
        ),
        example="http://127.0.0.1/",
        option=Option("URL", "Redirect URI, if the provider requires a fixed one."),
    )
    letter: str = text(
        "One or two characters that tell the profile apart.",
        title=translatable("Letter"),
        example="N",
        option=Option("TEXT", "One or two characters for the profile's icon."),
    )
    color: str = _color()
    proxy: str = text(
        "system, none, or an address such as http://proxy.example:3128.",
        "system",
        title=translatable("Proxy"),
        help=translatable("“system”, “none”, or an address such as http://proxy.example:3128."),
        example="system",
        option=Option("system|none|URL", "The proxy to use."),
    )
    proxy_user: str = text(
        "The user name at the proxy. The password is in the keyring.",
        title=translatable("Proxy user"),
        option=Option("NAME", "User name for the proxy."),
    )
    ca_file: str = text(
        "A PEM file with additional CA certificates to trust.",
        is_file=True,
        title=translatable("CA certificate file"),
        help=translatable(
            "Extra CA certificates (PEM). Trusted for this profile in addition to the system's."
        ),
        option=Option("FILE", "Extra CA certificates (PEM)."),
    )
    dpop: str = _binding()
    presence: str = _presence()
    unattended: bool = member(
        "Whether programs get the token while XDR Login is locked, as for cron jobs and services.",
        default=False,
        option=Option("true|false", "Let programs get a token while XDR Login is locked."),
    )
    settings: Mapping[str, object] = table(
        "Settings that differ for this profile.", kind=Kind.MEMBERS, members=PROFILE_SETTINGS
    )
    policy: Policy = NO_POLICY
    # Whether provider, region or server differ from the preset's: anyone can write its name.
    names_own_server: bool = field(default=False, compare=False)
    # The API services and exchanges of the preset alone, for a policy that allows no others.
    preset_services: Mapping[str, str] = field(default_factory=dict, compare=False)
    preset_exchanges: Mapping[str, Table] = field(default_factory=dict, compare=False)

    @property
    def managed(self) -> bool:
        """Whether an administrator provides it, so that users cannot change it."""
        return self.id in self.policy.profiles

    @property
    def demands_presence(self) -> bool:
        """Whether somebody has to confirm that it is them before programs get the token."""
        return self.presence != "never"

    @property
    def provider_label(self) -> str:
        """The provider and the region in one line, and the server unless a preset names it."""
        return _provider_label(self)


def _provider_label(profile: Profile) -> str:
    home = profile.issuer or profile.token_endpoint
    named = [each for each in (profile.provider, translate(profile.region)) if each]
    if named and profile.names_own_server:
        named.append(host_of(home))
    return " · ".join(named) or home


MEMBERS = collect_members(Profile)
"""The members of a profile by name, as in `profiles.toml`."""
EDITABLE = {name: each for name, each in (MEMBERS | PROFILE_SETTINGS).items() if each.option}
"""The members and settings that the form or an option can change."""
# The members that a policy can set for all profiles.
_GOVERNED = tuple(
    name for name in MEMBERS if name in POLICY and name not in {"settings", "services"}
)


def with_policy(profile: Profile, policy: Policy) -> Profile:
    """Apply `policy` to `profile`."""
    own = {name: value for name, value in profile.settings.items() if name not in policy.settings}
    given = {name: getattr(policy, name) for name in _GOVERNED if getattr(policy, name)}
    if profile.id not in policy.profiles:
        given |= _own_members(profile, policy)
    elif profile.unattended:  # which the policy decided for this profile alone
        given.pop("presence", None)
    return replace(profile, **given, settings=own, policy=policy)


def _own_members(profile: Profile, policy: Policy) -> dict[str, Any]:
    """List the members that `policy` sets in a profile that is not its own."""
    may_be_unattended = policy.unattended_profiles and policy.presence in {"", "never"}
    given: dict[str, Any] = {} if may_be_unattended else {"unattended": False}
    if not policy.own_services:
        given["services"] = profile.preset_services
        given["exchanges"] = profile.preset_exchanges
    elif policy.services:  # a name in it means what the preset has
        given["services"] = {**profile.services, **profile.preset_services}
        given["exchanges"] = {**profile.exchanges, **profile.preset_exchanges}
    return given


def governed_members(policy: Policy) -> tuple[str, ...]:
    """List the members of people's own profiles that `policy` decides."""
    services = () if policy.own_services else ("services",)
    return (*(name for name in _GOVERNED if getattr(policy, name)), *services)


def tokens_key(profile: Profile) -> str:
    """Return the keystore's key for the tokens of `profile`."""
    return profile.id


def client_secret_key(profile: Profile) -> str:
    """Return the keystore's key for the client secret of `profile`."""
    return f"{profile.id} (client password)"


def proxy_password_key(profile: Profile) -> str:
    """Return the keystore's key for the proxy password of `profile`."""
    return f"{profile.id} (proxy password)"


def client_binding(profile: Profile) -> str:
    """Return what a secret of `profile` is bound to, so that it is never sent anywhere else.

    These are the client, its issuer, and other servers that receive the token. A further endpoint
    on the same server does not change it, so nobody is signed out when a preset adds one.
    """
    endpoints = (profile.issuer, profile.device_authorization_endpoint, profile.token_endpoint)
    home = profile.issuer or profile.token_endpoint
    others = (getattr(profile, name) for name in TOKEN_RECEIVING_ENDPOINTS)
    elsewhere = (each for each in others if each and not is_same_server(each, home))
    return " ".join((*endpoints, profile.client_id, *elsewhere))


def tokens_binding(profile: Profile) -> str:
    """Return what saved tokens are bound to: those of a user are not those of the client itself."""
    own = " client-credentials" if profile.grant == "client-credentials" else ""
    return f"{client_binding(profile)}{own}"


def proxy_binding(profile: Profile) -> str:
    """Return what a proxy password is bound to: the proxy and the user."""
    return f"proxy {profile.proxy} {profile.proxy_user}"


def is_same_server(address: str, other: str) -> bool:
    """Tell whether both addresses have the same scheme, host and port."""
    try:
        return origin_of(address) == origin_of(other)
    except UnsafeAddress:
        return False


def is_provider_link(link: str, profile: Profile) -> bool:
    """Tell whether `link` leads to a server or a verification host of `profile`."""
    own = (
        profile.issuer,
        profile.device_authorization_endpoint,
        profile.authorization_endpoint,
        profile.token_endpoint,
    )
    named = {f"https://{host.lower()}:443" for host in profile.verification_hosts}
    return origin_of(link) in {origin_of(address) for address in own if address} | named


def contains_words(profile: Profile, text: str) -> bool:
    """Tell whether name, id and provider of `profile` contain every word of `text`."""
    known = f"{profile.name} {profile.id} {profile.provider_label}".casefold()
    return all(each in known for each in text.casefold().split())

"""Profiles: who one signs in as, and where. Read from TOML; secrets are never in it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from desktop.oauth.addresses import origin_of
from desktop.oauth.errors import UnsafeAddress
from desktop.services.model.policy import NO_POLICY, Policy

# Where an access token is taken to, besides what it is for.
TOKEN_RECEIVING_ENDPOINTS = ("userinfo_endpoint", "revocation_endpoint", "app_grant_endpoint")
GRANTS = ("device", "code", "client-credentials")
# What tells a profile apart on screen; the colours themselves are the theme's.
COLORS = ("blue", "teal", "green", "amber", "orange", "red", "pink", "purple", "grey")
CLIENT_AUTHENTICATIONS = ("auto", "none", "client_secret_basic", "client_secret_post")


class ProfileError(Exception):
    """Something about the profiles; `where` is the file, `detail` what is wrong with it."""

    def __init__(self, where: Path, detail: str = "") -> None:
        super().__init__(f"{where}: {detail}" if detail else str(where))
        self.where = where
        self.detail = detail


class NoProfile(ProfileError):
    """There is no profile yet."""


class UnknownProfile(ProfileError):
    """There are profiles, those in `known`, but none of the name that was asked for (`detail`).

    `similar` are those of them that may have been meant.
    """

    def __init__(
        self, where: Path, detail: str = "", known: Iterable[str] = (), similar: Iterable[str] = ()
    ) -> None:
        super().__init__(where, detail)
        self.known, self.similar = tuple(known), tuple(similar)


class BrokenProfile(ProfileError):
    """The file cannot be read, or a profile in it makes no sense."""


class BrokenPolicy(ProfileError):
    """What an administrator has decided cannot be read, so nobody signs in."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One client at one provider. `id` names it on disk and in the keyring, `name` on screen.

    An empty endpoint is left to the metadata, which knows no `app_grant_endpoint`. `grant` is how
    one signs in: one of `GRANTS`. `redirect_uri` is for a provider that insists on one for the
    authorization code; else a free port of this computer is taken. `letter` and `color` tell the
    profile apart from others on screen. `proxy` is `system`, `none`, or an address; `ca_file` a
    file with further authorities to trust. `settings` are those that differ for this profile.

    `policy` is what an administrator has decided; it never comes out of the file of the profile.
    """

    id: str
    name: str
    client_id: str
    preset: str = ""
    grant: str = "device"
    provider: str = ""
    region: str = ""
    issuer: str = ""
    expected_issuer: str | None = None
    device_authorization_endpoint: str = ""
    token_endpoint: str = ""
    authorization_endpoint: str = ""
    userinfo_endpoint: str = ""
    revocation_endpoint: str = ""
    app_grant_endpoint: str = ""
    client_authentication: str = "auto"
    scope: tuple[str, ...] = ()
    verification_hosts: tuple[str, ...] = ()
    scope_guide: str = ""
    extra_parameters: Mapping[str, str] = field(default_factory=dict)
    redirect_uri: str = ""
    letter: str = ""
    color: str = ""
    proxy: str = "system"
    proxy_user: str = ""
    ca_file: str = ""
    settings: Mapping[str, object] = field(default_factory=dict)
    policy: Policy = NO_POLICY

    @property
    def managed(self) -> bool:
        """Whether an administrator has set it, and nobody else can change it."""
        return self.id in self.policy.profiles

    @property
    def provider_label(self) -> str:
        """Provider and region in one line."""
        known = " · ".join(filter(None, (self.provider, self.region)))
        return known or self.issuer or self.token_endpoint


MEMBERS = {each.name for each in fields(Profile)} - {"id", "policy"}


def tokens_key(profile: Profile) -> str:
    """The keystore's key of the tokens of `profile`."""
    return profile.id


def client_secret_key(profile: Profile) -> str:
    """The keystore's key of the client password of `profile`."""
    return f"{profile.id} (client password)"


def proxy_password_key(profile: Profile) -> str:
    """The keystore's key of the password that `profile` shows to its proxy."""
    return f"{profile.id} (proxy password)"


def client_binding(profile: Profile) -> str:
    """What binds a secret to the server and the client of `profile`: elsewhere it is not sent.

    What decides who issues it counts, and every other server that would get it. A preset that
    learns one more endpoint of its own server signs nobody out.
    """
    endpoints = (profile.issuer, profile.device_authorization_endpoint, profile.token_endpoint)
    home = profile.issuer or profile.token_endpoint
    others = (getattr(profile, name) for name in TOKEN_RECEIVING_ENDPOINTS)
    elsewhere = (each for each in others if each and not is_same_server(each, home))
    return " ".join((*endpoints, profile.client_id, *elsewhere))


def tokens_binding(profile: Profile) -> str:
    """What binds saved tokens, besides: those of a person are not the client's own."""
    own = " client-credentials" if profile.grant == "client-credentials" else ""
    return f"{client_binding(profile)}{own}"


def proxy_binding(profile: Profile) -> str:
    """What binds the password for a proxy to that proxy and user: no other is given it."""
    return f"proxy {profile.proxy} {profile.proxy_user}"


def is_same_server(address: str, other: str) -> bool:
    """Whether both are addresses of one server: scheme, host and port."""
    try:
        return origin_of(address) == origin_of(other)
    except UnsafeAddress:
        return False


def is_provider_link(link: str, profile: Profile) -> bool:
    """Whether `link` leads to a server of `profile`, or to a host that it names for that."""
    own = (
        profile.issuer,
        profile.device_authorization_endpoint,
        profile.authorization_endpoint,
        profile.token_endpoint,
    )
    named = {f"https://{host.lower()}:443" for host in profile.verification_hosts}
    return origin_of(link) in {origin_of(address) for address in own if address} | named

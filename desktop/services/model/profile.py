"""Profiles: a client and the server where it signs in. Profiles never contain secrets."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from desktop.oauth.addresses import origin_of
from desktop.oauth.errors import UnsafeAddress
from desktop.services.model.policy import NO_POLICY, Policy
from desktop.services.system.translation import translate

# The endpoints that receive an access token.
TOKEN_RECEIVING_ENDPOINTS = ("userinfo_endpoint", "revocation_endpoint", "app_grant_endpoint")
GRANTS = ("device", "code", "client-credentials")
# The colours of profiles by name; the theme defines how they look.
COLORS = ("blue", "teal", "green", "amber", "orange", "red", "pink", "purple", "grey")
CLIENT_AUTHENTICATIONS = ("auto", "none", "client_secret_basic", "client_secret_post")


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


class BrokenProfile(ProfileError):
    """The file cannot be read, or a profile in it is not valid."""


class BrokenPolicy(ProfileError):
    """The policy cannot be read, so nobody can sign in."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A client at a provider. `id` names it on disk and in the keyring, `name` on screen.

    An empty endpoint is taken from the metadata, which has no `app_grant_endpoint`. `grant` is one
    of `GRANTS`. `redirect_uri` is for providers that require a fixed one for the authorization
    code; otherwise a free port is used. `letter` and `color` identify the profile on screen.
    `proxy` is `system`, `none`, or an address; `ca_file` a file with extra CA certificates.
    `settings` are those that differ for this profile.

    `policy` is the administrator's; it is never read from the file of the profile.
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
        """Whether an administrator provides it, so that users cannot change it."""
        return self.id in self.policy.profiles

    @property
    def provider_label(self) -> str:
        """The provider and the region in one line."""
        known = " · ".join(filter(None, (self.provider, translate(self.region))))
        return known or self.issuer or self.token_endpoint


MEMBERS = {each.name for each in fields(Profile)} - {"id", "policy"}


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

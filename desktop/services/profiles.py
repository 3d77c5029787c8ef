"""Profiles: who one signs in as, and where. Read from TOML; secrets are never in it."""

import logging
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from desktop.oauth.addresses import checked_address, has_hidden_characters, origin_of
from desktop.oauth.errors import UnsafeAddress, printable
from desktop.services import paths
from desktop.services.resources import resource

_log = logging.getLogger(__name__)

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_GUIDE = re.compile(r"|xdr")
# Where an access token is taken to, besides what it is for.
_ENDPOINTS_FOR_TOKENS = ("userinfo_endpoint", "revocation_endpoint", "app_grant_endpoint")
GRANTS = ("device", "code", "client-credentials")
_AUTHENTICATIONS = ("auto", "none", "client_secret_basic", "client_secret_post")


class ProfileError(Exception):
    """Something about the profiles; `where` is the file, `detail` what is wrong with it."""

    def __init__(self, where: Path, detail: str = "") -> None:
        super().__init__(f"{where}: {detail}" if detail else str(where))
        self.where = where
        self.detail = detail


class NoProfile(ProfileError):
    """There is no profile yet."""


class UnknownProfile(ProfileError):
    """There are profiles, those in `known`, but none of the name that was asked for (`detail`)."""

    def __init__(self, where: Path, detail: str = "", known: Iterable[str] = ()) -> None:
        super().__init__(where, detail)
        self.known = tuple(known)


class BrokenProfile(ProfileError):
    """The file cannot be read, or a profile in it makes no sense."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One client at one provider. `id` names it on disk and in the keyring, `name` on screen.

    An empty endpoint is left to the metadata, which knows no `app_grant_endpoint`. `grant` is how
    one signs in: one of `GRANTS`. `redirect_uri` is for a provider that insists on one for the
    authorization code; else a free port of this computer is taken. `letter` and `color` tell the
    profile apart from others on screen. `proxy` is `system`, `none`, or an address; `ca_file` a
    file with further authorities to trust. `settings` are those that differ for this profile.
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

    @property
    def place(self) -> str:
        """Provider and region in one line."""
        return " · ".join(filter(None, (self.provider, self.region))) or self.issuer


_MEMBERS = {each.name for each in fields(Profile)} - {"id"}


def tokens_key(profile: Profile) -> str:
    """The keystore's key of the tokens of `profile`."""
    return profile.id


def client_password_key(profile: Profile) -> str:
    """The keystore's key of the client password of `profile`."""
    return f"{profile.id} (client password)"


def issued_for(profile: Profile) -> str:
    """What binds a secret to the server and the client of `profile`: elsewhere it is not sent.

    What decides who issues it counts, and every other server that would get it. A preset that
    learns one more endpoint of its own server signs nobody out.
    """
    endpoints = (profile.issuer, profile.device_authorization_endpoint, profile.token_endpoint)
    home = profile.issuer or profile.token_endpoint
    others = (getattr(profile, name) for name in _ENDPOINTS_FOR_TOKENS)
    elsewhere = (each for each in others if each and not _is_same_server(each, home))
    return " ".join((*endpoints, profile.client_id, *elsewhere))


def is_own_link(link: str, profile: Profile) -> bool:
    """Whether `link` leads to a server of `profile`, or to a host that it names for that."""
    own = (
        profile.issuer,
        profile.device_authorization_endpoint,
        profile.authorization_endpoint,
        profile.token_endpoint,
    )
    named = {f"https://{host.lower()}:443" for host in profile.verification_hosts}
    return origin_of(link) in {origin_of(address) for address in own if address} | named


def load_profile(name: str | None = None, *, file: Path | None = None) -> Profile:
    """The profile `name`, or the first one. Raises `ProfileError`."""
    file = file or paths.profiles_file()
    profiles = load_profiles(file)
    if not profiles:
        raise NoProfile(file)
    if name is None:
        return next(iter(profiles.values()))
    if name not in profiles:
        raise UnknownProfile(file, name, profiles)
    return profiles[name]


def load_profiles(file: Path) -> dict[str, Profile]:
    """All profiles of `file` by id, in its order; raises `BrokenProfile`."""
    document = _read_toml(file)
    for name in document:
        if name != "profiles" and _near(name, ("profiles",)):
            raise BrokenProfile(file, f"`[{name}.…]` is not known; did you mean `[profiles.…]`?")
    tables = document.get("profiles", {})
    presets = _read_toml(resource("presets.toml"))
    if not isinstance(tables, dict):
        raise BrokenProfile(file, "`profiles` must be a table")
    return {id_: _profile(file, id_, table, presets) for id_, table in tables.items()}


def prepare_folder() -> Path:
    """The folder of the profiles; created, with an example in it, where there is none.

    Raises `BrokenProfile` where that is impossible.
    """
    folder = paths.configuration_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not paths.profiles_file().exists():
            example = resource("profiles.example.toml").read_text("utf-8")
            paths.profiles_file().write_text(example, "utf-8")
    except OSError as error:
        raise BrokenProfile(paths.profiles_file(), str(error)) from error
    return folder


def _is_same_server(address: str, other: str) -> bool:
    try:
        return origin_of(address) == origin_of(other)
    except UnsafeAddress:
        return False


def _read_toml(file: Path) -> dict[str, object]:
    try:
        # Windows editors may put a byte order mark in front.
        return tomllib.loads(file.read_text("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as error:
        raise BrokenProfile(file, "it is no text in UTF-8; save it as UTF-8") from error
    # TOMLDecodeError is a ValueError; brackets may be nested too deep.
    except (OSError, ValueError, RecursionError) as error:
        raise BrokenProfile(file, str(error)) from error


def _near(name: str, known: Iterable[str]) -> str:
    """The one of `known` that whoever wrote `name` may have meant; empty for none."""
    import difflib  # needed by few

    plain = name.lower().replace("-", "_")
    return next(iter(difflib.get_close_matches(plain, known, n=1, cutoff=_NEAR)), "")


# Of 1. `clientid` is near to `client_id`, and what a later version may know is near to nothing.
_NEAR = 0.85


def _profile(file: Path, id_: str, table: object, presets: Mapping[str, object]) -> Profile:
    if not _ID.fullmatch(id_) or not isinstance(table, dict):
        raise BrokenProfile(file, f"`{id_}` is no table with a plain name (a-z, 0-9, . _ -)")
    preset_name = table.get("preset")
    preset = {} if preset_name is None else presets.get(str(preset_name))
    if not isinstance(preset, dict):
        raise BrokenProfile(file, f"`{id_}`: unknown preset; known are {', '.join(presets)}")
    return _Reader(file, id_, {**preset, **table}).profile()


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one table, naming the file, the profile and the member in every complaint."""

    file: Path
    id: str
    table: Mapping[str, object]

    def profile(self) -> Profile:
        self.check_names()
        profile = Profile(
            id=self.id,
            name=self.text("name", default=self.id),
            client_id=self.text("client_id"),
            preset=self.text("preset", default=""),
            grant=self.text("grant", default="device"),
            provider=self.text("provider", default=""),
            region=self.text("region", default=""),
            issuer=self.text("issuer", default=""),
            expected_issuer=self.text("expected_issuer", default="") or None,
            device_authorization_endpoint=self.text("device_authorization_endpoint", default=""),
            token_endpoint=self.text("token_endpoint", default=""),
            authorization_endpoint=self.text("authorization_endpoint", default=""),
            **{name: self.text(name, default="") for name in _ENDPOINTS_FOR_TOKENS},
            client_authentication=self.text("client_authentication", default="auto"),
            scope=self.texts("scope"),
            verification_hosts=self.texts("verification_hosts"),
            scope_guide=self.text("scope_guide", default=""),
            extra_parameters=self.parameters("extra_parameters"),
            redirect_uri=self.text("redirect_uri", default=""),
            letter=self.text("letter", default=""),
            color=self.text("color", default=""),
            proxy=self.text("proxy", default="system"),
            proxy_user=self.text("proxy_user", default=""),
            ca_file=self.text("ca_file", default=""),
            settings=self.members("settings"),
        )
        if not profile.issuer and not (
            profile.device_authorization_endpoint and profile.token_endpoint
        ):
            raise self.complaint("needs a preset, an issuer, or both endpoints")
        if not _GUIDE.fullmatch(profile.scope_guide):
            raise self.complaint("`scope_guide` is no name of one")
        if "client_secret" in profile.extra_parameters:
            raise self.complaint("a password never stands here: use --set-client-password")
        if profile.grant not in GRANTS:
            raise self.complaint(f"`grant` is one of {', '.join(GRANTS)}")
        if profile.client_authentication not in _AUTHENTICATIONS:
            raise self.complaint(f"`client_authentication` is one of {', '.join(_AUTHENTICATIONS)}")
        self.check_addresses(profile)
        return profile

    def check_names(self) -> None:
        """What looks like a slip is told; what a later version may know does no harm."""
        for name in self.table.keys() - _MEMBERS:
            if meant := _near(name, _MEMBERS):
                raise self.complaint(f"`{name}` is not known; did you mean `{meant}`?")
            _log.info("profile %s: a member that is not known: %s", self.id, printable(name, 60))

    def check_addresses(self, profile: Profile) -> None:
        """Where the issuer is a text that proves nothing, everything must be on its host."""
        home = profile.issuer or profile.token_endpoint
        for name in _ENDPOINTS_FOR_TOKENS:
            address = getattr(profile, name)
            if not address:
                continue
            if profile.expected_issuer and not _is_same_server(address, home):
                raise self.complaint(f"`{name}` must be on the host of `issuer`")
            try:
                checked_address(address)
            except UnsafeAddress as error:
                raise self.complaint(f"`{name}` is no safe address: {error.reason}") from error

    def text(self, name: str, *, default: str | None = None) -> str:
        value = self.table.get(name, default)
        if value is None:
            raise self.complaint(f"`{name}` is missing")
        if not isinstance(value, str):
            raise self.complaint(f"`{name}` must be a text")
        if default is None and not value.strip():
            raise self.complaint(f"`{name}` is empty")
        if has_hidden_characters(value.strip()):
            raise self.complaint(f"`{name}` holds characters that cannot be seen")
        return value.strip()

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.table.get(name, [])
        if isinstance(value, str):
            value = value.split()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.complaint(f"`{name}` must be a list of texts")
        if any(has_hidden_characters(item) for item in value):
            raise self.complaint(f"`{name}` holds characters that cannot be seen")
        return tuple(value)

    def members(self, name: str) -> dict[str, object]:
        value = self.table.get(name, {})
        if not isinstance(value, dict):
            raise self.complaint(f"`{name}` must be a table")
        return dict(value)

    def parameters(self, name: str) -> dict[str, str]:
        value = self.table.get(name, {})
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise self.complaint(f"`{name}` must be a table of texts")
        return dict(value)

    def complaint(self, detail: str) -> BrokenProfile:
        return BrokenProfile(self.file, f"profile `{self.id}`: {detail}")

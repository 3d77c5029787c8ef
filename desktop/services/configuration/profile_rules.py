"""What a profile must obey, member by member: for the file that it is read from and for a form."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from desktop.oauth.addresses import checked_address, host_of
from desktop.oauth.errors import UnsafeAddress
from desktop.services.model.profile import (
    CLIENT_AUTHENTICATIONS,
    COLORS,
    GRANTS,
    TOKEN_RECEIVING_ENDPOINTS,
    Profile,
    is_same_server,
)
from desktop.services.model.settings import PROFILE_SETTINGS, is_valid_setting

Fault = tuple[str, str]
"""The member that is wrong, and why, in words; the member is empty where several are."""

NO_SECRETS_IN_FILE = (
    "a secret never stands here; a client's password is stored with "
    "“xdr-login profiles edit NAME --client-secret-stdin”"
)

# What a profile names besides `ENDPOINTS_FOR_TOKENS`.
ADDRESS_MEMBERS = (
    "issuer",
    "device_authorization_endpoint",
    "token_endpoint",
    "authorization_endpoint",
)

_SECRET = re.compile(r".*(secret|password|passwd).*|(access|refresh)_token")
_USERINFO = re.compile(r"[^/?#]*//[^/?#]*@")
_SCOPE_GUIDE = re.compile(r"|xdr")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_MAX_LETTER_LENGTH = 2
# What a grant asks for, where no metadata can tell (RFC 6749 section 3, RFC 8628 section 3.1).
_REQUIRED_ENDPOINTS = {
    "device": ("device_authorization_endpoint", "token_endpoint"),
    "code": ("authorization_endpoint", "token_endpoint"),
    "client-credentials": ("token_endpoint",),
}
_PROXY_SCHEMES = {"http", "https"}
# What begins so is on Windows a file of another computer, or a device.
_REMOTE_PATH = re.compile(r"\\|/[/\\]")


def is_secret_name(member: str) -> bool:
    """Whether what is called `member` looks like a secret."""
    return _SECRET.fullmatch(member.lower().replace("-", "_")) is not None


def has_userinfo(address: str) -> bool:
    """Whether a user name, and perhaps a password, stands before the host of `address`."""
    return _USERINFO.match(address) is not None


def find_faults(profile: Profile) -> Iterator[Fault]:
    """All that is wrong with `profile`."""
    yield from _faults_of_grant(profile)
    yield from _faults_of_client(profile)
    yield from _faults_of_addresses(profile)
    yield from _faults_of_appearance(profile)
    yield from _faults_of_network(profile)
    yield from _faults_of_settings(profile)


def _faults_of_grant(profile: Profile) -> Iterator[Fault]:
    if profile.grant not in GRANTS:
        yield "grant", f"`grant` is one of {', '.join(GRANTS)}"
        return
    needed = _REQUIRED_ENDPOINTS[profile.grant]
    if not profile.issuer and not all(getattr(profile, name) for name in needed):
        yield "", f"needs a preset, an issuer, or {_endpoint_names(needed)}"
    if profile.grant == "client-credentials" and profile.client_authentication == "none":
        yield "client_authentication", "an API client signs in with a password, so not `none`"
    if profile.redirect_uri and not is_loopback_redirect(profile.redirect_uri):
        yield (
            "redirect_uri",
            "`redirect_uri` must be on this computer, such as http://127.0.0.1:8400/callback",
        )


def _endpoint_names(endpoints: tuple[str, ...]) -> str:
    return "both endpoints" if len(endpoints) > 1 else f"a `{endpoints[0]}`"


def is_loopback_redirect(address: str) -> bool:
    """Whether a browser on this computer can come back to `address`, which is a redirect URI."""
    # RFC 8252 section 7.3; section 8.3 advises against `localhost`, but some providers insist.
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    host_is_here = parts.hostname in {"127.0.0.1", "::1", "localhost"}
    return (
        parts.scheme == "http"
        and host_is_here
        and port != 0
        and not (parts.query or parts.fragment or parts.username)
    )


def _faults_of_client(profile: Profile) -> Iterator[Fault]:
    # A client model that was pasted where its ID belongs, and cut off or garbled: it may hold the
    # password, and would be kept in the file and sent.
    if profile.client_id.startswith(("{", "[")) or '"' in profile.client_id:
        yield "client_id", "`client_id` is the ID alone, without what stands around it"
    if any(map(is_secret_name, profile.extra_parameters)):
        yield "extra_parameters", NO_SECRETS_IN_FILE
    if profile.client_authentication not in CLIENT_AUTHENTICATIONS:
        yield (
            "client_authentication",
            f"`client_authentication` is one of {', '.join(CLIENT_AUTHENTICATIONS)}",
        )


def _faults_of_addresses(profile: Profile) -> Iterator[Fault]:
    for name in ADDRESS_MEMBERS:
        address = getattr(profile, name)
        if address and (reason := _address_problem(address)):
            yield name, f"`{name}` is no safe address: {reason}"
    # Where the issuer is a text that proves nothing, everything must be on its host.
    home = profile.issuer or profile.token_endpoint
    for name in TOKEN_RECEIVING_ENDPOINTS:
        address = getattr(profile, name)
        if address and profile.expected_issuer and not is_same_server(address, home):
            yield name, f"`{name}` must be on the host of `issuer`"
        elif address and (reason := _address_problem(address)):
            yield name, f"`{name}` is no safe address: {reason}"

    if not all(map(_is_host, profile.verification_hosts)):
        yield (
            "verification_hosts",
            "`verification_hosts` has names of hosts, such as www.google.com",
        )


def _is_host(name: str) -> bool:
    try:
        return host_of(f"https://{name}/") == name.lower() != ""
    except UnsafeAddress:
        return False


def _address_problem(address: str) -> str:
    try:
        checked_address(address)
    except UnsafeAddress as error:
        return error.reason
    return ""


def _faults_of_appearance(profile: Profile) -> Iterator[Fault]:
    if not _SCOPE_GUIDE.fullmatch(profile.scope_guide):
        yield "scope_guide", "`scope_guide` is no name of one"
    if len(profile.letter) > _MAX_LETTER_LENGTH:
        yield "letter", "`letter` is one character, or two"
    if profile.color and profile.color not in COLORS and not _COLOR.fullmatch(profile.color):
        yield "color", f"`color` is one of {', '.join(COLORS)}, or like #1a2b3c"


def _faults_of_network(profile: Profile) -> Iterator[Fault]:
    if profile.proxy not in {"system", "none"} and (why := _proxy_problem(profile.proxy)):
        yield "proxy", f"`proxy` is system, none, or like http://proxy.example:3128: {why}"
    # Whoever runs the other computer would choose whom to trust, and learn who asks for the file.
    if _REMOTE_PATH.match(profile.ca_file):
        yield "ca_file", "`ca_file` must be on this computer, such as /etc/ssl/northwind.pem"


def _proxy_problem(address: str) -> str:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        # Python's words quote what stands there: with a slash in it, a piece of a password.
        return "it makes no sense as an address"
    if parts.scheme not in _PROXY_SCHEMES or not parts.hostname:
        return "it is no address with http or https; SOCKS is not supported"
    if port is None:
        return "it names no port"
    # It would stand in a file, and the person's name in it goes into `proxy_user`.
    return "user and password never stand in it" if "@" in parts.netloc else ""


def _faults_of_settings(profile: Profile) -> Iterator[Fault]:
    for name, value in profile.settings.items():
        if name not in PROFILE_SETTINGS:
            known = ", ".join(PROFILE_SETTINGS)
            yield "settings", f"a profile has no setting `{name}`; known are {known}"
        elif not is_valid_setting(name, value):
            yield "settings", f"the setting `{name}` makes no sense"

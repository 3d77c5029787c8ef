"""The rules for the members of a profile, for its file and for the form."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import urlsplit

from desktop.oauth.addresses import (
    ascii_address,
    checked_address,
    has_hidden_characters,
    host_of,
)
from desktop.oauth.errors import UnsafeAddress, printable, without_joiners
from desktop.services.configuration.exchange_rules import find_exchange_faults
from desktop.services.configuration.profile_names import name_key
from desktop.services.model.members import Fault, Kind, Member
from desktop.services.model.profile import (
    GRANTS,
    MEMBERS,
    TOKEN_RECEIVING_ENDPOINTS,
    Profile,
    is_same_server,
)
from desktop.services.model.settings import PROFILE_SETTINGS, is_valid_setting
from desktop.services.system.translation import translatable, translate
from desktop.services.wording.field_names import secret_name
from desktop.services.wording.formats import format_list, format_values

NO_SECRETS_IN_FILE = translatable(
    "{field} must not contain a secret; save secrets with “xdr-login profiles edit NAME "
    "--client-secret-stdin”"
)
_UNSAFE_ADDRESS = translatable("{field} is not a safe address ({reason})")

# The addresses of a profile, but for `TOKEN_RECEIVING_ENDPOINTS`.
ADDRESS_MEMBERS = tuple(
    name
    for name, each in MEMBERS.items()
    if each.is_address and name not in TOKEN_RECEIVING_ENDPOINTS
)

# Names are compared as letters and digits only.
_SECRET = re.compile(
    r".*(?:secret|password|passwd|passphrase|passcode|passkey|assertion|credential|cookie|hmac"
    r"|signature|sessionid|(?:api|private|access|signing|shared|secret|subscription|license)key)"
    r".*|.*token(?:s|value)?"
    r"|(?:auth|authorization|mfa|sms|otp|totp|verification|onetime|recovery|backup)code"
)
# Parameters that prove who the client or the user is, besides those that `_SECRET` finds.
_PROOFS = {
    *("code", "devicecode", "usercode", "codeverifier", "authreqid", "request", "idtokenhint"),
    *("authorization", "auth", "dpop", "dpopproof", "proof", "otp", "totp", "ticket", "pct", "rpt"),
    *("pass", "pwd", "pw", "pin", "userpass", "cred", "creds", "key", "session", "sid", "bearer"),
    *("jwt", "saml", "samlresponse", "sig"),
}
# Parameters of the protocol (the IANA registry of OAuth parameters) that XDR Login sets itself, or
# with which the request would be another one.
_OWN_PARAMETERS = {
    *(
        "client_id",
        "grant_type",
        "response_type",
        "response_mode",
        "redirect_uri",
        "scope",
        "state",
    ),
    *("nonce", "code_challenge", "code_challenge_method", "request_uri", "username", "iss"),
    *("subject_token_type", "actor_token_type", "requested_token_type", "token_type_hint"),
    *("registration", "error", "error_description", "error_uri", "expires_in"),
}
_USERINFO = re.compile(r"[^/?#]*//[^/?#]*@")
_MAX_LETTER_LENGTH = 2
# What a grant needs, where no metadata can tell (RFC 6749 section 3, RFC 8628 section 3.1).
_REQUIRED_ENDPOINTS = {
    "device": ("device_authorization_endpoint", "token_endpoint"),
    "code": ("authorization_endpoint", "token_endpoint"),
    "client-credentials": ("token_endpoint",),
}
_PROXY_SCHEMES = {"http", "https"}
# On Windows this is the start of a file on another computer, or of a device.
_REMOTE_PATH = re.compile(r"\\|/[/\\]")


def has_invisible_characters(member: Member, value: str) -> bool:
    """Whether `value` of `member` contains characters that nobody sees.

    A name may contain what joins Persian letters or the parts of an emoji, but something of it must
    be seen.
    """
    if member.name not in _NAMES:
        return has_hidden_characters(value)
    return has_hidden_characters(without_joiners(value)) or bool(value and not name_key(value))


_NAMES = {"name", "provider", "region", "letter"}


def is_secret_name(member: str) -> bool:
    """Whether what is called `member` looks like a secret, or proves who somebody is."""
    plain = _plain_parameter(member)
    return plain in _PROOFS or _SECRET.fullmatch(plain) is not None


def _is_protocol_parameter(name: str) -> bool:
    return _plain_parameter(name) in {_plain_parameter(each) for each in _OWN_PARAMETERS}


def _plain_parameter(name: str) -> str:
    return _SEPARATORS.sub("", name_key(name))


_SEPARATORS = re.compile(r"[\W_]+")


def has_userinfo(address: str) -> bool:
    """Whether a user name, and perhaps a password, stands before the host of `address`."""
    return _USERINFO.match(address) is not None


def with_ascii_host(member: Member, value: str) -> str:
    """Write the host in an address as the network sees it, so that no letter looks like another."""
    return ascii_address(value) if member.is_address or member.name == "proxy" else value


def find_faults(profile: Profile) -> Iterator[Fault]:
    """Yield everything that is wrong with `profile`."""
    yield from _faults_of_grant(profile)
    yield from _faults_of_client(profile)
    yield from _faults_of_addresses(profile)
    yield from _faults_of_services(profile)
    yield from find_exchange_faults(profile.exchanges)
    yield from _faults_of_appearance(profile)
    yield from _faults_of_values(profile)
    yield from _faults_of_network(profile)
    yield from _faults_of_presence(profile)
    yield from _faults_of_settings(profile)


def _faults_of_values(profile: Profile) -> Iterator[Fault]:
    for name, each in MEMBERS.items():
        is_number = each.kind in {Kind.BOOLEAN, Kind.NUMBER}  # a draft may have text instead
        find_fault = each.find_kind_fault if is_number else each.find_choice_fault
        if fault := find_fault(getattr(profile, name)):
            yield fault


def _faults_of_grant(profile: Profile) -> Iterator[Fault]:
    if profile.grant not in GRANTS:
        return
    needed = _REQUIRED_ENDPOINTS[profile.grant]
    if not profile.issuer and not all(getattr(profile, name) for name in needed):
        endpoints = format_list([f"`{name}`" for name in needed])
        yield Fault(
            "",
            translatable("missing a preset, an issuer, or {endpoints}"),
            {"endpoints": endpoints},
        )
    if profile.grant == "client-credentials" and profile.client_authentication == "none":
        yield Fault(
            "client_authentication",
            translatable("{field} can't be none: this sign-in method needs a {secret}"),
            {"secret": secret_name(profile.preset)},
        )
    if profile.redirect_uri and not is_loopback_redirect(profile.redirect_uri):
        yield Fault(
            "redirect_uri",
            translatable(
                "{field} must be on this computer, such as http://127.0.0.1:8400/callback"
            ),
        )


def is_loopback_redirect(address: str) -> bool:
    """Whether a browser on this computer can return to the redirect URI `address`."""
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
    # Somebody pasted JSON instead of the ID. It may contain the secret, which would be saved in the
    # file and sent.
    if profile.client_id.startswith(("{", "[")) or '"' in profile.client_id:
        yield Fault("client_id", translatable("{field} must be the ID alone, without quotes"))
    if any(map(is_secret_name, profile.extra_parameters)):
        yield Fault("extra_parameters", NO_SECRETS_IN_FILE)
    elif name := next(filter(_is_protocol_parameter, profile.extra_parameters), ""):
        yield Fault(
            "extra_parameters",
            translatable("{field} can't contain “{name}”: XDR Login sets this parameter itself"),
            {"name": name.strip()},
        )


def _faults_of_addresses(profile: Profile) -> Iterator[Fault]:
    for name in ADDRESS_MEMBERS:
        address = getattr(profile, name)
        if address and (reason := _address_problem(address)):
            yield Fault(name, _UNSAFE_ADDRESS, {"reason": reason})
    # Where the issuer is a name, which proves nothing, everything must be on its host.
    home = profile.issuer or profile.token_endpoint
    for name in TOKEN_RECEIVING_ENDPOINTS:
        address = getattr(profile, name)
        if address and profile.expected_issuer and not is_same_server(address, home):
            yield Fault(name, translatable("{field} must be on the host of the issuer"))
        elif address and (reason := _address_problem(address)):
            yield Fault(name, _UNSAFE_ADDRESS, {"reason": reason})

    if not all(map(_is_host, profile.verification_hosts)):
        yield Fault(
            "verification_hosts",
            translatable("{field} must be host names, such as www.google.com"),
        )


def _faults_of_services(profile: Profile) -> Iterator[Fault]:
    for name, address in profile.services.items():
        if not SERVICE_NAME.fullmatch(name) or name in RESERVED_SERVICES:
            yield Fault(
                "services",
                translatable(
                    "{field} can't contain the name “{name}”. Names have at most 31 characters, "
                    "start with a letter and contain only a-z, 0-9 and “-”. Reserved: {reserved}"
                ),
                {"name": printable(name, 40), "reserved": format_list(RESERVED_SERVICES)},
            )
        elif reason := _service_problem(address):
            yield Fault(
                "services",
                translatable("{field}: “{name}” has no safe address ({reason})"),
                {"name": name, "reason": reason},
            )


def _service_problem(address: str) -> str:
    if reason := _address_problem(address):
        return reason
    if any(each in address for each in "?#"):
        return translate("contains a query or a fragment")
    return ""


SERVICE_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
RESERVED_SERVICES = ("http", "https", "server")
"""What begins an address, and the name of the server that issues the token."""


def _is_host(name: str) -> bool:
    try:
        return host_of(f"https://{name}/") == name.lower() != ""
    except UnsafeAddress:
        return False


def _address_problem(address: str) -> str:
    try:
        checked_address(address)
    except UnsafeAddress as error:
        return translate(error.reason)
    return ""


def _faults_of_appearance(profile: Profile) -> Iterator[Fault]:
    if len(profile.letter) > _MAX_LETTER_LENGTH:
        yield Fault("letter", translatable("{field} must be one or two characters"))


def _faults_of_network(profile: Profile) -> Iterator[Fault]:
    if profile.proxy not in {"system", "none"} and (why := _proxy_problem(profile.proxy)):
        yield Fault(
            "proxy",
            translatable(
                "{field} must be system, none, or like http://proxy.example:3128 ({reason})"
            ),
            {"reason": translate(why)},
        )
    # Whoever runs the other computer would decide whom to trust, and learn who reads the file.
    for name, each in MEMBERS.items():
        file = getattr(profile, name) if each.is_file else ""
        if _REMOTE_PATH.match(file):
            yield Fault(
                name,
                translatable("{field} must be on this computer, such as /etc/ssl/northwind.pem"),
            )
        elif file and not _is_absolute(file):
            yield Fault(
                name,
                translatable("{field} must be an absolute path, such as /etc/ssl/northwind.pem"),
            )


def _is_absolute(path: str) -> bool:
    # A policy may be written on another system.
    return PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute()


def _proxy_problem(address: str) -> str:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        # Python's own message quotes the address: with a slash in it, a part of a password.
        return translatable("not an address")
    if parts.scheme not in _PROXY_SCHEMES or not parts.hostname:
        return translatable("only http and https are supported, not SOCKS")
    if port is None:
        return translatable("the port is missing")
    if "@" in parts.netloc:  # the user belongs into `proxy_user`, the password into the keyring
        return translatable("a user name or password is not allowed here")
    return ""


def _faults_of_presence(profile: Profile) -> Iterator[Fault]:
    if profile.unattended is True and profile.demands_presence:  # a draft may have text instead
        yield Fault(
            "presence",
            translatable(
                "{field} must be never if `unattended` is true: nobody is there to confirm it"
            ),
        )


def _faults_of_settings(profile: Profile) -> Iterator[Fault]:
    for name, value in profile.settings.items():
        if name not in PROFILE_SETTINGS:
            yield Fault(
                "settings",
                translatable("unknown setting `{name}`; a profile can set {choices}"),
                {"name": name, "choices": format_values(PROFILE_SETTINGS)},
            )
        elif not is_valid_setting(name, value):
            yield Fault(
                "settings", translatable("invalid value of setting `{name}`"), {"name": name}
            )

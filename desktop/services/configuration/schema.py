"""The one description of everything that can be configured: names, kinds, ranges and words.

Policies are read by it; the schemas of editors and the templates of Windows and macOS are made from
it (packaging/policies). What a range or a choice is stands where it is used, and is taken from
there; tests hold that profiles and settings are read as it says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from desktop.services.model.copy_formats import CopyFormat
from desktop.services.model.profile import CLIENT_AUTHENTICATIONS, COLORS, GRANTS
from desktop.services.model.settings import (
    CLIPBOARD_SECONDS,
    IN_USE_MINUTES,
    PROFILE_SETTINGS,
    THEMES,
)


class Kind(Enum):
    """What the value of a member is."""

    STRING = auto()
    STRINGS = auto()
    """A list of texts, or one text with spaces."""
    BOOLEAN = auto()
    NUMBER = auto()
    MEMBERS = auto()
    """A table of the members that are named."""
    PARAMETERS = auto()
    """A table of texts."""
    PROFILES = auto()
    """A table of profiles by id, or the text of a `profiles.toml`."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member: what it is called, what it may be, and the words for whoever sets it.

    `title` is its name on screen. `choices` are the values of a text that can only be one of them;
    `pattern` is a further way to write one. `allowed` are the values of a number.
    """

    name: str
    kind: Kind
    description: str
    title: str = ""
    choices: tuple[str, ...] = ()
    pattern: str = ""
    allowed: range = range(0)
    members: tuple[Member, ...] = ()

    def invalid_reason(self, value: object) -> str:  # noqa: PLR0911 - one a kind
        """What `value` must be, in words, where it is not of the kind; else empty."""
        match self.kind:
            case Kind.BOOLEAN if not isinstance(value, bool):
                return "must be true or false"
            # A bool is an int to Python, and is no number of seconds.
            case Kind.NUMBER if type(value) is not int or value not in self.allowed:
                return f"must be a number from {self.allowed[0]} to {self.allowed[-1]}"
            case Kind.STRING if not isinstance(value, str):
                return "must be a text"
            case Kind.STRING if self.choices and not self.pattern and value not in self.choices:
                return f"must be one of {', '.join(self.choices)}"
            case Kind.MEMBERS if not isinstance(value, Mapping):
                return "must be a table"
            case Kind.PROFILES if not isinstance(value, (str, Mapping)):
                return "must be a table of profiles, or the text of a profiles.toml"
        return ""


SETTINGS = (
    Member(
        "keep_fresh",
        Kind.BOOLEAN,
        "Renew the token day and night, whether or not anybody uses it. All computers of an "
        "organization share one quota at the server.",
        "Always keep the token fresh",
    ),
    Member(
        "in_use_minutes",
        Kind.NUMBER,
        "For how many minutes after a copy the token counts as used, and is renewed.",
        "Renew while in use",
        allowed=IN_USE_MINUTES,
    ),
    Member(
        "clipboard_seconds",
        Kind.NUMBER,
        "For how many seconds a copied token stays on the clipboard.",
        "Clear clipboard after",
        allowed=CLIPBOARD_SECONDS,
    ),
    Member(
        "start_hidden",
        Kind.BOOLEAN,
        "A start at login stays in the tray.",
        "Start hidden, in the tray",
    ),
    Member(
        "theme", Kind.STRING, "Light or dark, or as the system is.", "Appearance", choices=THEMES
    ),
    Member(
        "notifications",
        Kind.BOOLEAN,
        "Whether the tray tells what needs a person who does not see the window.",
        "Notifications",
    ),
    Member(
        "browser",
        Kind.STRING,
        "The browser that opens links, by the id that the settings page writes into settings.toml; "
        "empty for the usual one.",
        "Browser",
    ),
    Member(
        "ask_for_tokens",
        Kind.BOOLEAN,
        "Ask the person in the window before a program gets a token from `xdr-login`. Without a "
        "window it then gets none.",
        "Ask me when a program wants a token",
    ),
)

_ADDRESS = "An address: https, or http on this computer."

PROFILE = (
    Member("client_id", Kind.STRING, "The client ID at the provider. Required."),
    Member("name", Kind.STRING, "The name on screen."),
    Member("preset", Kind.STRING, "A provider that the program knows, such as xdr-nam."),
    Member("grant", Kind.STRING, "How one signs in.", choices=GRANTS),
    Member("provider", Kind.STRING, "The name of the provider on screen."),
    Member("region", Kind.STRING, "The name of its region on screen."),
    Member("issuer", Kind.STRING, "The address at which the provider has its metadata."),
    Member(
        "expected_issuer", Kind.STRING, "What the metadata names as issuer, if not the address."
    ),
    Member("device_authorization_endpoint", Kind.STRING, _ADDRESS),
    Member("token_endpoint", Kind.STRING, _ADDRESS),
    Member("authorization_endpoint", Kind.STRING, _ADDRESS),
    Member("userinfo_endpoint", Kind.STRING, f"Where one asks who one is. {_ADDRESS}"),
    Member("revocation_endpoint", Kind.STRING, f"Where a token is ended (RFC 7009). {_ADDRESS}"),
    Member("app_grant_endpoint", Kind.STRING, f"Cisco XDR's way to end a grant. {_ADDRESS}"),
    Member(
        "client_authentication",
        Kind.STRING,
        "How the client shows its password, which is in the keyring and never here.",
        choices=CLIENT_AUTHENTICATIONS,
    ),
    Member("scope", Kind.STRINGS, "What to ask for; nothing for the default of the server."),
    Member("verification_hosts", Kind.STRINGS, "Further hosts of the page where one approves."),
    Member("scope_guide", Kind.STRING, "Whose words explain the scopes.", choices=("", "xdr")),
    Member("extra_parameters", Kind.PARAMETERS, "Parameters that the provider wants besides."),
    Member("redirect_uri", Kind.STRING, "For the grant code: an http address on this computer."),
    Member("letter", Kind.STRING, "One character, or two, to tell the profile apart."),
    Member(
        "color",
        Kind.STRING,
        "A color to tell the profile apart, by name or like #1a2b3c.",
        choices=COLORS,
        pattern="^#[0-9a-fA-F]{6}$",
    ),
    Member("proxy", Kind.STRING, "system, none, or an address such as http://proxy.example:3128."),
    Member("proxy_user", Kind.STRING, "The user at the proxy; the password is in the keyring."),
    Member("ca_file", Kind.STRING, "A file with further authorities to trust, in PEM."),
    Member(
        "settings",
        Kind.MEMBERS,
        "Settings that differ for this profile.",
        members=tuple(each for each in SETTINGS if each.name in PROFILE_SETTINGS),
    ),
)

FORMATS = tuple(
    Member(
        each.name.lower(),
        Kind.BOOLEAN,
        f"Whether a token can be copied as: {each.value}.",
        f"Copy as: {each.value}",
    )
    for each in CopyFormat
)

POLICY = (
    Member(
        "own_profiles",
        Kind.BOOLEAN,
        "Whether people may have profiles besides those that are set here.",
        "Own profiles",
    ),
    Member(
        "device_grant",
        Kind.BOOLEAN,
        "Whether one may sign in with a code on another device (RFC 8628). Without it a profile "
        "needs another grant.",
        "Sign in with a code",
    ),
    Member(
        "complete_link",
        Kind.BOOLEAN,
        "Whether the link to the page, and the QR code, carry the code. Without it people type "
        "the code, and so compare it.",
        "Links that carry the code",
    ),
    Member(
        "proxy",
        Kind.STRING,
        "The proxy of all profiles: system, none, or an address such as http://proxy.example:3128.",
        "Proxy",
    ),
    Member(
        "ca_file",
        Kind.STRING,
        "A file with authorities that all profiles trust besides those of the system, in PEM.",
        "Certificate authorities",
    ),
    Member(
        "formats",
        Kind.MEMBERS,
        "Shapes of a copy; those that are false are forbidden.",
        "Copying",
        members=FORMATS,
    ),
    Member(
        "settings",
        Kind.MEMBERS,
        "Settings that people cannot change.",
        "Settings",
        members=SETTINGS,
    ),
    Member(
        "profiles",
        Kind.PROFILES,
        "Profiles that everybody has and nobody can change, by id.",
        "Profiles",
        members=PROFILE,
    ),
)

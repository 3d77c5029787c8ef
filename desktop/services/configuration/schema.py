"""Describes everything that can be configured: names, kinds, ranges and descriptions.

Policies are read by it; editor schemas and the templates for Windows and macOS are generated from
it (packaging/policies), in English. Ranges and choices are defined where they are used. Tests check
that profiles and settings are read accordingly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from desktop.services.configuration.profile_rules import Fault
from desktop.services.model.copy_formats import CopyFormat
from desktop.services.model.profile import CLIENT_AUTHENTICATIONS, COLORS, GRANTS
from desktop.services.model.settings import (
    CLIPBOARD_SECONDS,
    IN_USE_MINUTES,
    PROFILE_SETTINGS,
    THEMES,
)
from desktop.services.system.translation import translatable
from desktop.services.wording.formats import format_values


class Kind(Enum):
    """The kind of value that a member has."""

    STRING = auto()
    STRINGS = auto()
    """A list of strings, or one string with spaces."""
    BOOLEAN = auto()
    NUMBER = auto()
    MEMBERS = auto()
    """A table of `members`."""
    PARAMETERS = auto()
    """A table of strings."""
    PROFILES = auto()
    """A table of profiles by id, or the text of a `profiles.toml`."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member: its name, its kind, and the description for whoever sets it.

    `title` is its name in an editor of policies. `choices` are the only values of a string, unless
    it matches `pattern`. `allowed` are the values of a number.
    """

    name: str
    kind: Kind
    description: str
    title: str = ""
    choices: tuple[str, ...] = ()
    pattern: str = ""
    allowed: range = range(0)
    members: tuple[Member, ...] = ()

    def find_fault(self, value: object) -> Fault | None:  # noqa: PLR0911 - one a kind
        """Say what `value` must be, where it is not of the kind."""
        match self.kind:
            case Kind.BOOLEAN if not isinstance(value, bool):
                return Fault(self.name, translatable("{field} must be true or false"))
            # To Python, a bool is an int.
            case Kind.NUMBER if type(value) is not int or value not in self.allowed:
                return Fault(
                    self.name,
                    translatable("{field} must be a number from {first} to {last}"),
                    {"first": self.allowed[0], "last": self.allowed[-1]},
                )
            case Kind.STRING if not isinstance(value, str):
                return Fault(self.name, translatable("{field} must be a string"))
            case Kind.STRING if self.choices and not self.pattern and value not in self.choices:
                return Fault(
                    self.name,
                    translatable("{field} must be one of {choices}"),
                    {"choices": format_values(self.choices)},
                )
            case Kind.MEMBERS if not isinstance(value, Mapping):
                return Fault(self.name, translatable("{field} must be a table"))
            case Kind.PROFILES if not isinstance(value, (str, Mapping)):
                return Fault(
                    self.name,
                    translatable(
                        "{field} must be a table of profiles, or the text of a profiles.toml"
                    ),
                )
        return None


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
        "How many minutes to keep renewing the token after it was copied.",
        "Keep renewing after a copy for",
        allowed=IN_USE_MINUTES,
    ),
    Member(
        "clipboard_seconds",
        Kind.NUMBER,
        "How many seconds a copied token stays on the clipboard.",
        "Clear clipboard after",
        allowed=CLIPBOARD_SECONDS,
    ),
    Member(
        "start_hidden",
        Kind.BOOLEAN,
        "Start in the tray at login, without a window.",
        "Start hidden, in the tray",
    ),
    Member("theme", Kind.STRING, "Light, dark, or as the system.", "Appearance", choices=THEMES),
    Member(
        "notifications",
        Kind.BOOLEAN,
        "Notify people when they need to act.",
        "Notifications",
    ),
    Member(
        "browser",
        Kind.STRING,
        "The browser that opens links, by the ID that the Settings page writes into settings.toml. "
        "Empty for the system default.",
        "Browser",
    ),
    Member(
        "ask_for_tokens",
        Kind.BOOLEAN,
        "Ask the person in the window before a program gets a token from `xdr-login`. If the app "
        "is not running, access is denied.",
        "Ask before sharing tokens with programs",
    ),
)

_ADDRESS = "An address: https, or http on this computer."

PROFILE = (
    Member("client_id", Kind.STRING, "The client ID. Required."),
    Member("name", Kind.STRING, "The name of the profile on screen."),
    Member("preset", Kind.STRING, "A built-in provider, such as xdr-nam."),
    Member("grant", Kind.STRING, "The sign-in method.", choices=GRANTS),
    Member("provider", Kind.STRING, "The name of the provider on screen."),
    Member("region", Kind.STRING, "The name of the provider's region on screen."),
    Member("issuer", Kind.STRING, f"The issuer, where the provider has its metadata. {_ADDRESS}"),
    Member(
        "expected_issuer",
        Kind.STRING,
        "The issuer that the metadata names, if it is not the address.",
    ),
    Member(
        "device_authorization_endpoint",
        Kind.STRING,
        f"The device authorization endpoint (RFC 8628). {_ADDRESS}",
    ),
    Member("token_endpoint", Kind.STRING, f"The token endpoint. {_ADDRESS}"),
    Member("authorization_endpoint", Kind.STRING, f"The authorization endpoint. {_ADDRESS}"),
    Member("userinfo_endpoint", Kind.STRING, f"The endpoint that describes the user. {_ADDRESS}"),
    Member(
        "revocation_endpoint",
        Kind.STRING,
        f"The endpoint that revokes tokens (RFC 7009). {_ADDRESS}",
    ),
    Member(
        "app_grant_endpoint",
        Kind.STRING,
        f"The endpoint of Cisco XDR that revokes an app's access. {_ADDRESS}",
    ),
    Member(
        "client_authentication",
        Kind.STRING,
        "How the client authenticates. Its secret is in the keyring, never in this file.",
        choices=CLIENT_AUTHENTICATIONS,
    ),
    Member("scope", Kind.STRINGS, "The scopes to request. Empty for the server's default."),
    Member("verification_hosts", Kind.STRINGS, "Other hosts that may serve the approval page."),
    Member(
        "scope_guide", Kind.STRING, "Whose descriptions explain the scopes.", choices=("", "xdr")
    ),
    Member(
        "extra_parameters", Kind.PARAMETERS, "Additional parameters that the provider requires."
    ),
    Member(
        "redirect_uri",
        Kind.STRING,
        "The redirect URI for the grant code: an http address on this computer.",
    ),
    Member("letter", Kind.STRING, "One or two characters that tell the profile apart."),
    Member(
        "color",
        Kind.STRING,
        "A color that tells the profile apart, by name or like #1a2b3c.",
        choices=COLORS,
        pattern="^#[0-9a-fA-F]{6}$",
    ),
    Member("proxy", Kind.STRING, "system, none, or an address such as http://proxy.example:3128."),
    Member(
        "proxy_user", Kind.STRING, "The user name at the proxy. The password is in the keyring."
    ),
    Member("ca_file", Kind.STRING, "A PEM file with additional CA certificates to trust."),
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
        "Whether people can have profiles in addition to those of this policy.",
        "Own profiles",
    ),
    Member(
        "device_grant",
        Kind.BOOLEAN,
        "Whether people can sign in with a code on any device (RFC 8628). Without it, a profile "
        "needs another grant.",
        "Sign in with a code",
    ),
    Member(
        "complete_link",
        Kind.BOOLEAN,
        "Whether the link to the approval page, and the QR code, contain the code. Without it, "
        "people type the code and so compare it.",
        "Links that contain the code",
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
        "A PEM file with CA certificates that all profiles trust in addition to the system's.",
        "CA certificate file",
    ),
    Member(
        "formats",
        Kind.MEMBERS,
        "Copy formats. Those that are false are turned off.",
        "Copy formats",
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
        "Profiles that everybody has and nobody can change, by ID.",
        "Profiles",
        members=PROFILE,
    ),
)

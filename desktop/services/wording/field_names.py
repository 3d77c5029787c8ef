"""The names of a profile's fields: in the form, and as options of the command line."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from desktop.services.system.translation import translatable, translate


class Surface(Enum):
    """Where a text is read. Advice differs: a form has fields, a terminal has options."""

    WINDOW = "window"
    TERMINAL = "terminal"


@dataclass(frozen=True, slots=True)
class BySurface:
    """One text for the window, another for the terminal."""

    window: str
    terminal: str

    def on(self, surface: Surface) -> str:
        return self.window if surface is Surface.WINDOW else self.terminal


FIELD_NAMES = {
    "preset": translatable("Provider and region"),
    "client_id": translatable("Client ID"),
    "name": translatable("Name"),
    "scope": translatable("Scopes"),
    "issuer": translatable("Issuer"),
    "expected_issuer": translatable("Issuer name"),
    "grant": translatable("Sign-in method"),
    "client_authentication": translatable("Client authentication"),
    "redirect_uri": translatable("Redirect URI"),
    "extra_parameters": translatable("Extra parameters"),
    "device_authorization_endpoint": translatable("Device authorization endpoint"),
    "authorization_endpoint": translatable("Authorization endpoint"),
    "token_endpoint": translatable("Token endpoint"),
    "letter": translatable("Letter"),
    "color": translatable("Color"),
    "proxy": translatable("Proxy"),
    "proxy_user": translatable("Proxy user"),
    "ca_file": translatable("CA certificate file"),
    "keep_fresh": translatable("Keep the token fresh"),
    "in_use_minutes": translatable("Keep renewing after a copy for"),
    "clipboard_seconds": translatable("Clear clipboard after"),
}

_OPTIONS = {
    "name": "NAME",
    "client_authentication": "--auth",
    "extra_parameters": "--extra",
    "verification_hosts": "--verification-host",
}


def field_name(member: str) -> str:
    """The label of the field for `member`, or its name in the file where it has no field."""
    return translate(FIELD_NAMES[member]) if member in FIELD_NAMES else member


def option_name(member: str) -> str:
    """The option of the command line for `member`."""
    return _OPTIONS.get(member) or f"--{member.replace('_', '-')}"


def secret_name(preset: str) -> str:
    """The provider's term for a client secret, within a sentence."""
    return translate("client password") if _is_cisco(preset) else translate("client secret")


def secret_label(preset: str) -> str:
    """The label of the field for the client secret."""
    return translate("Client password") if _is_cisco(preset) else translate("Client secret")


def _is_cisco(preset: str) -> bool:
    return preset.startswith("xdr-")

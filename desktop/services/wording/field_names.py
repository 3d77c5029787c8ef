"""The names of a profile's fields: in the form, and as options of the command line."""

from __future__ import annotations

from enum import Enum

from desktop.frozen import frozen
from desktop.services.model.profile import EDITABLE
from desktop.services.system.translation import translatable, translate


class Surface(Enum):
    """Where a text is read. Advice differs: a form has fields, a terminal has options."""

    WINDOW = "window"
    TERMINAL = "terminal"


@frozen
class BySurface:
    """One text for the window, another for the terminal."""

    window: str
    terminal: str

    def on(self, surface: Surface) -> str:
        return self.window if surface is Surface.WINDOW else self.terminal


_KEEP_FRESH = translatable("Keep the token fresh")


def field_name(member: str) -> str:
    """The label of the field for `member`, or its name in the file where it has no field."""
    if member == "keep_fresh":  # "always" is one of the choices there
        return translate(_KEEP_FRESH)
    title = EDITABLE[member].title if member in EDITABLE else ""
    return translate(title) if title else member


def option_name(member: str) -> str:
    """The option of the command line for `member`."""
    option = EDITABLE[member].option if member in EDITABLE else None
    return (option.name if option else "") or f"--{member.replace('_', '-')}"


def secret_name(preset: str) -> str:
    """The provider's term for a client secret, within a sentence."""
    return translate("client password") if _is_cisco(preset) else translate("client secret")


def secret_label(preset: str) -> str:
    """The label of the field for the client secret."""
    return translate("Client password") if _is_cisco(preset) else translate("Client secret")


def _is_cisco(preset: str) -> bool:
    return preset.startswith("xdr-")

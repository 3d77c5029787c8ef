"""The options for the values of a profile, which are the fields of the form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from desktop.services.model.members import Kind, Member, Option
from desktop.services.model.profile import EDITABLE
from desktop.services.wording.field_names import option_name

Function = TypeVar("Function", bound=Callable[..., Any])

REGIONS = ("nam", "eu", "apjc")
"""Those of Cisco XDR, whose presets are `xdr-…`."""

_SHORTENED = "client_secret_"  # what options leave out of a choice

# The options that a new profile usually needs; the help lists them first.
_FIRST = (
    *("issuer", "preset", "client_id", "grant", "client_authentication", "scope"),
    *("extra_parameters", "verification_hosts"),
)
SEPARATORS = {Kind.STRINGS: " ", Kind.PARAMETERS: "\n", Kind.ADDRESSES: "\n"}
"""Between the values of an option that can be repeated, as in the form."""


def draft_options(command: Function) -> Function:
    """Add an option for each field of the form, and for the two passwords."""
    for add in reversed(list(_options())):
        command = add(command)
    return command


def _options() -> list[Callable[[Function], Function]]:
    names = (*_FIRST, *(name for name in EDITABLE if name not in _FIRST))
    # The name is an argument of one command, and an option of others.
    members = [_option(EDITABLE[name]) for name in names if name != "name"]
    region = click.option(
        "--region",
        metavar="|".join(REGIONS),
        help="Region of Cisco XDR, the same as --preset xdr-REGION.",
    )
    return [
        *members[:3],
        region,
        *members[3:],
        click.option(
            "--client-secret-stdin",
            is_flag=True,
            help="Read the client secret from a line of stdin. An empty line removes it.",
        ),
        click.option(
            "--proxy-password-stdin",
            is_flag=True,
            help="Read the proxy password from stdin, from the next line if both are read.",
        ),
    ]


def _option(member: Member) -> Callable[[Function], Function]:
    option = member.option or Option("", "")
    return click.option(
        option_name(member.name),
        member.name,
        metavar=option.metavar or None,
        type=None if option.metavar else click.Choice(list(choices_of(member))),
        multiple=member.kind in SEPARATORS,
        help=option.help,
    )


def choices_of(member: Member) -> dict[str, str]:
    """Map each value of the option to what the profile contains."""
    return {each.removeprefix(_SHORTENED): each for each in member.choices}

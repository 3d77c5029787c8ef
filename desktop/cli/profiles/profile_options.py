"""The options for the values of a profile, which are the fields of the form."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from desktop.services.configuration.profile_draft import Draft, Presets, faults_of
from desktop.services.model.members import Kind, Member, Option
from desktop.services.model.profile import EDITABLE
from desktop.services.profile_editor.editor import SecretChanges
from desktop.services.system.translation import translate
from desktop.services.wording.field_names import Surface, option_name, secret_label
from desktop.services.wording.formats import format_values

Function = TypeVar("Function", bound=Callable[..., Any])

_SHORTENED = "client_secret_"  # what options leave out of a choice


# The options that a new profile usually needs; the help lists them first.
_FIRST = (
    *("issuer", "preset", "client_id", "grant", "client_authentication", "scope"),
    *("extra_parameters", "verification_hosts"),
)
# The form has these in one field, with such a separator.
_SEPARATORS = {Kind.STRINGS: " ", Kind.PARAMETERS: "\n"}


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
        metavar="nam|eu|apjc",
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
        type=None if option.metavar else click.Choice(list(_choices(member))),
        multiple=member.kind in _SEPARATORS,
        help=option.help,
    )


def _choices(member: Member) -> dict[str, str]:
    return {each.removeprefix(_SHORTENED): each for each in member.choices}


def apply_options(draft: Draft, given: Mapping[str, Any]) -> Draft:
    """Apply the `given` options to `draft`; an empty value removes one."""
    named = {
        name: _typed(member, given[name])
        for name, member in EDITABLE.items()
        if given.get(name) not in {None, ()}
    }
    if given["region"]:
        if given["preset"]:
            raise click.UsageError(translate("--region cannot be used with --preset."))
        named["preset"] = f"xdr-{given['region']}"
    return replace(draft, **named)


def _typed(member: Member, value: Any) -> str:  # noqa: ANN401 - of its option
    """Convert the value of an option to what is typed in the form."""
    if member.kind in _SEPARATORS:
        return _SEPARATORS[member.kind].join(filter(None, value))
    if member.is_file and value:  # it is read later, from another folder
        return str(Path(value).expanduser().absolute())
    return str(value if member.option and member.option.metavar else _choices(member)[value])


def read_passwords(given: Mapping[str, Any], draft: Draft) -> SecretChanges:
    """Read the passwords; prompts name the client and the user of the proxy. Blocks."""
    secret = password = None
    if given["client_secret_stdin"]:
        label = secret_label(draft.preset)
        secret = _read_password(
            translate("{secret} of {client}: ", secret=label, client=draft.client_id)
        )
    if given["proxy_password_stdin"]:
        password = _read_password(translate("Proxy password of {user}: ", user=draft.proxy_user))
    return SecretChanges(secret, password)


def require_valid_draft(draft: Draft, presets: Presets, *, taken: Collection[str]) -> None:
    """Raise `UsageError` with every mistake in `draft`, as the form would show it.

    `taken` are the ids and names of other profiles.
    """
    if draft.preset and draft.preset not in presets:
        message = translate(
            "No preset named “{name}”. Presets: {presets}",
            name=draft.preset,
            presets=format_values(presets),
        )
        raise click.UsageError(message)
    found = faults_of(draft, presets, surface=Surface.TERMINAL, taken=taken)
    if found:
        lines = [f"{option_name(member)}: {words}" for member, words in found.items()]
        raise click.UsageError("\n".join(lines))


def _read_password(prompt: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(prompt)
    try:
        line = sys.stdin.readline()
    except UnicodeDecodeError:
        raise click.UsageError(translate("The password on stdin is not UTF-8 text.")) from None
    if not line:
        raise click.UsageError(translate("No password on stdin. An empty line removes one."))
    return line.rstrip("\r\n")

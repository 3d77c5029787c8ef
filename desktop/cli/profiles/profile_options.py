"""The options that describe a profile: the fields of the form, and what becomes of them."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import click

from desktop.services.configuration.profile_draft import Draft, Presets, faults_of
from desktop.services.model.profile import COLORS, GRANTS
from desktop.services.profile_editor.editor import SecretChanges
from desktop.services.wording.field_names import for_terminal, option_name

Function = TypeVar("Function", bound=Callable[..., Any])

_AUTHENTICATIONS = {
    "auto": "auto",
    "none": "none",
    "basic": "client_secret_basic",
    "post": "client_secret_post",
}
_PRESET_OF_REGION = "xdr-{region}"


@dataclass(frozen=True, slots=True)
class _FieldOption:
    """An option for one field of the form; `metavar` is what stands for its value."""

    option: str
    member: str
    metavar: str
    help: str


_FIELDS = (
    _FieldOption("--issuer", "issuer", "URL", "Where the provider describes itself."),
    _FieldOption("--preset", "preset", "ID", "A provider that is known: see “profiles presets”."),
    _FieldOption("--client-id", "client_id", "ID", "Which client one signs in as."),
    _FieldOption("--redirect-uri", "redirect_uri", "URL", "Only if the provider insists on one."),
    _FieldOption(
        "--device-authorization-endpoint",
        "device_authorization_endpoint",
        "URL",
        "Where no metadata names it.",
    ),
    _FieldOption("--token-endpoint", "token_endpoint", "URL", "Where no metadata names it."),
    _FieldOption(
        "--authorization-endpoint", "authorization_endpoint", "URL", "The same, for “code”."
    ),
    _FieldOption("--userinfo-endpoint", "userinfo_endpoint", "URL", "Where it says who signed in."),
    _FieldOption(
        "--revocation-endpoint", "revocation_endpoint", "URL", "Where it takes a token back."
    ),
    _FieldOption(
        "--app-grant-endpoint",
        "app_grant_endpoint",
        "URL",
        "Where Cisco XDR takes back all that was granted.",
    ),
    _FieldOption(
        "--expected-issuer",
        "expected_issuer",
        "TEXT",
        "Only if the server describes itself by a name instead of its address.",
    ),
    _FieldOption("--proxy", "proxy", "system|none|URL", "Whether to go through a proxy."),
    _FieldOption("--proxy-user", "proxy_user", "NAME", "The name to give to the proxy."),
    _FieldOption(
        "--ca-file", "ca_file", "FILE", "Authorities in PEM to trust besides the system's."
    ),
    _FieldOption(
        "--letter", "letter", "TEXT", "What stands for it on screen: one character, or two."
    ),
    _FieldOption("--color", "color", "COLOR", f"One of {', '.join(COLORS)}, or like #1a2b3c."),
    _FieldOption(
        "--keep-fresh", "keep_fresh", "true|false", "Renew day and night, or while in use."
    ),
    _FieldOption("--in-use-minutes", "in_use_minutes", "NUMBER", "How long a copy counts as use."),
    _FieldOption(
        "--clipboard-seconds", "clipboard_seconds", "NUMBER", "How long a copy stays there."
    ),
)


# What stands in the form between those that are given one by one.
_SEPARATORS = {"scope": " ", "verification_hosts": " ", "extra_parameters": "\n"}


def draft_options(command: Function) -> Function:
    """Give `command` an option for each field of the form, and for the two passwords."""
    for add in reversed(list(_options())):
        command = add(command)
    return command


def _options() -> list[Callable[[Function], Function]]:
    fields = [
        click.option(each.option, each.member, metavar=each.metavar, help=each.help)
        for each in _FIELDS
    ]
    return [
        *fields[:3],
        click.option(
            "--region", metavar="nam|eu|apjc", help="A region of Cisco XDR: --preset xdr-REGION."
        ),
        click.option("--grant", type=click.Choice(GRANTS), help="How one signs in."),
        click.option(
            "--auth",
            "client_authentication",
            type=click.Choice(list(_AUTHENTICATIONS)),
            help="How the client proves itself.",
        ),
        click.option(
            "--scope", multiple=True, metavar="SCOPE", help="What to ask for; can be repeated."
        ),
        click.option(
            "--extra",
            "extra_parameters",
            multiple=True,
            metavar="NAME=VALUE",
            help="A parameter for the provider, such as audience=…; can be repeated.",
        ),
        click.option(
            "--verification-host",
            "verification_hosts",
            multiple=True,
            metavar="HOST",
            help="Where the approval page may be besides; can be repeated.",
        ),
        *fields[3:],
        click.option(
            "--client-secret-stdin",
            is_flag=True,
            help="Read the client password as a line of stdin; an empty one removes it.",
        ),
        click.option(
            "--proxy-password-stdin",
            is_flag=True,
            help="The same for the proxy, on the next line if both are given.",
        ),
    ]


def apply_options(draft: Draft, given: Mapping[str, Any]) -> Draft:
    """`draft` with what was `given` on the command line; an empty value takes one away."""
    named = {each.member: given[each.member] for each in _FIELDS if given[each.member] is not None}
    if named.get("ca_file"):  # whoever reads it later is elsewhere
        named["ca_file"] = str(Path(named["ca_file"]).expanduser().absolute())
    if given["region"]:
        if given["preset"]:
            raise click.UsageError("--region and --preset do not go together.")
        named["preset"] = _PRESET_OF_REGION.format(region=given["region"])
    if given["grant"]:
        named["grant"] = given["grant"]
    if given["client_authentication"]:
        named["client_authentication"] = _AUTHENTICATIONS[given["client_authentication"]]
    for member, between in _SEPARATORS.items():
        if given[member]:
            named[member] = between.join(filter(None, given[member]))
    return replace(draft, **named)


def read_passwords(given: Mapping[str, Any], *, client: str, proxy: str) -> SecretChanges:
    """The passwords that are to be read; `client` and `proxy` say whose they are. Blocks."""
    return SecretChanges(
        _read_password(f"Password of {client}: ") if given["client_secret_stdin"] else None,
        _read_password(f"Password of {proxy} at the proxy: ")
        if given["proxy_password_stdin"]
        else None,
    )


def require_valid_draft(draft: Draft, presets: Presets) -> None:
    """Raise `UsageError` with what the form says of everything that is wrong with `draft`."""
    if draft.preset and draft.preset not in presets:
        known = ", ".join(presets)
        raise click.UsageError(f"There is no preset “{draft.preset}”; known are {known}.")
    found = faults_of(draft, presets)
    if found:
        lines = [f"{option_name(member)}: {for_terminal(words)}" for member, words in found.items()]
        raise click.UsageError("\n".join(lines))


def _read_password(prompt: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(prompt)
    try:
        line = sys.stdin.readline()
    except UnicodeDecodeError:
        raise click.UsageError("The password on stdin is no text in UTF-8.") from None
    if not line:
        raise click.UsageError("There is no password on stdin; an empty line removes one.")
    return line.rstrip("\r\n")

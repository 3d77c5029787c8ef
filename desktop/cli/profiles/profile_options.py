"""The options for the values of a profile, which are the fields of the form."""

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
from desktop.services.system.translation import translate
from desktop.services.wording.field_names import Surface, option_name
from desktop.services.wording.formats import format_values

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
    """An option for one field of the form; `metavar` stands for its value."""

    option: str
    member: str
    metavar: str
    help: str


_FIELDS = (
    _FieldOption("--issuer", "issuer", "URL", "Issuer of the provider."),
    _FieldOption("--preset", "preset", "ID", "A known provider, from “profiles presets”."),
    _FieldOption("--client-id", "client_id", "ID", "Client ID."),
    _FieldOption(
        "--redirect-uri",
        "redirect_uri",
        "URL",
        "Redirect URI, if the provider requires a fixed one.",
    ),
    _FieldOption(
        "--device-authorization-endpoint",
        "device_authorization_endpoint",
        "URL",
        "Device authorization endpoint, if not in the metadata.",
    ),
    _FieldOption(
        "--token-endpoint", "token_endpoint", "URL", "Token endpoint, if not in the metadata."
    ),
    _FieldOption(
        "--authorization-endpoint",
        "authorization_endpoint",
        "URL",
        "Authorization endpoint, if not in the metadata.",
    ),
    _FieldOption(
        "--userinfo-endpoint", "userinfo_endpoint", "URL", "Endpoint that describes the user."
    ),
    _FieldOption(
        "--revocation-endpoint", "revocation_endpoint", "URL", "Endpoint that revokes a token."
    ),
    _FieldOption(
        "--app-grant-endpoint",
        "app_grant_endpoint",
        "URL",
        "Endpoint of Cisco XDR that revokes all access granted to this app.",
    ),
    _FieldOption(
        "--expected-issuer",
        "expected_issuer",
        "TEXT",
        "Issuer in the metadata, if it is not the address of the server.",
    ),
    _FieldOption("--proxy", "proxy", "system|none|URL", "The proxy to use."),
    _FieldOption("--proxy-user", "proxy_user", "NAME", "User name for the proxy."),
    _FieldOption("--ca-file", "ca_file", "FILE", "Extra CA certificates (PEM)."),
    _FieldOption("--letter", "letter", "TEXT", "One or two characters for the profile's icon."),
    _FieldOption("--color", "color", "COLOR", f"One of {', '.join(COLORS)}, or like #1a2b3c."),
    _FieldOption(
        "--keep-fresh",
        "keep_fresh",
        "true|false",
        "Always keep the token fresh, or only while in use.",
    ),
    _FieldOption(
        "--in-use-minutes",
        "in_use_minutes",
        "NUMBER",
        "Keep renewing for so many minutes after a copy.",
    ),
    _FieldOption(
        "--clipboard-seconds",
        "clipboard_seconds",
        "NUMBER",
        "Clear the clipboard after so many seconds.",
    ),
)


# The form has these in one field, with such a separator.
_SEPARATORS = {"scope": " ", "verification_hosts": " ", "extra_parameters": "\n"}


def draft_options(command: Function) -> Function:
    """Add an option for each field of the form, and for the two passwords."""
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
            "--region",
            metavar="nam|eu|apjc",
            help="Region of Cisco XDR, the same as --preset xdr-REGION.",
        ),
        click.option("--grant", type=click.Choice(GRANTS), help="Sign-in method."),
        click.option(
            "--auth",
            "client_authentication",
            type=click.Choice(list(_AUTHENTICATIONS)),
            help="Client authentication.",
        ),
        click.option(
            "--scope", multiple=True, metavar="SCOPE", help="A scope to request. Repeat for more."
        ),
        click.option(
            "--extra",
            "extra_parameters",
            multiple=True,
            metavar="NAME=VALUE",
            help="A parameter for the provider, such as audience=…. Repeat for more.",
        ),
        click.option(
            "--verification-host",
            "verification_hosts",
            multiple=True,
            metavar="HOST",
            help="Another host for the approval page. Repeat for more.",
        ),
        *fields[3:],
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


def apply_options(draft: Draft, given: Mapping[str, Any]) -> Draft:
    """Apply the `given` options to `draft`; an empty value removes one."""
    named = {each.member: given[each.member] for each in _FIELDS if given[each.member] is not None}
    if named.get("ca_file"):  # it is read later, from another folder
        named["ca_file"] = str(Path(named["ca_file"]).expanduser().absolute())
    if given["region"]:
        if given["preset"]:
            raise click.UsageError(translate("--region cannot be used with --preset."))
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
    """Read the passwords; prompts name the `client` and the user of the `proxy`. Blocks."""
    secret = password = None
    if given["client_secret_stdin"]:
        secret = _read_password(translate("Client secret of {client}: ", client=client))
    if given["proxy_password_stdin"]:
        password = _read_password(translate("Proxy password of {user}: ", user=proxy))
    return SecretChanges(secret, password)


def require_valid_draft(draft: Draft, presets: Presets) -> None:
    """Raise `UsageError` with every mistake in `draft`, as the form would show it."""
    if draft.preset and draft.preset not in presets:
        message = translate(
            "No preset named “{name}”. Presets: {presets}",
            name=draft.preset,
            presets=format_values(presets),
        )
        raise click.UsageError(message)
    found = faults_of(draft, presets, surface=Surface.TERMINAL)
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

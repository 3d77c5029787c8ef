"""What the options for a profile say: a draft, and passwords from stdin."""

from __future__ import annotations

import codecs
import getpass
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

import click

from desktop.cli.profiles.draft_options import REGIONS, SEPARATORS, choices_of
from desktop.cli.terminal.output import print_message
from desktop.cli.terminal.streams import read_stdin, read_stdin_line
from desktop.oauth.addresses import has_hidden_characters
from desktop.services.configuration.profile_draft import Draft, Presets, faults_of
from desktop.services.model.members import Kind, Member
from desktop.services.model.profile import EDITABLE
from desktop.services.profile_editor.editor import SecretChanges
from desktop.services.system.text_input import UndecodableText, decode_text
from desktop.services.system.translation import translate
from desktop.services.wording.field_names import Surface, option_name, secret_label
from desktop.services.wording.formats import format_values, join_sentences

Function = TypeVar("Function", bound=Callable[..., Any])

_LONGEST_INPUT = 64 * 1024  # bytes
_UNDECODABLE = "\ufffd"


def apply_options(draft: Draft, given: Mapping[str, Any]) -> Draft:
    """Apply the `given` options to `draft`; an empty value removes one."""
    named = {
        name: _typed(member, given[name], getattr(draft, name))
        for name, member in EDITABLE.items()
        if given.get(name) not in {None, ()}
    }
    if given["region"]:
        if given["preset"]:
            raise click.UsageError(translate("--region cannot be used with --preset."))
        if given["region"] not in REGIONS:
            raise _unknown_value(
                translate("No region named “{name}”.", name=given["region"]),
                given["region"],
                translate("Regions: {regions}", regions=format_values(REGIONS)),
                REGIONS,
            )
        named["preset"] = f"xdr-{given['region']}"
    return replace(draft, **named)


def _typed(member: Member, value: Any, before: str) -> str:  # noqa: ANN401 - of its option
    """Convert the value of an option to what is typed in the form, where `before` is now."""
    if member.kind is Kind.ADDRESSES:
        return _with_lines(before, value)
    if member.kind in SEPARATORS:
        return SEPARATORS[member.kind].join(filter(None, value))
    if member.is_file and value:  # it is read later, from another folder
        return str(Path(value).expanduser().absolute())
    return str(value if member.option and member.option.metavar else choices_of(member)[value])


def _with_lines(before: str, given: Iterable[str]) -> str:
    """Add the `given` NAME=URL to the lines `before`; NAME= removes a line, an empty one all."""
    lines = {line.partition("=")[0].strip(): line for line in before.splitlines()}
    for each in given:
        name, equals, address = each.partition("=")
        if not each.strip():
            lines.clear()
        elif equals and not address.strip():
            lines.pop(name.strip(), None)
        else:
            lines[name.strip()] = each
    return "\n".join(lines.values())


def read_passwords(given: Mapping[str, Any], draft: Draft) -> SecretChanges:
    """Read the passwords; prompts name the client and the user of the proxy. Blocks."""
    secret = password = None
    lines = _stdin_lines()
    if given["client_secret_stdin"]:
        label = secret_label(draft.preset)
        secret = _read_password(
            translate("{secret} of {client}: ", secret=label, client=draft.client_id), lines
        )
    if given["proxy_password_stdin"]:
        prompt = translate("Proxy password of {user}: ", user=draft.proxy_user)
        password = _read_password(prompt, lines)
    return SecretChanges(secret, password)


def require_valid_draft(draft: Draft, presets: Presets, *, taken: Collection[str]) -> None:
    """Raise `UsageError` with every mistake in `draft`, as the form would show it.

    `taken` are the ids and names of other profiles.
    """
    if draft.preset and draft.preset not in presets:
        raise _unknown_value(
            translate("No preset named “{name}”.", name=draft.preset),
            draft.preset,
            translate("Presets: {presets}", presets=format_values(presets)),
            presets,
        )
    found = faults_of(draft, presets, surface=Surface.TERMINAL, taken=taken)
    if found:
        lines = [
            translate("{name}: {value}", name=option_name(member), value=words)
            for member, words in found.items()
        ]
        raise click.UsageError("\n".join(lines))


def _unknown_value(
    message: str, name: str, choices: str, known: Collection[str]
) -> click.UsageError:
    similar = get_close_matches(name.lower(), known, n=1)
    suggestion = translate("Did you mean “{name}”?", name=similar[0]) if similar else ""
    return click.UsageError(join_sentences(message, suggestion, choices))


def _read_password(prompt: str, lines: Iterator[str]) -> str:
    password = _prompt_for_password(prompt) if sys.stdin.isatty() else _next_line(lines)
    if has_hidden_characters(password):
        raise click.UsageError(
            translate("The password contains invisible characters. Nothing was changed.")
        )
    if password != password.strip():
        if not password.strip():
            raise click.UsageError(
                translate(
                    "The password contains only spaces. To remove a stored password, enter an "
                    "empty line."
                )
            )
        # `echo secret |` in cmd.exe adds one, but a password may have one.
        print_message(translate("Warning: the password begins or ends with a space."))
    return password


def _prompt_for_password(prompt: str) -> str:
    try:
        password = getpass.getpass(prompt)
    except EOFError:
        raise click.Abort from None
    except UnicodeDecodeError:
        password = _UNDECODABLE
    if _UNDECODABLE in password:
        raise click.UsageError(
            translate("Your terminal did not send UTF-8 text. Nothing was changed.")
        )
    return password


def _next_line(lines: Iterator[str]) -> str:
    try:
        line = next(lines, "")
    except (OSError, UndecodableText) as error:
        message = translate(
            "Cannot read the password: {reason}.",
            reason=getattr(error, "strerror", None) or error,
        )
        raise click.UsageError(message) from None
    if not line:
        raise click.UsageError(
            translate("No password on stdin. To remove a stored password, pass an empty line.")
        )
    return line.rstrip("\r\n")


def _stdin_lines() -> Iterator[str]:
    """Decode stdin line by line, since a program may keep it open.

    Raises `OSError` or `UndecodableText`.
    """
    while content := read_stdin_line(_LONGEST_INPUT):
        if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            content += read_stdin(_LONGEST_INPUT)  # its line feeds have two bytes
        if len(content) >= _LONGEST_INPUT:
            raise UndecodableText(translate("stdin is too long"))
        yield from StringIO(decode_text(content, "stdin"), newline="\n")

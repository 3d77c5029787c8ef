"""Responses of the server: formatted on a terminal, unchanged into a pipe, errors explained."""

from __future__ import annotations

import json
import sys
import unicodedata
from datetime import UTC, datetime

import click

from desktop.cli.terminal.exits import Exit
from desktop.cli.terminal.output import print_message
from desktop.frozen import frozen
from desktop.oauth.addresses import host_of
from desktop.oauth.errors import UnsafeAddress, printable
from desktop.oauth.fields import text
from desktop.oauth.http import retry_after
from desktop.oauth.redaction.known_secrets import KnownSecrets
from desktop.oauth.resource import ResourceAnswer
from desktop.services.system.logs import redacted
from desktop.services.system.translation import translatable, translate
from desktop.services.wording.formats import format_duration

LARGEST_ON_SCREEN = 4 * 1024 * 1024  # bytes
_LARGEST_INDENTED = 4 * LARGEST_ON_SCREEN  # characters
LARGEST_ERROR_BODY = 65536  # bytes
_LARGEST_WHOLE = 65536  # characters; a secret that is split over lines is found up to here
_EXIT_CODES = {401: Exit.SIGN_IN_NEEDED, 403: Exit.FORBIDDEN, 429: Exit.NETWORK}


@frozen
class AnswerPrinter:
    """Prints one response; with `include` its status and headers too."""

    profile_id: str
    include: bool

    async def show(self, answer: ResourceAnswer) -> int:
        """Print it on stdout and explain an error on stderr; gives the exit code."""
        if self.include:
            click.echo(_head(answer))
        body, is_whole = await (
            _write_readable(answer) if sys.stdout.isatty() else _write_raw(answer)
        )
        if answer.status >= 300:
            print_message(response_error_message(answer, body, profile_id=self.profile_id))
            return exit_code_for_status(answer.status)
        if not is_whole:
            print_message(too_long_message())
            return Exit.FAILURE
        return Exit.OK


def too_long_message() -> str:
    """Say why not all of a response is shown."""
    return translate(
        "The rest is too long for a terminal. To see all of it, redirect the output to a file."
    )


def exit_code_for_status(status: int) -> Exit:
    if status < 300:
        return Exit.OK
    return Exit.NETWORK if status >= 500 else _EXIT_CODES.get(status, Exit.FAILURE)


def response_error_message(answer: ResourceAnswer, body: bytes, *, profile_id: str) -> str:
    """Explain an error, with the trace id for support and without secrets."""
    answered = json_in(body)
    found = answer.secrets.strike_members(answered) if isinstance(answered, dict) else {}
    error = text(found, "error") or ""
    explanation = text(found, "error_description", "message") or error
    trace_id = text(found, "trace_id", "correlation_id")
    lines = (
        _status_line(answer, printable(explanation)),
        _remedy(answer, error, profile_id),
        translate("Trace ID: {id}", id=printable(trace_id, 64)) if trace_id else "",
    )
    return redacted("\n".join(filter(None, lines)))


def _status_line(answer: ResourceAnswer, explanation: str) -> str:
    status = printable(f"{answer.status} {answer.reason}".rstrip())
    if explanation:
        return translate(
            "{host} answered {status}: “{explanation}”",
            host=answer.host,
            status=status,
            explanation=explanation,
        )
    return translate("{host} answered {status}.", host=answer.host, status=status)


_MISSING_SCOPE = translatable(
    "The token lacks a scope that this request needs. Add it to your client at the provider and to "
    "your profile, then sign in again."
)
_PERHAPS_MISSING_SCOPE = translatable(
    "The token may lack a scope that this request needs. Add it to your client at the provider and "
    "to your profile, then sign in again."
)


def _remedy(answer: ResourceAnswer, error: str, profile_id: str) -> str:
    wait = retry_after(answer.headers, datetime.now(UTC))
    match answer.status:
        case 401:
            return translate("Sign in again: xdr-login login --again --profile {id}", id=profile_id)
        case 403 if error in {"", "insufficient_scope"}:
            # Without an error it may be something else, such as a role (RFC 6750 section 3.1).
            return translate(_MISSING_SCOPE if error else _PERHAPS_MISSING_SCOPE)
        case 429 | 503 if wait:
            return translate("Try again in {duration}.", duration=format_duration(wait))
        case status if 300 <= status < 400:
            if host := _host_in(answer.headers.get("location", "")):
                return translate("It redirects to {host}. Redirects are not followed.", host=host)
            return translate("Redirects are not followed.")
        case _:
            return ""


def _host_in(address: str) -> str:
    try:
        return host_of(address)
    except UnsafeAddress:
        return ""


def json_in(body: bytes) -> object:
    """Parse `body`; `None` if it is not JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _head(answer: ResourceAnswer) -> str:
    first = f"{answer.version} {answer.status} {answer.reason}".rstrip()
    lines = (first, *(f"{name}: {value}" for name, value in answer.header_lines))
    return "".join(f"{terminal_safe(line)}\n" for line in lines)


async def _write_raw(answer: ResourceAnswer) -> tuple[bytes, bool]:
    """Write the pieces as they arrive; gives the beginning, and that nothing is missing."""
    stdout = sys.stdout.buffer
    start = bytearray()
    async for piece in answer.pieces:
        stdout.write(piece)
        start += piece[: LARGEST_ERROR_BODY - len(start)]
    stdout.flush()
    return bytes(start), True


async def _write_readable(answer: ResourceAnswer) -> tuple[bytes, bool]:
    """Write formatted text; gives its bytes, and whether they are complete."""
    body, is_whole = await read_beginning(answer, LARGEST_ON_SCREEN)
    if shown := readable_without_secrets(body, answer.secrets):
        click.echo(shown)
    return body, is_whole


def readable_without_secrets(body: bytes, secrets: KnownSecrets) -> str:
    """Format `body` for a terminal as `readable` does, without what the server repeats."""
    shown = readable(body)
    if len(shown) <= _LARGEST_WHOLE:
        return secrets.strike(shown)
    return "\n".join(map(secrets.strike, shown.split("\n")))


async def read_beginning(answer: ResourceAnswer, most: int) -> tuple[bytes, bool]:
    """Read up to `most` bytes of the body; gives also whether they are complete."""
    body = bytearray()
    async for piece in answer.pieces:
        body += piece
        if len(body) > most:
            break
    is_whole = len(body) <= most
    del body[most:]
    return bytes(body), is_whole


def readable(body: bytes) -> str:
    """Format JSON with one line per member, other text unchanged, without control characters."""
    try:
        found = _indented(json.loads(body))
    except (ValueError, RecursionError):
        found = body.decode("utf-8", "replace").rstrip("\n")
    return terminal_safe(found)


def _indented(value: object) -> str:
    """Format `value` as JSON; raises `ValueError` if its indentation makes it far too long."""
    lines, length = [], 0
    for piece in json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(value):
        lines.append(piece)
        length += len(piece)
        if length > _LARGEST_INDENTED:
            raise ValueError("too deep and too much")
    return "".join(lines)


def terminal_safe(written: str) -> str:
    """Escape characters that would control the terminal, or that are invisible."""
    return "".join(
        f"\\u{ord(c):04x}" if unicodedata.category(c)[0] == "C" and c not in "\n\t" else c
        for c in written
    )

"""What the server answered: readable on a terminal, raw into a pipe; errors in words besides."""

from __future__ import annotations

import json
import sys
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime

import click

from desktop.cli.terminal.exits import Exit
from desktop.cli.terminal.output import print_message
from desktop.oauth.addresses import host_of
from desktop.oauth.errors import UnsafeAddress, printable
from desktop.oauth.fields import text
from desktop.oauth.http import retry_after
from desktop.oauth.resource import ResourceAnswer
from desktop.services.system.logs import redacted
from desktop.services.wording.durations import format_duration

LARGEST_ON_SCREEN = 4 * 1024 * 1024  # bytes
_LARGEST_INDENTED = 4 * LARGEST_ON_SCREEN  # characters
_LARGEST_ERROR_BODY = 65536  # bytes that are read of an error
_EXIT_CODES = {401: Exit.SIGN_IN_NEEDED, 403: Exit.FORBIDDEN, 429: Exit.NETWORK}


@dataclass(frozen=True, slots=True)
class AnswerPrinter:
    """Shows one answer; with `include` its status and headers too."""

    profile_id: str
    include: bool

    async def show(self, answer: ResourceAnswer) -> int:
        """Write it to stdout, what it means to stderr where it is an error; gives the exit code."""
        if self.include:
            click.echo(_head(answer))
        body, is_whole = await (
            _write_readable(answer) if sys.stdout.isatty() else _write_raw(answer)
        )
        if answer.status >= 300:
            print_message(response_error_message(answer, body, profile_id=self.profile_id))
            return exit_code_for_status(answer.status)
        if not is_whole:
            print_message("The rest is too much for a terminal: write it to a file, with > FILE.")
            return Exit.FAILURE
        return Exit.OK


def exit_code_for_status(status: int) -> Exit:
    """The exit code for an answer of this status."""
    if status < 300:
        return Exit.OK
    return Exit.NETWORK if status >= 500 else _EXIT_CODES.get(status, Exit.FAILURE)


def response_error_message(answer: ResourceAnswer, body: bytes, *, profile_id: str) -> str:
    """What an error means, with the trace id that support asks for; never a secret."""
    found = _object_in(body)
    error = text(found, "error") or ""
    told = text(found, "error_description", "message") or error
    trace_id = text(found, "trace_id", "correlation_id")
    status = " ".join(filter(None, (str(answer.status), answer.reason)))
    lines = (
        f"{answer.host} answered {printable(status)}{f': {printable(told)}' if told else '.'}",
        _remedy(answer, error, profile_id),
        f"trace {printable(trace_id, 64)}" if trace_id else "",
    )
    return redacted("\n".join(filter(None, lines)))


def _remedy(answer: ResourceAnswer, error: str, profile_id: str) -> str:
    wait = retry_after(answer.headers, datetime.now(UTC))
    match answer.status:
        case 401:
            return f"Sign in again: xdr-login login --profile {profile_id}"
        case 403 if error in {"", "insufficient_scope"}:
            return "The token may not do this: the profile's client needs another scope."
        case 429 | 503 if wait:
            return f"Try again in {format_duration(wait)}."
        case status if 300 <= status < 400:
            to = _host_in(answer.headers.get("location", ""))
            return f"It points to {to or 'another place'}; that is never followed."
        case _:
            return ""


def _host_in(address: str) -> str:
    try:
        return host_of(address)
    except UnsafeAddress:
        return ""


def _object_in(body: bytes) -> dict[str, object]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _head(answer: ResourceAnswer) -> str:
    first = f"{answer.version} {answer.status} {answer.reason}".rstrip()
    lines = (first, *(f"{name}: {value}" for name, value in answer.header_lines))
    return "".join(f"{terminal_safe(line)}\n" for line in lines)


async def _write_raw(answer: ResourceAnswer) -> tuple[bytes, bool]:
    """Write the pieces as they come; gives the first of them, and that it is all there."""
    stdout = sys.stdout.buffer
    start = bytearray()
    async for piece in answer.pieces:
        stdout.write(piece)
        start += piece[: _LARGEST_ERROR_BODY - len(start)]
    stdout.flush()
    return bytes(start), True


async def _write_readable(answer: ResourceAnswer) -> tuple[bytes, bool]:
    """Write what a person can read; gives the bytes, and whether they are all."""
    body = bytearray()
    async for piece in answer.pieces:
        body += piece
        if len(body) > LARGEST_ON_SCREEN:
            break
    is_whole = len(body) <= LARGEST_ON_SCREEN
    shown = readable(bytes(body[:LARGEST_ON_SCREEN]))
    if shown:
        click.echo(shown)
    return bytes(body), is_whole


def readable(body: bytes) -> str:
    """JSON with a line for each member, else the text as it is; nothing moves the cursor."""
    try:
        found = _indented(json.loads(body))
    except (ValueError, RecursionError):
        found = body.decode("utf-8", "replace").rstrip("\n")
    return terminal_safe(found)


def _indented(value: object) -> str:
    """`value` as JSON; raises `ValueError` where the margins make far more of it than came."""
    lines, length = [], 0
    for piece in json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(value):
        lines.append(piece)
        length += len(piece)
        if length > _LARGEST_INDENTED:
            raise ValueError("too deep and too much")
    return "".join(lines)


def terminal_safe(written: str) -> str:
    """`written` without characters that a terminal would obey, or that nobody sees."""
    return "".join(
        f"\\u{ord(c):04x}" if unicodedata.category(c)[0] == "C" and c not in "\n\t" else c
        for c in written
    )

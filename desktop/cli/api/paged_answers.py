"""All pages of an answer, printed as if they were one."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import click

from desktop.cli.api.api_answers import (
    LARGEST_ERROR_BODY,
    LARGEST_ON_SCREEN,
    AnswerPrinter,
    exit_code_for_status,
    read_beginning,
    readable_without_secrets,
    response_error_message,
    too_long_message,
)
from desktop.cli.api.authorized_call import AuthorizedClient
from desktop.cli.terminal.exits import Exit
from desktop.cli.terminal.output import print_message
from desktop.oauth.redaction.known_secrets import KnownSecrets
from desktop.oauth.resource import ResourceAnswer, ResourceRequest
from desktop.services.system.translation import translate
from desktop.services.token.pagination import next_address

MOST_PAGES = 1000
_LARGEST_PAGE = 16_000_000  # bytes


class Stopped(Exception):
    """There may be more pages; the text tells why they are not read, unless that is known."""

    def __init__(self, message: str, code: int = Exit.FAILURE) -> None:
        super().__init__(message)
        self.code = code


async def print_pages(
    client: AuthorizedClient,
    request: ResourceRequest,
    printer: AnswerPrinter,
    *,
    allowed: Callable[[str], str],
) -> int:
    """Request page after page, and print them as one; gives the exit code.

    `allowed` returns the address of a next page as it is requested, or raises `Stopped`.
    """
    pages, visited = JoinedPages(is_terminal=sys.stdout.isatty()), set[str]()

    async def read(answer: ResourceAnswer) -> str:
        await _require_success(answer, printer, is_first=len(visited) == 1)
        body, is_whole = await read_beginning(answer, _LARGEST_PAGE)
        if not is_whole:
            raise Stopped(translate("Stopped: a page is larger than 16 MB."))
        pages.add(body, answer.secrets)
        return next_address(request.address, answer.header_lines)

    try:
        while True:
            visited.add(request.address)
            following = await client.call(request, read, may_repeat=True)
            if not following:
                return Exit.OK
            request = replace(request, address=allowed(following))
            _require_new(request.address, visited)
    except Stopped as stop:
        if str(stop):
            print_message(str(stop))
        return stop.code
    finally:
        pages.finish()


def _require_new(address: str, visited: set[str]) -> None:
    if address in visited:
        raise Stopped(translate("Stopped: the server sent the same page again."))
    if len(visited) == MOST_PAGES:
        raise Stopped(translate("Stopped after {count} pages.", count=MOST_PAGES))


async def _require_success(
    answer: ResourceAnswer, printer: AnswerPrinter, *, is_first: bool
) -> None:
    """Raise `Stopped` for an error; only that of the first page is printed like an answer."""
    if answer.status < 300:
        return
    if is_first:
        raise Stopped("", await printer.show(answer))
    body, _ = await read_beginning(answer, LARGEST_ERROR_BODY)
    message = response_error_message(answer, body, profile_id=printer.profile_id)
    raise Stopped(message, exit_code_for_status(answer.status))


@dataclass(slots=True)
class JoinedPages:
    """Prints arrays as one, and everything else one after the other.

    A pipe gets them as they arrive, unchanged but for their brackets. A terminal gets them
    formatted, at the end.
    """

    is_terminal: bool
    _is_in_array: bool = False
    _has_elements: bool = False
    _documents: list[bytearray] = field(default_factory=list)
    _size: int = 0
    _secrets: KnownSecrets = field(default_factory=KnownSecrets)

    def add(self, body: bytes, secrets: KnownSecrets) -> None:
        """Add one page. Raises `Stopped` where a terminal has enough of them."""
        self._secrets = secrets
        elements = _elements_in(body)
        if elements is None:
            self._end_array()
            self._start_document(body.strip())
            self._end_document()
            return
        if not self._is_in_array:
            self._start_document(b"[")
            self._is_in_array, self._has_elements = True, False
        if elements:
            self._write(b"," if self._has_elements else b"")
            self._write(elements)
            self._has_elements = True
        if self.is_terminal and self._size > LARGEST_ON_SCREEN:
            raise Stopped(too_long_message())

    def finish(self) -> None:
        """Print what is missing."""
        self._end_array()
        for each in self._documents:
            if shown := readable_without_secrets(bytes(each), self._secrets):
                click.echo(shown)
        self._documents.clear()

    def _end_array(self) -> None:
        if self._is_in_array:
            self._is_in_array = False
            self._write(b"]")
            self._end_document()

    def _start_document(self, start: bytes) -> None:
        if self.is_terminal:
            self._documents.append(bytearray())
        self._write(start)

    def _end_document(self) -> None:
        if not self.is_terminal:
            self._write(b"\n")

    def _write(self, piece: bytes) -> None:
        self._size += len(piece)
        if self.is_terminal:
            self._documents[-1] += piece
        else:
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()


def _elements_in(body: bytes) -> bytes | None:
    """Return what is between the brackets of a JSON array; `None` if `body` is none."""
    try:
        is_array = _is_array(body.decode())
    except (ValueError, RecursionError):
        return None
    return body.strip(_SPACE)[1:-1].strip(_SPACE) if is_array else None


def _is_array(text: str) -> bool:
    """Tell whether `text` is a JSON array; raises `ValueError` if an element is not JSON.

    They are parsed one at a time: together, they would take up to thirty times the memory.
    """
    decode = json.JSONDecoder().raw_decode
    if (start := _START.match(text)) is None:
        return False
    at, is_last = start.end(), bool(start[1])
    while not is_last:
        _, at = decode(text, at)
        if (found := _SEPARATOR.match(text, at)) is None:
            return False
        at, is_last = found.end(), found[1] == "]"
    return at == len(text)


# Whitespace as in RFC 8259 section 2.
_SPACE = b" \t\r\n"
_START = re.compile(r"[ \t\r\n]*\[[ \t\r\n]*(?:(\])[ \t\r\n]*)?")
_SEPARATOR = re.compile(r"[ \t\r\n]*([,\]])[ \t\r\n]*")

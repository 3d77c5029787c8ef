"""Which parts of a request are secrets, and which are public."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from desktop.oauth.redaction.known_secrets import KnownSecrets

if TYPE_CHECKING:
    import httpx

_LARGEST_CONTENT = 262_144  # bytes of a request that are searched
_MOST_FIELDS = 1000
# By their names, as RFC 6749, its extensions and other programs have them.
_SECRET_NAME = re.compile(
    r"token|secret|passw|pwd|assertion|code|verifier|credential|key|otp|^pin$|auth|session|cookie",
    re.IGNORECASE,
)
_PUBLIC_NAME = re.compile(
    r"(?:^|_)(?:type|hint|method|challenge|id|uri|url)$|^accept|^content-|^proxy-connection$",
    re.IGNORECASE,
)


def add_request(secrets: KnownSecrets, request: httpx.Request) -> None:
    """Let `secrets` know what `request`, whose content is loaded, contains."""
    address = str(request.url)
    secrets.add_public(address.partition("?")[0])
    for name, value in _fields(address, request):
        if _is_secret(name):
            secrets.add(value)
        else:
            secrets.add_public(value)
    for name, value in request.headers.items():
        if name.lower() == "authorization":
            secrets.add(*_credentials(value))
        elif _is_secret(name):
            secrets.add(value)


def _is_secret(name: str) -> bool:
    return bool(_SECRET_NAME.search(name)) and not _PUBLIC_NAME.search(name)


def _fields(address: str, request: httpx.Request) -> Iterator[tuple[str, str]]:
    yield from _form_fields(urlsplit(address).query)
    content = request.content[:_LARGEST_CONTENT].decode("utf-8", "replace")
    if "json" in request.headers.get("content-type", ""):
        yield from _json_fields(content)
    else:
        yield from _form_fields(content)


def _form_fields(text: str) -> Iterable[tuple[str, str]]:
    try:
        return parse_qsl(text, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return ()


def _json_fields(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []

    def note(pairs: list[tuple[str, object]]) -> None:
        found.extend((name, value) for name, value in pairs if isinstance(value, str))

    with suppress(ValueError, RecursionError):
        json.loads(text, object_pairs_hook=note)
    return found[:_MOST_FIELDS]


def _credentials(header: str) -> Iterator[str]:
    """Yield the secrets of an Authorization header (RFC 6750 section 2.1, RFC 7617)."""
    scheme, _, credentials = header.partition(" ")
    yield credentials
    if scheme.lower() == "basic":
        try:
            pair = base64.b64decode(credentials, validate=True).decode("utf-8", "replace")
        except binascii.Error:
            return
        password = pair.partition(":")[2]
        yield from (password, unquote(password))

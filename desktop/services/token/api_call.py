"""One call of a route of the profile's own host: what may be asked, and how it is written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urlsplit

from desktop.oauth.addresses import checked_address, has_hidden_characters, origin_of
from desktop.oauth.errors import printable
from desktop.oauth.resource import ResourceRequest
from desktop.services.model.profile import Profile

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
SAFE_METHODS = ("GET", "HEAD")  # RFC 9110 section 9.2.1: they change nothing
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

# What decides who asks, and whom; and what the connection itself sets.
_RESERVED_HEADERS = {
    *("authorization", "proxy-authorization", "cookie", "host"),
    *("connection", "content-length", "expect", "te", "trailer", "transfer-encoding", "upgrade"),
}
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
# RFC 3986 section 3.3 and 3.4, and what is percent-encoded already.
_SAFE_IN_PATH = "/%:@!$&'()*+,;=~"
_SAFE_IN_QUERY = f"{_SAFE_IN_PATH}?"


class BadCall(ValueError):
    """What was asked for makes no call; its text says why, to a person."""


@dataclass(frozen=True, slots=True)
class Body:
    """What goes along: a text, or the content of a file that is read when it is needed."""

    media_type: str
    text: str = field(default="", repr=False)
    file: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One call; `headers` come without the token, and hold the type of the body."""

    method: str
    address: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: Body | None = None

    @property
    def is_safe(self) -> bool:
        """Whether it changes nothing at the server."""
        return self.method in SAFE_METHODS


@dataclass(frozen=True, slots=True)
class CallArguments:
    """What a person wrote: fields as `key=value`, headers as `Name: value`, a file for the body."""

    method: str
    path: str
    fields: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    input_file: str = ""
    as_form: bool = False


def server_origin(profile: Profile) -> str:
    """The server of `profile`, such as https://login.example; no other one gets its token.

    Raises `UnsafeAddress`.
    """
    home = profile.issuer or profile.token_endpoint
    parts = urlsplit(checked_address(home))
    return f"{parts.scheme}://{parts.netloc}"


def make_call(home: str, wish: CallArguments) -> Call:
    """The call that `wish` means, at the server `home`; raises `BadCall`."""
    method = wish.method.upper()
    if method not in METHODS:
        raise BadCall(f"{printable(wish.method, 20)} is none of {', '.join(METHODS)}.")
    fields = [_parse_field(each) for each in wish.fields]
    body = _body(method, wish, fields)
    in_query = method in SAFE_METHODS or bool(wish.input_file)
    address = _address(home, wish.path, fields if in_query else [])
    return Call(method, address, _headers(wish.headers, body), body)


def request_for(call: Call, content: bytes | None = None) -> ResourceRequest:
    """What is sent for `call`; `content` is its body, read where that is a file."""
    return ResourceRequest(call.method, call.address, call.headers, content)


def _address(home: str, path: str, fields: list[tuple[str, str]]) -> str:
    shown = printable(path, 60)
    if not path.startswith("/") or path.startswith("//"):
        raise BadCall(
            f"“{shown}” is no path: it begins with one slash, such as /iroh/oauth2/grant-status. "
            f"No other server than {home} can be asked."
        )
    if "\\" in path or "#" in path or has_hidden_characters(path) or re.search(r"\s", path):
        raise BadCall(f"“{shown}” holds what no path can: a backslash, a space, or “#”.")
    if missing := re.search(r"\{[^}]*\}", path):
        raise BadCall(f"Put a value in place of {printable(missing[0], 60)} in the path.")
    way, _, query = path.partition("?")
    query = "&".join(filter(None, (quote(query, safe=_SAFE_IN_QUERY), urlencode(fields))))
    address = f"{home}{quote(way, safe=_SAFE_IN_PATH)}{'?' if query else ''}{query}"
    if origin_of(checked_address(address)) != origin_of(home):
        raise BadCall(f"“{shown}” leads to another server than {home}.")
    return address


def _body(method: str, wish: CallArguments, fields: list[tuple[str, str]]) -> Body | None:
    if wish.input_file:
        if method in SAFE_METHODS:
            raise BadCall(f"{method} takes no body.")
        return Body(FORM if wish.as_form else JSON, file=wish.input_file)
    if method in SAFE_METHODS or not fields:
        return None
    if wish.as_form:
        return Body(FORM, urlencode(fields))
    return Body(JSON, json.dumps(_json_members(fields)))


def _json_members(fields: Iterable[tuple[str, str]]) -> dict[str, str | list[str]]:
    """Fields as members; one that is there more than once becomes a list."""
    gathered: dict[str, list[str]] = {}
    for name, value in fields:
        gathered.setdefault(name, []).append(value)
    return {name: each if len(each) > 1 else each[0] for name, each in gathered.items()}


def _parse_field(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        # Not the text itself: it may be a secret.
        raise BadCall("A field is written key=value.")
    if not _is_encodable(text):
        raise BadCall(f"The field {printable(name, 40)} holds characters that cannot be sent.")
    return name, value


def _is_encodable(text: str) -> bool:
    try:
        text.encode()  # half a character cannot: what the terminal sent was no UTF-8
    except UnicodeEncodeError:
        return False
    return True


def _headers(given: tuple[str, ...], body: Body | None) -> tuple[tuple[str, str], ...]:
    named = [_parse_header(each) for each in given]
    names = {name.lower() for name, _ in named}
    defaults = [("Accept", JSON)] + ([("Content-Type", body.media_type)] if body else [])
    return (*(each for each in defaults if each[0].lower() not in names), *named)


def _parse_header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    value = value.strip()
    if not colon or not _HEADER_NAME.fullmatch(name):
        raise BadCall("A header is written Name: value.")
    if name.lower() in _RESERVED_HEADERS:
        raise BadCall(f"The header {name} cannot be set: it is this program that says who asks.")
    # RFC 9110 section 5.5: anything else could end the line, or is read by nobody alike.
    if not (value and value.isascii() and value.isprintable()):
        raise BadCall(f"The header {name} holds nothing, or characters that cannot be sent.")
    return name, value

"""An API call to the server of a profile: what is allowed, and how it is written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import field, replace
from urllib.parse import quote, urlencode

from desktop.frozen import frozen
from desktop.oauth.addresses import checked_address, has_hidden_characters, origin_of
from desktop.oauth.errors import printable
from desktop.oauth.resource import ResourceRequest
from desktop.services.model.api_calls import METHODS, SAFE_METHODS
from desktop.services.model.profile import Profile
from desktop.services.system.translation import translate
from desktop.services.token.api_services import ServiceError, locate
from desktop.services.wording.formats import format_values

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

# Headers that identify the caller or the server, and those that the connection sets itself.
_RESERVED_HEADERS = {
    *("authorization", "proxy-authorization", "cookie", "host"),
    *("connection", "content-length", "expect", "te", "trailer", "transfer-encoding", "upgrade"),
}
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
# RFC 3986 section 3.3 and 3.4, and what is percent-encoded already.
_SAFE_IN_PATH = "/%:@!$&'()*+,;=~"
_SAFE_IN_QUERY = f"{_SAFE_IN_PATH}?"


class BadCall(ValueError):
    """An invalid call; its text tells the user why."""


@frozen
class Body:
    """The body: a text, or a file that is read when it is needed."""

    media_type: str
    text: str = field(default="", repr=False)
    file: str = ""


@frozen
class Call:
    """One call; `headers` contain the media type of the body, but not the token."""

    method: str
    address: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: Body | None = None

    @property
    def is_safe(self) -> bool:
        """Whether the call changes nothing on the server."""
        return self.method in SAFE_METHODS


@frozen
class CallArguments:
    """What the user typed: fields as `key=value`, headers as `Name: value`, a file for the body."""

    method: str
    path: str
    fields: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    input_file: str = ""
    as_form: bool = False


def call_for(profile: Profile, arguments: CallArguments) -> Call:
    """Make the call that `arguments` describe, to a service of `profile`; raises `BadCall`."""
    try:
        place = locate(profile, arguments.path)
    except ServiceError as error:
        raise BadCall(str(error)) from error
    return make_call(place.base, replace(arguments, path=place.path))


def make_call(server: str, arguments: CallArguments) -> Call:
    """Make the call that `arguments` describe, to the base address `server`; raises `BadCall`."""
    method = arguments.method.upper()
    if method not in METHODS:
        raise BadCall(
            translate(
                "Unknown method {method}. Use one of {methods}.",
                method=printable(arguments.method, 20),
                methods=format_values(METHODS),
            )
        )
    fields = [_parse_field(each) for each in arguments.fields]
    body = _body(method, arguments, fields)
    in_query = method in SAFE_METHODS or bool(arguments.input_file)
    address = _address(server, arguments.path, fields if in_query else [])
    return Call(method, address, _headers(arguments.headers, body), body)


def request_for(call: Call, content: bytes | None = None) -> ResourceRequest:
    """Make the request of `call`; `content` is its body, read already if that is a file."""
    return ResourceRequest(call.method, call.address, call.headers, content)


def _address(server: str, path: str, fields: list[tuple[str, str]]) -> str:
    shown = printable(path, 60)
    if not path.startswith("/") or path.startswith("//"):
        raise BadCall(
            translate(
                "Not a path: “{path}”. Paths start with one slash, for example "
                "/iroh/oauth2/grant-status.",
                path=shown,
            )
        )
    if "\\" in path or "#" in path or has_hidden_characters(path) or re.search(r"\s", path):
        raise BadCall(
            translate(
                "Invalid path: “{path}”. A path can't contain backslashes, spaces or “#”.",
                path=shown,
            )
        )
    if missing := re.search(r"\{[^{}]*\}", path):
        raise BadCall(
            translate("Replace {name} in the path with a value.", name=printable(missing[0], 60))
        )
    plain_path, _, query = path.partition("?")
    query = "&".join(filter(None, (quote(query, safe=_SAFE_IN_QUERY), urlencode(fields))))
    address = f"{server}{quote(plain_path, safe=_SAFE_IN_PATH)}{'?' if query else ''}{query}"
    if origin_of(checked_address(address)) != origin_of(server):
        raise BadCall(
            translate(
                "“{path}” leads to another server. Calls go to {server} only.",
                path=shown,
                server=server,
            )
        )
    return address


def _body(method: str, arguments: CallArguments, fields: list[tuple[str, str]]) -> Body | None:
    if arguments.input_file:
        if method in SAFE_METHODS:
            raise BadCall(
                translate("{method} requests have no body. Use another method.", method=method)
            )
        return Body(FORM if arguments.as_form else JSON, file=arguments.input_file)
    if method in SAFE_METHODS or not fields:
        return None
    if arguments.as_form:
        return Body(FORM, urlencode(fields))
    return Body(JSON, json.dumps(_json_members(fields)))


def _json_members(fields: Iterable[tuple[str, str]]) -> dict[str, str | list[str]]:
    """Turn fields into members; a repeated field becomes a list."""
    gathered: dict[str, list[str]] = {}
    for name, value in fields:
        gathered.setdefault(name, []).append(value)
    return {name: each if len(each) > 1 else each[0] for name, each in gathered.items()}


def _parse_field(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        # The text itself is not shown, because it may be a secret.
        raise BadCall(translate("Invalid field. Write fields as key=value."))
    if not _is_encodable(text):
        raise BadCall(
            translate(
                "Field {name} contains characters that can't be sent.", name=printable(name, 40)
            )
        )
    return name, value


def _is_encodable(text: str) -> bool:
    try:
        text.encode()  # fails for input of the terminal that was not UTF-8
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
        raise BadCall(translate("Invalid header. Write headers as “Name: value”."))
    if name.lower() in _RESERVED_HEADERS:
        raise BadCall(translate("Can't set {name}: XDR Login sets this header itself.", name=name))
    # RFC 9110 section 5.5: anything else could end the line, or is read differently everywhere.
    if not (value and value.isascii() and value.isprintable()):
        raise BadCall(
            translate(
                "Header {name} is empty or contains characters that can't be sent.", name=name
            )
        )
    return name, value

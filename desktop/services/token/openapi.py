"""Reads the routes in an OpenAPI description, which may be malformed in any way."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from desktop.frozen import frozen
from desktop.oauth.errors import printable
from desktop.services.system.files import read_file
from desktop.services.system.resources import resource
from desktop.services.system.translation import translate

BUNDLED_DESCRIPTION = "openapi/iroh-oauth2.json"
MAX_DESCRIPTION_SIZE = 16_000_000  # bytes
MAX_ROUTES = 5000
MAX_PARAMETERS = 200  # of one route
MAX_SCOPES = 200  # of one route
_LONGEST_NAME = 1000  # characters of a reference or a path
_MAX_HOPS = 8  # references to references
_METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")
_BODY_KINDS = {"body": "body", "formData": "form"}  # OpenAPI 2


T = TypeVar("T")


class BadDescription(ValueError):
    """A description that cannot be used; its text tells the user why."""


@frozen
class Parameter:
    """A parameter of a route; `where` is path, query, header, cookie, form or body.

    `assumed` says what is uncertain about it, if anything.
    """

    name: str
    where: str
    text: str
    required: bool
    assumed: str


@frozen
class Route:
    """A method and a path; `scopes` are those that the access token must have."""

    group: str
    method: str
    path: str
    text: str
    parameters: tuple[Parameter, ...]
    needs_token: bool
    scopes: tuple[str, ...]
    assumed: str


def load_bundled_routes() -> tuple[Route, ...]:
    return parse_routes(resource(BUNDLED_DESCRIPTION).read_bytes())


def load_routes(file: Path, *, on_wait: Callable[[], None]) -> tuple[Route, ...]:
    """Load the routes that `file` describes; raises `BadDescription` or `OSError`.

    `on_wait` is called if it is a pipe whose writer takes long.
    """
    try:
        content = read_file(file, limit=MAX_DESCRIPTION_SIZE, on_wait=on_wait)
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        raise BadDescription(translate("The file is larger than 16 MB.")) from error
    return parse_routes(content)


def parse_routes(content: bytes) -> tuple[Route, ...]:
    """Read the routes of OpenAPI 2 or 3 in JSON, by group; raises `BadDescription`."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadDescription(
            translate("The file isn't JSON. Convert YAML to JSON first.")
        ) from error
    if not isinstance(document, dict) or not {"openapi", "swagger"} & document.keys():
        raise BadDescription(
            translate("The file isn't an OpenAPI description: “openapi” or “swagger” is missing.")
        )
    reader = _Reader(document)
    routes = list(reader.routes())
    if len(routes) > MAX_ROUTES:
        raise BadDescription(
            translate("The description has more than {count} routes.", count=MAX_ROUTES)
        )
    if not routes:
        raise BadDescription(translate("The description has no routes."))
    order = reader.group_order()
    return tuple(sorted(routes, key=lambda route: order.get(route.group, len(order))))


class _Reader:
    """Reads one document, and skips what is malformed."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._base = _base_path(document)[:_LONGEST_NAME]
        parts = _members(document.get("components"))
        schemes = parts.get("securitySchemes", document.get("securityDefinitions"))
        self._schemes = _members(schemes)
        # By the identity of what was read: references lead to the same objects again and again.
        self._known: dict[tuple[object, ...], Any] = {}

    def group_order(self) -> dict[str, int]:
        tags = [_members(tag).get("name") for tag in _list(self._document.get("tags"))]
        return {_text(name): place for place, name in enumerate(tags)}

    def routes(self) -> Iterator[Route]:
        """Read the routes, at most one more than are allowed."""
        count = 0
        for path, item in _members(self._document.get("paths")).items():
            found = self._resolved(item)
            for method in _METHODS:
                if isinstance(found.get(method), dict) and count <= MAX_ROUTES:
                    count += 1
                    yield self._route(str(path), method, found[method], found)

    def _route(
        self, path: str, method: str, operation: dict[str, Any], item: dict[str, Any]
    ) -> Route:
        route = self._remembered(
            ("route", id(operation), id(item)), lambda: self._read_route(operation, item)
        )
        return replace(route, method=method.upper(), path=printable(self._base + path))

    def _read_route(self, operation: dict[str, Any], item: dict[str, Any]) -> Route:
        given = chain(_list(item.get("parameters")), _list(operation.get("parameters")))
        found = [self._parameter(each) for each in islice(given, MAX_PARAMETERS)]
        parameters = {(each.name, each.where): each for each in found}
        names = _list(operation.get("tags"))
        needs_token, scopes = self._security(operation)
        return Route(
            group=_text(names[0]) if names else "",
            method="",
            path="",
            text=_text(operation.get("summary") or operation.get("description")),
            parameters=(*parameters.values(), *self._body(operation)),
            needs_token=needs_token,
            scopes=scopes,
            assumed=_assumed(operation),
        )

    def _remembered(self, key: tuple[object, ...], read: Callable[[], T]) -> T:
        """Read each object of the document once, however many references lead to it."""
        if key not in self._known:
            self._known[key] = read()
        found: T = self._known[key]
        return found

    def _parameter(self, value: object) -> Parameter:
        found = self._resolved(value)
        if not found:  # perhaps not from the document, so that its identity means nothing
            return Parameter("", "", "", required=False, assumed="")
        return self._remembered(("parameter", id(found)), lambda: _read_parameter(found))

    def _body(self, operation: dict[str, Any]) -> tuple[Parameter, ...]:
        content = _members(self._resolved(operation.get("requestBody")).get("content"))
        media_type = next(iter(content), "")
        schema = self._resolved(_members(content.get(media_type)).get("schema"))
        if not schema:
            return ()
        where = "form" if "form" in media_type[:_LONGEST_NAME] else "body"
        return self._remembered(
            ("body", where, id(schema)), lambda: tuple(self._read_body(schema, where))
        )

    def _read_body(self, schema: dict[str, Any], where: str) -> Iterator[Parameter]:
        required = {each for each in _list(schema.get("required")) if isinstance(each, str)}
        for name, value in islice(_members(schema.get("properties")).items(), MAX_PARAMETERS):
            found = self._resolved(value)
            yield Parameter(
                name=_text(name),
                where=where,
                text=_text(found.get("description")),
                required=name in required,
                assumed=_assumed(found) or _assumed(schema),
            )

    def _security(self, operation: dict[str, Any]) -> tuple[bool, tuple[str, ...]]:
        """Whether an access token is needed, and the scopes of all alternatives."""
        alternatives = operation.get("security", self._document.get("security"))
        if not isinstance(alternatives, list):
            return False, ()
        return self._remembered(
            ("security", id(alternatives)), lambda: self._read_security(alternatives)
        )

    def _read_security(self, alternatives: list[Any]) -> tuple[bool, tuple[str, ...]]:
        named = (pair for each in alternatives for pair in _members(each).items())
        tokens = [
            _list(scopes) for name, scopes in islice(named, MAX_SCOPES) if self._is_token(name)
        ]
        scopes = islice((_text(each) for found in tokens for each in found), MAX_SCOPES)
        return bool(tokens), tuple(dict.fromkeys(scopes))

    def _is_token(self, name: str) -> bool:
        scheme = self._resolved(self._schemes.get(name))
        kind = _text(scheme.get("type"))
        return kind in {"oauth2", "openIdConnect"} or scheme.get("scheme") == "bearer"

    def _resolved(self, value: object) -> dict[str, Any]:
        """Follow references within the document; empty if the result is not an object."""
        for _ in range(_MAX_HOPS):
            reference = value.get("$ref") if isinstance(value, dict) else None
            if not isinstance(reference, str):
                return _members(value)
            value = self._target(reference)
        return {}

    def _target(self, reference: str) -> object:
        # RFC 6901. Other documents are never fetched.
        if not reference.startswith("#/") or len(reference) > _LONGEST_NAME:
            return None
        found: object = self._document
        for part in reference[2:].split("/"):
            found = _members(found).get(part.replace("~1", "/").replace("~0", "~"))
        return found


def _read_parameter(found: dict[str, Any]) -> Parameter:
    where = _text(found.get("in"))
    return Parameter(
        name=_text(found.get("name")),
        where=_BODY_KINDS.get(where, where),
        text=_text(found.get("description")),
        required=found.get("required") is True,
        assumed=_assumed(found),
    )


def _base_path(document: Mapping[str, Any]) -> str:
    """Return the prefix of all paths: that of the first server, or `basePath` in OpenAPI 2."""
    if isinstance(base := document.get("basePath"), str):
        return base.rstrip("/")
    servers = _list(document.get("servers"))
    address = _members(servers[0]).get("url") if servers else None
    if not isinstance(address, str):
        return ""
    try:
        return urlsplit(address).path.rstrip("/")
    except ValueError:
        return ""


def _assumed(found: Mapping[str, Any]) -> str:
    value = found.get("x-assumed")
    return translate("not documented") if value is True else _text(value)


def _members(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return printable(value) if isinstance(value, str) else ""

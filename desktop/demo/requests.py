"""Reading requests strictly: bodies are limited, UTF-8, and have no parameter twice."""

import json
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from desktop.demo.errors import OAuthError

MOST_BYTES: Final = 512 * 1024
"""Of a body, and of all headers: the longest tokens that XDR Login hands out have 256 kB."""
MOST_FIELDS: Final = 32


async def read_form(request: Request) -> dict[str, str]:
    """Read the parameters that have a value; raise OAuthError invalid_request."""
    body = await _read_body(request, "application/x-www-form-urlencoded")
    try:
        pairs = parse_qsl(body.decode(), max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise OAuthError("invalid_request", "The body cannot be read.") from error
    form = dict(pairs)
    if len(form) != len(pairs):
        # RFC 6749 section 3.2: parameters must not be included more than once
        raise OAuthError("invalid_request", "A parameter is repeated.")
    return form


async def read_json(request: Request) -> dict[str, str]:
    """Read a JSON object whose members are strings; raise OAuthError invalid_request."""
    found = await read_object(request)
    if not all(isinstance(each, str) for each in found.values()):
        raise OAuthError("invalid_request", "The body must be an object of strings.")
    return found


async def read_object(request: Request) -> dict[str, Any]:
    """Read a JSON object; raise OAuthError invalid_request."""
    body = await _read_body(request, "application/json")
    try:
        found = json.loads(body)
        json.dumps(found, ensure_ascii=False).encode()  # half a character cannot be sent back
    except (ValueError, RecursionError) as error:
        raise OAuthError("invalid_request", "The body cannot be read.") from error
    if not isinstance(found, dict):
        raise OAuthError("invalid_request", "The body must be an object.")
    return found


def require(parameters: dict[str, str], name: str) -> str:
    """Return a parameter that must be there; raise OAuthError invalid_request."""
    if name not in parameters:
        raise OAuthError("invalid_request", f"The parameter {name} is missing.")
    return parameters[name]


def base_url(request: Request) -> str:
    return str(request.base_url).rstrip("/")


async def _read_body(request: Request, media_type: str) -> bytes:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != media_type:
        raise OAuthError("invalid_request", f"The body must be {media_type}.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise OAuthError("invalid_request", "The body is too large.", status=413)
    return body

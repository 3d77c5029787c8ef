"""Reading form bodies strictly: small, UTF-8, and no parameter twice."""

from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from desktop.demo.errors import OAuthError

FORM_TYPE: Final = "application/x-www-form-urlencoded"
MOST_BYTES: Final = 64 * 1024
MOST_FIELDS: Final = 32


async def read_form(request: Request) -> dict[str, str]:
    """Give the parameters that have a value; raise OAuthError invalid_request."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != FORM_TYPE:
        raise OAuthError("invalid_request", f"The body must be {FORM_TYPE}.")
    body = await _bounded_body(request)
    try:
        pairs = parse_qsl(body.decode(), max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise OAuthError("invalid_request", "The body cannot be read.") from error
    form = dict(pairs)
    if len(form) != len(pairs):
        # RFC 6749 section 3.2: parameters must not be included more than once
        raise OAuthError("invalid_request", "A parameter is there more than once.")
    return form


async def _bounded_body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise OAuthError("invalid_request", "The body is too large.", status=413)
    return body


def required(form: dict[str, str], name: str) -> str:
    """Give a parameter that must be there; raise OAuthError invalid_request."""
    if name not in form:
        raise OAuthError("invalid_request", f"The parameter {name} is missing.")
    return form[name]

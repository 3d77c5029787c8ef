"""Looking into the form of a token request before anybody answers it."""

from typing import Final
from urllib.parse import parse_qs

from starlette.types import Message, Receive, Scope

from desktop.demo.form import MOST_BYTES, MOST_FIELDS

TOKEN_PATHS: Final = frozenset({"/iroh/oauth2/token", "/iroh/oauth2/refresh"})
LONGEST_NAME: Final = 80


async def peeked_grant_type(scope: Scope, receive: Receive) -> tuple[str, Receive]:
    """Give the grant type of a token request, and a `receive` that gives the body once more.

    Empty for other requests, and where there is none that can be read.
    """
    if scope["method"] != "POST" or scope["path"] not in TOKEN_PATHS:
        return "", receive
    messages: list[Message] = []
    body = b""
    while len(body) <= MOST_BYTES:
        messages.append(await receive())
        body += messages[-1].get("body", b"")
        if not messages[-1].get("more_body", False):
            break

    async def again() -> Message:
        return messages.pop(0) if messages else await receive()

    return _grant_type(body), again


def _grant_type(body: bytes) -> str:
    try:
        form = parse_qs(body.decode(), max_num_fields=MOST_FIELDS)
    except ValueError:
        return ""
    return form.get("grant_type", [""])[0][:LONGEST_NAME]

"""Requests with an access token (RFC 6750), and what a server says when it refuses the token."""

import re
from collections.abc import Mapping
from datetime import datetime

from desktop.oauth.answers import facts_in, members_in
from desktop.oauth.client import ClientConnection, Reader, exchange
from desktop.oauth.errors import ErrorResponse, InsufficientScope, InvalidToken
from desktop.oauth.fields import Members, text
from desktop.oauth.http import Answer, send_request
from desktop.oauth.portal import is_page

# RFC 6750 section 3.1, and what a status without a code means.
_CODES: dict[str, type[ErrorResponse]] = {
    "invalid_token": InvalidToken,
    "insufficient_scope": InsufficientScope,
}
_STATUSES = {401: "invalid_token", 403: "insufficient_scope"}

_LONGEST_HEADER = 2048  # bounds the time that the search takes
_CHALLENGE = re.compile(r"(?:^|,)\s*+bearer(?=[\s,]|$)(.*)", re.IGNORECASE | re.DOTALL)
# A name begins where no other character of one is before it: nothing is tried twice.
_PARAMETER = re.compile(
    r'(?<![a-z_])([a-z_]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))', re.IGNORECASE
)


async def request_with_token(
    connection: ClientConnection, method: str, *, address: str, access_token: str, read: Reader
) -> Members:
    """Send a request with the access token, and return what `read` makes of the answer.

    Raises `InvalidToken`, `InsufficientScope` or another `OAuthError`.
    """
    headers = {"Authorization": f"Bearer {access_token}"}  # RFC 6750 section 2.1

    def accepted(answer: Answer, received_at: datetime) -> Members:
        raise_for_token(answer, received_at)
        return read(answer, received_at)

    answer = send_request(
        connection.http, method, address=address, headers=headers, secrets=connection.secrets
    )
    return await exchange(connection, answer, read=accepted)


def raise_for_token(answer: Answer, received_at: datetime) -> None:
    """Raise `InvalidToken` or `InsufficientScope` if `answer` says that.

    In the body, in the challenge, or by the status alone: many servers only send a status.
    """
    found = members_in(answer) or {}
    challenge = challenge_in(answer.headers)
    said = text(found, "error") or text(challenge or {}, "error")
    # A page without a challenge comes from a proxy, which knows nothing about the token.
    is_server = challenge is not None or not is_page(answer)
    meant = _STATUSES.get(answer.status, "") if is_server else ""
    kind = _CODES.get((said or "").strip().lower()) or _CODES.get(meant)
    if kind is not None:
        raise kind(
            said or meant,
            host=answer.host,
            description=text(found, "error_description")
            or text(challenge or {}, "error_description")
            or "",
            **facts_in(answer, found, received_at),
        )


def challenge_in(headers: Mapping[str, str]) -> dict[str, str] | None:
    """Parse the parameters of a Bearer challenge (RFC 6750 section 3); `None` if there is none."""
    match = _CHALLENGE.search(headers.get("www-authenticate", "")[:_LONGEST_HEADER])
    if match is None:
        return None
    found: dict[str, str] = {}
    for name, quoted, bare in _PARAMETER.findall(match[1]):
        # The first counts: what follows may belong to another challenge.
        found.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) or bare)
    return found

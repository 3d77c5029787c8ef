"""Requests with an access token (RFC 6750, RFC 9449), and what a server says to refuse it."""

import re
from collections.abc import Mapping
from datetime import datetime

from desktop.oauth.answers import facts_in, members_in
from desktop.oauth.client import ClientConnection, Reader, exchange
from desktop.oauth.dpop import INVALID_PROOF, NONCE_REQUIRED, Authorizer, nonce_in
from desktop.oauth.errors import ErrorResponse, InsufficientScope, InvalidToken, ProofRejected
from desktop.oauth.fields import Members, text
from desktop.oauth.http import Answer, send_request
from desktop.oauth.portal import is_page

# RFC 6750 section 3.1, and what a status without a code means.
_CODES: dict[str, type[ErrorResponse]] = {
    "invalid_token": InvalidToken,
    "insufficient_scope": InsufficientScope,
    INVALID_PROOF: ProofRejected,  # RFC 9449 section 7.1
    NONCE_REQUIRED: ProofRejected,
}
_STATUSES = {401: "invalid_token", 403: "insufficient_scope"}

_LONGEST_HEADER = 2048  # bounds the time that the search takes
_CHALLENGE = r"(?is)(?:^|,)\s*+(?:bearer|dpop)(?=[\s,]|$)(.*)"
# A name begins where no other character of one is before it: nothing is tried twice.
_PARAMETER = r'(?i)(?<![a-z_])([a-z_]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))'


async def request_with_token(
    connection: ClientConnection,
    method: str,
    *,
    address: str,
    access_token: str,
    read: Reader,
    authorize: Authorizer | None = None,
) -> Members:
    """Send a request with the access token, and return what `read` makes of the answer.

    `authorize` makes the headers for a bound token. Raises `InvalidToken`, `InsufficientScope` or
    another `OAuthError`.
    """

    async def send(nonce: str | None) -> Answer:
        headers = await headers_with_token(
            method, address, access_token=access_token, authorize=authorize, nonce=nonce
        )
        return await send_request(
            connection.http, method, address=address, headers=headers, secrets=connection.secrets
        )

    async def send_with_nonce() -> Answer:
        answer = await send(None)
        nonce = required_nonce(answer.status, answer.headers)
        return answer if authorize is None or nonce is None else await send(nonce)

    def accepted(answer: Answer, received_at: datetime) -> Members:
        raise_for_token(answer, received_at)
        return read(answer, received_at)

    return await exchange(connection, send_with_nonce(), read=accepted)


async def headers_with_token(
    method: str,
    address: str,
    *,
    access_token: str,
    authorize: Authorizer | None,
    nonce: str | None = None,
) -> Mapping[str, str]:
    """Make the headers of a request with a token; `authorize` makes those for a bound one."""
    if authorize is None:
        return {"Authorization": f"Bearer {access_token}"}  # RFC 6750 section 2.1
    return await authorize(method, address, nonce)


def required_nonce(status: int, headers: Mapping[str, str]) -> str | None:
    """Return the nonce that the server requires in the proof; `None` if it doesn't say so."""
    challenge = (challenge_in(headers) or {}) if status == 401 else {}
    # RFC 9449 section 9
    return nonce_in(headers) if challenge.get("error") == NONCE_REQUIRED else None


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
    """Parse the parameters of a Bearer or DPoP challenge; `None` if there is none.

    RFC 6750 section 3 and RFC 9449 section 7.1.
    """
    match = re.search(_CHALLENGE, headers.get("www-authenticate", "")[:_LONGEST_HEADER])
    if match is None:
        return None
    found: dict[str, str] = {}
    for name, quoted, bare in re.findall(_PARAMETER, match[1]):
        # The first counts: what follows may belong to another challenge.
        found.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) or bare)
    return found

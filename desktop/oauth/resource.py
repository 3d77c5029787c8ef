"""Any request to a protected resource (RFC 6750, RFC 9449); the answer is streamed unparsed."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import field

import httpx

from desktop.frozen import frozen
from desktop.oauth.addresses import checked_address, host_of
from desktop.oauth.bearer import headers_with_token, required_nonce
from desktop.oauth.dpop import Authorizer
from desktop.oauth.errors import UnusableAnswer, printable
from desktop.oauth.http import (
    Unpacker,
    checked_request,
    request_secrets,
    struck_headers,
    transport_errors,
)
from desktop.oauth.redaction.known_secrets import KnownSecrets

# Seconds until an answer begins, and between two pieces: a report may take long.
LONGEST_SILENCE = 60.0


@frozen
class ResourceRequest:
    """A request; `headers` are without the token. They and `content` may contain secrets."""

    method: str
    address: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    content: bytes | None = field(default=None, repr=False)


@frozen
class ResourceAnswer:
    """Any answer. `pieces` can be read once, while it is open.

    What is shown of them must pass through `secrets`; everything else contains none.
    """

    host: str
    status: int
    reason: str
    version: str
    headers: Mapping[str, str] = field(repr=False)
    header_lines: tuple[tuple[str, str], ...] = field(repr=False)
    pieces: AsyncIterator[bytes] = field(repr=False)
    secrets: KnownSecrets = field(default_factory=KnownSecrets, repr=False, compare=False)


@asynccontextmanager
async def open_resource(
    http: httpx.AsyncClient,
    request: ResourceRequest,
    *,
    access_token: str,
    secrets: KnownSecrets | None = None,
    authorize: Authorizer | None = None,
) -> AsyncIterator[ResourceAnswer]:
    """Send `request` and open its answer; a redirect is not followed.

    `secrets` are those that the server may repeat, besides those in this request. `authorize` makes
    the headers for a bound token; the request is sent again if the server requires a nonce in them.
    Raises `UnsafeAddress` or a `Trouble`, also while the pieces are read.
    """
    nonce: str | None = None
    while True:
        headers = await headers_with_token(
            request.method,
            request.address,
            access_token=access_token,
            authorize=authorize,
            nonce=nonce,
        )
        built = _build(http, request, headers)
        with request_secrets(built, secrets) as known:
            async with _open(http, built, host_of(request.address), known) as answer:
                required = required_nonce(answer.status, answer.headers)
                # One that was refused was not processed, so any method may be repeated.
                if authorize is None or required is None or nonce is not None:
                    yield answer
                    return
        nonce = required


def _build(
    http: httpx.AsyncClient, request: ResourceRequest, headers: Mapping[str, str]
) -> httpx.Request:
    with checked_request(request.address):
        return http.build_request(
            request.method,
            checked_address(request.address),
            # No compression: it could unpack to far more than was sent.
            headers=[("Accept-Encoding", "identity"), *request.headers, *headers.items()],
            content=request.content,
            timeout=httpx.Timeout(LONGEST_SILENCE, connect=10.0),
        )


@asynccontextmanager
async def _open(
    http: httpx.AsyncClient, request: httpx.Request, host: str, secrets: KnownSecrets
) -> AsyncIterator[ResourceAnswer]:
    with transport_errors(host):
        async with asyncio.timeout(LONGEST_SILENCE):
            # A redirect would carry the token to wherever the server points.
            response = await http.send(request, stream=True, follow_redirects=False)
    try:
        yield ResourceAnswer(
            host,
            response.status_code,
            secrets.strike(response.reason_phrase),
            secrets.strike(response.http_version),
            struck_headers(response, secrets),
            # RFC 9110 section 5.5: octets of which only ASCII means anything.
            tuple(
                (secrets.strike(name.decode("latin-1")), secrets.strike(value.decode("latin-1")))
                for name, value in response.headers.raw
            ),
            _unpacked(response, host),
            secrets,
        )
    finally:
        await response.aclose()


async def _unpacked(response: httpx.Response, host: str) -> AsyncIterator[bytes]:
    coding = response.headers.get("content-encoding", "")
    unpacker = Unpacker(coding)
    with transport_errors(host):
        async for packed in response.aiter_raw():
            try:
                for piece in unpacker.unpack(packed):
                    yield piece
            except zlib.error as error:
                detail = f"not valid {printable(coding, 40).lower()}"
                raise UnusableAnswer(host, detail=detail, status=response.status_code) from error

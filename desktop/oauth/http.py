"""One request, one answer: the only place of the protocol that touches the network."""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from desktop.frozen import frozen
from desktop.oauth.addresses import checked_address, host_of
from desktop.oauth.errors import (
    AnswerTooLarge,
    CertificateRejected,
    HostNotFound,
    NoAnswerInTime,
    TransportFailure,
    UnsafeAddress,
    UnusableAnswer,
)
from desktop.oauth.fields import LONGEST_DURATION
from desktop.oauth.model.quota import Quota
from desktop.oauth.redaction.causes import causes_of
from desktop.oauth.redaction.known_secrets import KnownSecrets
from desktop.oauth.redaction.requests import add_request

if TYPE_CHECKING:
    import httpx

_log = logging.getLogger(__name__)

LARGEST_BODY = 1024 * 1024
_LARGEST_PIECE = 65536  # bytes
# Seconds for one request in total. httpx limits each step only: a server that sends a byte every
# few seconds could block the sign-in forever.
LONGEST_REQUEST = 30.0
# Seconds to connect, to wait for each part of the answer, to send each part, and to wait for a free
# connection. A form is waited for as long as a request may take: the server may do what it says,
# and a repeated form has the same code or refresh token, which works only once.
_FORM_TIMEOUT = (10.0, LONGEST_REQUEST, LONGEST_REQUEST, 10.0)

_LONGEST_DATE = 100  # characters; real ones have 30
# Nothing is tried twice, so that no length takes long.
_RETRY_AFTER = re.compile(r"([0-9]++(?:\.[0-9]++)?+)\s*+s?+", re.IGNORECASE)

_COUNT = re.compile(r"[0-9]{1,9}")  # of requests


@frozen
class Answer:
    """Any HTTP answer. The body may contain tokens, so it is never printed.

    `headers` contain no secrets. What is read from the body must pass through `secrets`, which
    knows what the server was sent.
    """

    endpoint: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    secrets: KnownSecrets = field(default_factory=KnownSecrets, repr=False, compare=False)

    @property
    def host(self) -> str:
        return host_of(self.endpoint)


async def get(
    http: httpx.AsyncClient, address: str, *, secrets: KnownSecrets | None = None
) -> Answer:
    """Fetch `address`; raises `UnsafeAddress` or a `Trouble`."""
    return await send_request(http, "GET", address=address, headers={}, secrets=secrets)


async def send_request(
    http: httpx.AsyncClient,
    method: str,
    *,
    address: str,
    headers: Mapping[str, str],
    secrets: KnownSecrets | None = None,
) -> Answer:
    """Send a request without a body; raises `UnsafeAddress` or a `Trouble`.

    `secrets` are those that the server may repeat, besides those in this request.
    """
    with checked_request(address):
        request = http.build_request(
            method, checked_address(address), headers={**_HEADERS, **headers}
        )
    return await _send(http, request, secrets)


async def post_form(
    http: httpx.AsyncClient,
    endpoint: str,
    *,
    form: Mapping[str, str],
    headers: Mapping[str, str],
    secrets: KnownSecrets | None = None,
) -> Answer:
    """Send `form`, encoded as in RFC 6749 appendix B; raises `UnsafeAddress` or a `Trouble`.

    `secrets` are those that the server may repeat, besides those in this request.
    """
    with checked_request(endpoint):
        request = http.build_request(
            "POST",
            checked_address(endpoint),
            data=dict(form),
            headers={**_HEADERS, **headers},
            timeout=_FORM_TIMEOUT,
        )
    return await _send(http, request, secrets)


async def probe_portal(
    http: httpx.AsyncClient, host: str, *, secrets: KnownSecrets | None = None
) -> Answer:
    """Fetch the front page of `host` over plain http, which a captive portal replaces.

    The request contains nothing but the host, and the answer is not trusted. Raises a `Trouble`.
    """
    address = f"http://[{host}]/" if ":" in host else f"http://{host}/"
    with checked_request(address):
        request = http.build_request("GET", address, timeout=_PROBE_TIMEOUT)
    return await _send(http, request, secrets)


@contextmanager
def checked_request(address: str) -> Iterator[None]:
    """Raise `UnsafeAddress` where httpx reads `address` in another way than `checked_address`."""
    import httpx

    try:
        yield
    except httpx.InvalidURL as error:
        raise UnsafeAddress(address, "not an address") from error


_PROBE_TIMEOUT = 5.0  # seconds

# GitHub answers form-encoded unless JSON is asked for. No compression: answers are short.
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}


async def _send(
    http: httpx.AsyncClient, request: httpx.Request, secrets: KnownSecrets | None
) -> Answer:
    with request_secrets(request, secrets) as known:
        return await _exchange(http, request, known)


@contextmanager
def request_secrets(request: httpx.Request, secrets: KnownSecrets | None) -> Iterator[KnownSecrets]:
    """Add the secrets in `request` to `secrets`, and remove them all from errors in this context.

    The transport adds the password of a proxy.
    """
    known = KnownSecrets() if secrets is None else secrets
    add_request(known, request)
    request.extensions = {**request.extensions, KNOWN_SECRETS: known}
    with known.removed_from_errors():
        yield known


KNOWN_SECRETS = "known_secrets"
"""The extension of a request with its `KnownSecrets`."""


async def _exchange(
    http: httpx.AsyncClient, request: httpx.Request, secrets: KnownSecrets
) -> Answer:
    endpoint = str(request.url)
    host = host_of(endpoint)
    with transport_errors(host) as progress:
        async with asyncio.timeout(LONGEST_REQUEST):
            # A redirect would carry the device code to wherever the server points: not followed.
            response = await http.send(request, stream=True, follow_redirects=False)
            progress.status = response.status_code
            try:
                body = await _bounded_body(response, host)
            finally:
                await response.aclose()
    headers = struck_headers(response, secrets)
    return Answer(endpoint, response.status_code, headers, body, secrets)


@dataclass(slots=True)
class Progress:
    """How far a request got: the status is known if only the body is missing."""

    status: int | None = None


@contextmanager
def transport_errors(host: str) -> Iterator[Progress]:
    """Turn whatever goes wrong between here and `host` into a `Trouble`, with the status so far."""
    # Loaded late: reading saved tokens makes no request.
    import httpx

    progress = Progress()
    try:
        yield progress
    except TimeoutError as error:
        raise NoAnswerInTime(host, status=progress.status) from error
    except httpx.RequestError as error:
        failure = transport_failure(host, error)
        failure.status = progress.status
        # Without a connection, the request was not sent.
        failure.unused = isinstance(
            error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
        )
        raise failure from error
    # What the libraries below do not expect of a server, such as an address in a header that they
    # cannot parse. Its text may quote anything, so only its kind is told.
    except (*_UNEXPECTED, httpx.InvalidURL, httpx.StreamError, httpx.CookieConflict) as error:
        kind = type(error).__name__
        _log.warning("%s: unexpected error while reading an answer: %s", host, kind)
        raise UnusableAnswer(host, detail=kind, status=progress.status) from error


_UNEXPECTED = (ValueError, ArithmeticError, LookupError, OSError, EOFError)


def struck_headers(response: httpx.Response, secrets: KnownSecrets) -> httpx.Headers:
    """Return the headers of `response` without `secrets`."""
    import httpx

    headers = response.headers
    struck = [(name, secrets.strike(value)) for name, value in headers.multi_items()]
    return httpx.Headers(struck, encoding=headers.encoding)


async def _bounded_body(response: httpx.Response, host: str) -> bytes:
    # Without this header httpx leaves the pieces as they are.
    unpacker = Unpacker(response.headers.pop("content-encoding", ""))
    too_large = AnswerTooLarge(host, status=response.status_code)
    packed, body = bytearray(), bytearray()
    async for piece in response.aiter_bytes():
        packed += piece
        if len(packed) > LARGEST_BODY:
            raise too_large
    try:
        for unpacked in unpacker.unpack(bytes(packed)):
            body += unpacked
            if len(body) > LARGEST_BODY:
                raise too_large
    except zlib.error:
        return bytes(packed)
    return bytes(body)


class Unpacker:
    """Unpacks what a proxy compressed although it was not asked to; other codings stay as they are.

    httpx would unpack each piece whole, 64 kB to perhaps 64 MB.
    """

    def __init__(self, coding: str) -> None:
        is_known = coding.strip().lower() in {"gzip", "x-gzip", "deflate"}
        self._unpacker = zlib.decompressobj(wbits=47) if is_known else None

    def unpack(self, packed: bytes) -> Iterator[bytes]:
        """Yield what is in the next piece, in pieces of a bounded size; raises `zlib.error`."""
        if self._unpacker is None:
            yield packed
            return
        while packed and not self._unpacker.eof:
            yield self._unpacker.decompress(packed, _LARGEST_PIECE)
            packed = self._unpacker.unconsumed_tail


def transport_failure(host: str, error: httpx.RequestError) -> TransportFailure:
    """Tell why a request to `host` got no complete answer."""
    import httpx

    if isinstance(error, httpx.TimeoutException):
        return NoAnswerInTime(host)
    causes = causes_of(error)
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return CertificateRejected(host, detail=str(error))
    # socket.gaierror without importing socket for one name: an OSError from getaddrinfo.
    if any(type(cause).__name__ == "gaierror" for cause in causes):
        return HostNotFound(host, detail=str(error))
    return TransportFailure(host, detail=str(error) or type(error).__name__)


def retry_after(headers: Mapping[str, str], received_at: datetime) -> float | None:
    """Read the seconds to wait from a number, one with a unit, or a date (RFC 9110 10.2.3).

    At most ten years, so that no arithmetic on dates overflows.
    """
    value = headers.get("retry-after")
    if value is None:
        return None
    # Cisco XDR documents "3172s", with the unit.
    if match := _RETRY_AFTER.fullmatch(value.strip()):
        return min(float(match[1]), LONGEST_DURATION)
    date = _date(value)
    if date is None:
        return None
    return min(max(0.0, (date - received_at).total_seconds()), LONGEST_DURATION)


def quota_in(headers: Mapping[str, str]) -> Quota | None:
    """Read the quota that Cisco XDR reports; `None` without one, or where it cannot be true."""
    limit = _count(headers.get("x-ratelimit-org-limit", ""))
    remaining = _count(headers.get("x-ratelimit-org-remaining", ""))
    if not limit or remaining is None or remaining > limit:
        return None
    return Quota(limit, remaining)


def _count(value: str) -> int | None:
    return int(value) if _COUNT.fullmatch(value) else None


def clock_offset(headers: Mapping[str, str], *, sent: datetime, received: datetime) -> float | None:
    """Compute how many seconds our clock is ahead of the server's; negative if it is behind.

    `sent` and `received` are our own instants around the request. 0 if the duration of the request
    and the whole seconds of a date explain the difference. `None` without a usable Date (RFC 9110
    section 6.6.1).
    """
    date = _date(headers.get("date", ""))
    # RFC 9111 section 5.1: an answer from a cache has the date when it was stored.
    if date is None or headers.get("age", "0").strip() != "0":
        return None
    ahead = (sent - date).total_seconds() - 1.0  # a date is up to a second old when it is made
    behind = (date - received).total_seconds()
    return max(ahead, 0.0) or -max(behind, 0.0) or 0.0


def _date(value: str) -> datetime | None:
    if len(value) > _LONGEST_DATE:
        return None
    try:
        date = parsedate_to_datetime(value)
    # IndexError, TypeError, AttributeError: what Python raises for a few odd dates.
    except (ValueError, OverflowError, LookupError, TypeError, AttributeError):
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date

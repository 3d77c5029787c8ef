import asyncio
import gzip
import json
import socket
import ssl
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.oauth import errors, http
from desktop.oauth.errors import Trouble
from desktop.oauth.fields import LONGEST_DURATION
from desktop.oauth.http import (
    LARGEST_BODY,
    Answer,
    clock_offset,
    get,
    post_form,
    quota_in,
    retry_after,
)
from desktop.oauth.model.quota import Quota
from tests.oauth.harness import DEVICE_ENDPOINT, HOST, SECRETS, TOKEN_ENDPOINT, any_text, fuzzed

Handler = Callable[[httpx.Request], httpx.Response]
ZEROS = b"0" * 1024 * 1024


class Pieces(httpx.AsyncByteStream):
    """A body that comes piece by piece, from `source`."""

    def __init__(self, source: AsyncIterator[bytes]) -> None:
        self.source = source
        self.taken = 0
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self.source:
            self.taken += len(piece)
            yield piece

    async def aclose(self) -> None:
        self.closed = True


async def endless(piece: bytes) -> AsyncIterator[bytes]:
    while True:
        yield piece
        await asyncio.sleep(0)


async def whole(body: bytes, size: int = 65536) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def broken() -> AsyncIterator[bytes]:
    yield b'{"access_token": "acc-'
    raise httpx.ReadError("connection reset")


async def fetched(handler: Handler, *, follow_redirects: bool = False) -> Answer:
    """What `get` makes of the answer of `handler`."""
    transport = httpx.MockTransport(handler)
    async with httpx.AsyncClient(transport=transport, follow_redirects=follow_redirects) as client:
        return await get(client, f"https://{HOST}/x")


def streams(pieces: Pieces, status: int = 200, **headers: str) -> Handler:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: httpx.Response(status, headers=named, stream=pieces)


def fails(error: Exception, cause: BaseException | None = None) -> Handler:
    def handler(_: httpx.Request) -> httpx.Response:
        raise error from cause

    return handler


async def trouble_of(handler: Handler) -> Trouble:
    with pytest.raises(Trouble) as caught:
        await fetched(handler)
    return caught.value


async def test_a_document_is_fetched_uncompressed_as_json() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.method == "GET"
        assert request.headers["accept"] == "application/json"
        assert request.headers["accept-encoding"] == "identity"
        return httpx.Response(200, json={"a": 1}, headers={"X-B": "c"})

    answer = await fetched(handler)
    assert (answer.endpoint, answer.status, answer.host) == (f"https://{HOST}/x", 200, HOST)
    assert json.loads(answer.body) == {"a": 1}
    assert answer.headers["x-b"] == "c"


async def test_a_form_is_sent_as_oauth_wants_it() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.method == "POST"
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        assert request.headers["accept"] == "application/json"
        assert request.headers["authorization"] == "Basic x"
        assert request.content == b"a=b+c%26d%3D%C3%A9&e="
        return httpx.Response(200)

    async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as client:
        form = {"a": "b c&d=\u00e9", "e": ""}
        headers = {"Authorization": "Basic x"}
        answer = await post_form(client, TOKEN_ENDPOINT, form=form, headers=headers)
    assert answer.body == b""


@pytest.mark.parametrize(
    "address", ["http://login.example/", "file:///etc/passwd", "https://999.1.1.1/", "nowhere", ""]
)
async def test_no_request_is_sent_to_an_unsafe_address(address: str) -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        raise AssertionError("asked")

    async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as client:
        with pytest.raises(errors.UnsafeAddress):
            await get(client, address)
        with pytest.raises(errors.UnsafeAddress):
            await post_form(client, address, form={}, headers={})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed_even_by_a_client_that_would(status: int) -> None:
    asked = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(status, headers={"location": "https://evil.example/"})

    answer = await fetched(handler, follow_redirects=True)
    assert answer.status == status
    assert asked == [f"https://{HOST}/x"]


async def test_a_body_of_a_mebibyte_is_read() -> None:
    pieces = Pieces(whole(ZEROS))
    assert (await fetched(streams(pieces))).body == ZEROS
    assert pieces.closed


async def test_a_larger_body_is_given_up_where_it_exceeds_the_limit() -> None:
    pieces = Pieces(endless(b"0" * 65536))
    error = await trouble_of(streams(pieces, 503))
    assert type(error) is errors.AnswerTooLarge
    assert (error.host, error.status) == (HOST, 503)
    assert pieces.taken <= LARGEST_BODY + 65536
    assert pieces.closed


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", " GZIP "])
async def test_a_body_that_was_compressed_unasked_is_unpacked(coding: str) -> None:
    pieces = Pieces(whole(gzip.compress(b'{"a": 1}'), 5))
    assert (await fetched(streams(pieces, content_encoding=coding))).body == b'{"a": 1}'


async def test_a_deflated_body_is_unpacked() -> None:
    pieces = Pieces(whole(zlib.compress(b'{"a": 1}')))
    assert (await fetched(streams(pieces, content_encoding="deflate"))).body == b'{"a": 1}'


async def test_a_packed_body_of_a_mebibyte_is_read() -> None:
    pieces = Pieces(whole(gzip.compress(ZEROS)))
    assert (await fetched(streams(pieces, content_encoding="gzip"))).body == ZEROS


@pytest.mark.parametrize("size", [len(ZEROS) + 1, 64 * len(ZEROS)])
async def test_a_bomb_is_not_inflated_past_the_limit(size: int) -> None:
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join(packer.compress(ZEROS) for _ in range(size // len(ZEROS)))
    bomb += packer.compress(b"0" * (size % len(ZEROS))) + packer.flush()
    tracemalloc.start()
    error = await trouble_of(streams(Pieces(whole(bomb)), content_encoding="gzip"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert type(error) is errors.AnswerTooLarge
    assert peak < 8 * LARGEST_BODY


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "identity", "", "gzip"])
async def test_a_coding_that_is_not_understood_leaves_the_body_as_it_is(coding: str) -> None:
    pieces = Pieces(whole(b'{"a": 1}'))
    assert (await fetched(streams(pieces, content_encoding=coding))).body == b'{"a": 1}'


async def test_a_packed_body_that_breaks_off_gives_what_there_is() -> None:
    packed = gzip.compress(bytes(range(256)))
    pieces = Pieces(whole(packed[:-20]))
    body = (await fetched(streams(pieces, content_encoding="gzip"))).body
    assert bytes(range(256)).startswith(body)


async def test_a_body_that_drips_for_ever_ends_at_the_total_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http, "LONGEST_REQUEST", 0.0)
    pieces = Pieces(endless(b" "))
    error = await trouble_of(streams(pieces))
    assert type(error) is errors.NoAnswerInTime
    assert pieces.taken > 0
    assert pieces.closed


async def test_a_form_is_waited_for_as_long_as_any_request_may_take() -> None:
    seen: list[dict[str, float]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["timeout"])
        return httpx.Response(200)

    transport = httpx.MockTransport(answer)
    async with httpx.AsyncClient(transport=transport, timeout=10.0) as client:
        await http.post_form(client, f"https://{HOST}/token", form={"a": "b"}, headers={})
    limits = {"connect": 10.0, "read": 30.0, "write": 30.0, "pool": 10.0}
    assert seen == [limits]
    assert http.LONGEST_REQUEST == 30.0, "as SECURITY.md says"


async def test_a_server_that_never_answers_ends_at_the_total_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def silent(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError("answered")

    monkeypatch.setattr(http, "LONGEST_REQUEST", 0.0)
    async with httpx.AsyncClient(transport=httpx.MockTransport(silent)) as client:
        with pytest.raises(errors.NoAnswerInTime):
            await get(client, f"https://{HOST}/x")


async def test_a_cancel_while_the_body_comes_closes_the_connection() -> None:
    pieces = Pieces(endless(b""))
    task = asyncio.create_task(fetched(streams(pieces)))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert pieces.closed
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_cancel_before_the_answer_ends_the_request() -> None:
    ended = asyncio.Event()

    async def silent(_: httpx.Request) -> httpx.Response:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError("answered")

    async with httpx.AsyncClient(transport=httpx.MockTransport(silent)) as client:
        task = asyncio.create_task(get(client, f"https://{HOST}/x"))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert ended.is_set()


@pytest.mark.parametrize(
    ("error", "kind", "detail"),
    [
        (httpx.ConnectError("refused"), errors.TransportFailure, "refused"),
        (httpx.ReadError(""), errors.TransportFailure, "ReadError"),
        (httpx.RemoteProtocolError("Server disconnected"), errors.TransportFailure, "Server dis"),
        (httpx.ProxyError("407 Proxy Authentication"), errors.TransportFailure, "407 Proxy"),
        (httpx.DecodingError("bad"), errors.TransportFailure, "bad"),
        (httpx.ConnectTimeout(""), errors.NoAnswerInTime, ""),
        (httpx.ReadTimeout(""), errors.NoAnswerInTime, ""),
        (httpx.PoolTimeout(""), errors.NoAnswerInTime, ""),
    ],
)
async def test_no_answer_is_a_trouble_that_says_why(
    error: Exception, kind: type[Trouble], detail: str
) -> None:
    trouble = await trouble_of(fails(error))
    assert type(trouble) is kind
    assert (trouble.host, trouble.status) == (HOST, None)
    assert trouble.detail.startswith(detail)


async def test_a_connection_that_breaks_off_in_the_body_is_a_trouble() -> None:
    pieces = Pieces(broken())
    trouble = await trouble_of(streams(pieces))
    assert type(trouble) is errors.TransportFailure
    assert trouble.detail == "connection reset"
    assert pieces.closed


def wrapped(cause: BaseException) -> BaseException:
    """`cause` below an error of the transport, as httpx and httpcore wrap it."""
    outer = OSError("All connection attempts failed")
    outer.__cause__ = cause
    return outer


@pytest.mark.parametrize(
    "wrap", [lambda e: e, wrapped, lambda e: ExceptionGroup("", [OSError(), e])]
)
@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (socket.gaierror(-2, "Name or service not known"), errors.HostNotFound),
        (ssl.SSLCertVerificationError(1, "self-signed certificate"), errors.CertificateRejected),
        (ssl.SSLError(1, "wrong version number"), errors.TransportFailure),
        (ConnectionRefusedError(), errors.TransportFailure),
    ],
)
async def test_the_cause_of_a_failed_connection_is_found_however_deep(
    cause: BaseException, kind: type[Trouble], wrap: Callable[[BaseException], BaseException]
) -> None:
    trouble = await trouble_of(fails(httpx.ConnectError("no"), wrap(cause)))
    assert type(trouble) is kind
    assert trouble.detail == "no"


async def test_causes_that_go_round_in_a_circle_are_looked_at_once() -> None:
    first, second = OSError("a"), OSError("b")
    first.__context__, second.__context__ = second, first
    assert type(await trouble_of(fails(httpx.ConnectError("no"), first))) is errors.TransportFailure


def test_an_answer_shows_neither_headers_nor_body() -> None:
    answer = Answer(DEVICE_ENDPOINT, 200, {"set-cookie": "acc-ess-token"}, b"dev-ice-code")
    assert not [secret for secret in SECRETS if secret in f"{answer!r} {answer}"]


AT = datetime(2026, 11, 23, 3, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("3172s", 3172.0),
        (" 5 S ", 5.0),
        ("1.5", 1.5),
        ("9" * 30, LONGEST_DURATION),
        ("9" * 5000, LONGEST_DURATION),
        ("Mon, 23 Nov 2026 03:02:00 GMT", 120.0),
        ("Monday, 23-Nov-26 03:02:00 GMT", 120.0),
        ("Mon Nov 23 03:02:00 2026", 120.0),
        ("Mon, 23 Nov 2026 04:02:00 +0100", 120.0),
        ("Mon, 23 Nov 2026 03:02:00", 120.0),
        ("Mon, 23 Nov 2026 02:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_DURATION),
    ],
)
def test_retry_after_is_a_number_or_a_date(value: str, seconds: float) -> None:
    assert retry_after(httpx.Headers({"Retry-After": value}), AT) == seconds


@pytest.mark.parametrize(
    "value",
    [
        "",
        "soon",
        "-5",
        "5m",
        "\u0665",
        "nan",
        "inf",
        "1e3",
        "Mon, 32 Nov 2026 03:02:00 GMT",
        "Mon, 23 Nov 2026 03:02:00 +9999",
        "Mon, 23 Nov 2026 03:02:00 +99999999999999999999",
        "Mon, 23 Nov " + "9" * 5000 + " 03:02:00 GMT",
    ],
)
def test_a_retry_after_that_says_nothing_counts_as_absent(value: str) -> None:
    assert retry_after({"retry-after": value}, AT) is None


def quota_headers(limit: str, remaining: str) -> httpx.Headers:
    return httpx.Headers({"X-Ratelimit-Org-Limit": limit, "X-Ratelimit-Org-Remaining": remaining})


def test_a_quota_is_low_once_more_than_half_of_it_is_used() -> None:
    assert quota_in(quota_headers("8000", "8000")) == Quota(8000, 8000)
    half, less = quota_in(quota_headers("8000", "4000")), quota_in(quota_headers("8000", "3999"))
    assert half is not None
    assert not half.is_low
    assert less is not None
    assert less.is_low


@pytest.mark.parametrize(
    ("limit", "remaining"),
    [
        ("", ""),
        ("8000", ""),
        ("", "0"),
        ("0", "0"),
        ("8000", "8001"),
        ("8000", "-1"),
        ("-8000", "0"),
        ("8000", "0.5"),
        ("8e3", "0"),
        ("8_000", "0"),
        ("8000, 8000", "0"),
        ("9" * 5000, "0"),
        ("8000;w=3600", "0"),
    ],
)
def test_a_quota_that_cannot_be_true_counts_as_absent(limit: str, remaining: str) -> None:
    assert quota_in(quota_headers(limit, remaining)) is None


@given(st.text(max_size=12), st.text(max_size=12))
def test_any_quota_is_within_its_limit(limit: str, remaining: str) -> None:
    found = quota_in({"x-ratelimit-org-limit": limit, "x-ratelimit-org-remaining": remaining})
    assert found is None or 0 <= found.remaining <= found.limit < 10**9


def test_an_absent_retry_after_is_none() -> None:
    assert retry_after({}, AT) is None


@fuzzed
@given(any_text)
def test_any_retry_after_can_be_added_to_a_date(value: str) -> None:
    found = retry_after({"retry-after": value}, AT)
    assert found is None or AT + timedelta(seconds=found) >= AT


# The clock of the server

DATE = "Mon, 23 Nov 2026 03:00:00 GMT"


@pytest.mark.parametrize(
    ("sent", "received", "offset"),
    [
        (0.0, 0.0, 0.0),
        (0.9, 0.9, 0.0),
        (1.0, 1.0, 0.0),
        (-20.0, 0.0, 0.0),
        (-20.0, 30.0, 0.0),
        (1.0, 3600.0, 0.0),
        (61.5, 62.0, 60.5),
        (3600.0, 3630.0, 3599.0),
        (-0.5, -0.25, -0.25),
        (-90.0, -61.0, -61.0),
        (-86400.0, -86399.0, -86399.0),
        (3600.0, -3600.0, 3599.0),
    ],
)
def test_the_clock_offset_excludes_travel_time_and_whole_seconds(
    sent: float, received: float, offset: float
) -> None:
    found = clock_offset(
        httpx.Headers({"Date": DATE}),
        sent=AT + timedelta(seconds=sent),
        received=AT + timedelta(seconds=received),
    )
    assert found == offset
    assert str(found) != "-0.0"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"date": ""},
        {"date": "now"},
        {"date": "Mon, 32 Nov 2026 03:00:00 GMT"},
        {"date": DATE, "age": "1"},
        {"date": DATE, "age": "3600"},
        {"date": DATE, "age": "old"},
    ],
)
def test_without_a_date_of_its_own_an_answer_says_nothing_of_the_clock(
    headers: dict[str, str],
) -> None:
    assert clock_offset(headers, sent=AT, received=AT) is None


@pytest.mark.parametrize("age", ["0", " 0 "])
def test_an_answer_that_was_not_stored_on_the_way_counts(age: str) -> None:
    assert clock_offset({"date": DATE, "age": age}, sent=AT, received=AT) == 0.0


@pytest.mark.parametrize("zone", ["", " +0000", " GMT", " -0000"])
def test_a_date_is_in_universal_time_whatever_it_says_of_it(zone: str) -> None:
    date = f"Mon, 23 Nov 2026 03:00:00{zone}"
    assert clock_offset({"date": date}, sent=AT, received=AT) == 0.0


@fuzzed
@given(any_text)
def test_any_date_gives_an_offset_or_none(value: str) -> None:
    found = clock_offset({"date": value}, sent=AT, received=AT)
    assert found is None or isinstance(found, float)


@pytest.mark.parametrize("zone", ["+2359", "-2359"])
def test_the_last_date_of_the_calendar_can_be_compared(zone: str) -> None:
    date = f"Fri, 31 Dec 9999 23:59:59 {zone}"
    found = clock_offset({"date": date}, sent=AT, received=AT)
    assert found is not None
    assert found < -LONGEST_DURATION

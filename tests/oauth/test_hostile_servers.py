"""Whatever a server sends, the error tree knows it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator

import httpcore
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desktop.oauth.addresses import checked_address
from desktop.oauth.answers import members
from desktop.oauth.bearer import raise_for_token
from desktop.oauth.clock import SystemClock
from desktop.oauth.errors import OAuthError, UnsafeAddress, UnusableAnswer
from desktop.oauth.http import clock_offset, get, post_form
from desktop.oauth.portal import redirect_host
from desktop.oauth.resource import ResourceRequest, open_resource
from desktop.services.network.http_client import NetworkOptions, make_http_client

ADDRESS = "http://127.0.0.1:1/token"
ORDINARY, NIGHTLY = 100, 3000  # answers
NOW = SystemClock().utc()


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.AsyncClient]:
    made = make_http_client(NetworkOptions(proxy="none"))
    yield made
    asyncio.run(made.aclose())


def answer_with(http: httpx.AsyncClient, sent: bytes) -> None:
    """Let the server answer everything with the bytes `sent`."""
    direct = http._transport._direct  # type: ignore[attr-defined] # it is ours
    pieces = [sent[start : start + 50_000] for start in range(0, len(sent), 50_000)]
    direct._pool = httpcore.AsyncConnectionPool(network_backend=httpcore.AsyncMockBackend(pieces))


async def read_everything(http: httpx.AsyncClient, sent: bytes) -> None:
    answer_with(http, sent)
    found = await get(http, ADDRESS)
    redirect_host(found)
    clock_offset(found.headers, sent=NOW, received=NOW)
    for read in (raise_for_token, members):
        try:
            read(found, NOW)
        except OAuthError:
            continue


async def download(http: httpx.AsyncClient, sent: bytes) -> bytes:
    answer_with(http, sent)
    request = ResourceRequest("GET", ADDRESS)
    async with open_resource(http, request, access_token="t") as answer:
        return b"".join([piece async for piece in answer.pieces])


def respond(*headers: bytes, status: bytes = b"200 OK", body: bytes = b"{}") -> bytes:
    length = b"Content-Length: %d" % len(body)
    return b"\r\n".join((b"HTTP/1.1 " + status, length, *headers, b"", body))


@pytest.mark.parametrize(
    "address", ["https://[2001:db8::1]x/", "https://[::1]]/", "https://[::1]a.example/"]
)
async def test_an_address_that_httpx_reads_in_another_way_is_not_requested(
    http: httpx.AsyncClient, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Newer versions of Python already refuse them in urlsplit().
    with pytest.raises(UnsafeAddress, match=r"invalid host name|not an address"):
        checked_address(address)
    # Whatever else it reads differently some day.
    monkeypatch.setattr("desktop.oauth.http.checked_address", lambda each: each)
    with pytest.raises(UnsafeAddress, match="not an address"):
        await get(http, address)
    with pytest.raises(UnsafeAddress, match="not an address"):
        await post_form(http, address, form={}, headers={})


@pytest.mark.parametrize(
    "cookie",
    [
        b"a=b; Max-Age=" + b"9" * 400,
        b"a=b; Version=1; Max-Age=" + b"9" * 4000,
    ],
)
async def test_cookies_are_not_even_read(
    http: httpx.AsyncClient, cookie: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    await read_everything(http, respond(b"Set-Cookie: " + cookie))
    assert not list(http.cookies.jar)
    assert capsys.readouterr() == ("", "")


class Unheard(ValueError):
    """An error that no library is known to raise."""


@pytest.mark.parametrize("error", [Unheard, UnicodeDecodeError, OverflowError, KeyError, EOFError])
async def test_what_no_library_should_raise_is_told_with_its_kind(
    error: type[Exception], expect_log: Callable[[str], None]
) -> None:
    expect_log("127.0.0.1: unexpected error while reading an answer")

    def handle(_request: httpx.Request) -> httpx.Response:
        arguments = (
            ("utf-8", b"SECRET", 0, 1, "SECRET") if error is UnicodeDecodeError else ("SECRET",)
        )
        raise error(*arguments)

    async with httpx.AsyncClient(transport=httpx.MockTransport(handle)) as broken:
        with pytest.raises(UnusableAnswer) as caught:
            await get(broken, ADDRESS)
    assert caught.value.detail == error.__name__
    assert "SECRET" not in str(caught.value)


async def test_an_answer_that_breaks_off_on_the_way_is_told_with_its_kind(
    expect_log: Callable[[str], None],
) -> None:
    expect_log("unexpected error while reading an answer: Unheard")

    class Broken(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"{"
            raise Unheard

    transport = httpx.MockTransport(lambda _request: httpx.Response(200, stream=Broken()))
    async with httpx.AsyncClient(transport=transport) as broken:
        with pytest.raises(UnusableAnswer, match="Unheard"):
            await get(broken, ADDRESS)
        with pytest.raises(UnusableAnswer, match="Unheard"):
            async with open_resource(
                broken, ResourceRequest("GET", ADDRESS), access_token="t"
            ) as answer:
                [piece async for piece in answer.pieces]


async def test_an_error_of_the_reader_is_not_the_servers(http: httpx.AsyncClient) -> None:
    answer_with(http, respond())
    with pytest.raises(BrokenPipeError):
        async with open_resource(http, ResourceRequest("GET", ADDRESS), access_token="t"):
            raise BrokenPipeError


VALUES = st.sampled_from(
    (
        *(b"1" + b" " * 20_000 + b"x", b"9" * 5000, b"-1", b"", b"\xff\xfe", b"gzip", b"chunked"),
        *(
            b"https://[2001:db8::1]x/",
            b'Bearer error="x',
            b"identity, br",
            b"a=b; Max-Age=" + b"9" * 400,
        ),
        *(b"Sun, 99 Nov 99999999999 99:99:99 +9999", b"application/json; charset=\x00", b"0x10"),
    )
) | st.binary(max_size=12)
NAMES = st.sampled_from(
    (
        *(b"Content-Type", b"Content-Encoding", b"Transfer-Encoding", b"Content-Length", b"Date"),
        *(b"Retry-After", b"Location", b"Set-Cookie", b"WWW-Authenticate", b"Age", b"Link"),
        *(b"Connection", b"Upgrade", b"X\x00", b" folded"),
    )
)
LINES = st.sampled_from(
    (
        *(b"HTTP/1.1 200 OK", b"HTTP/1.1 302 Found", b"HTTP/1.1 401 ", b"HTTP/1.1 429 \xff"),
        *(b"HTTP/1.0 200", b"HTTP/9.9 200 OK", b"HTTP/1.1 999 X", b"HTTP/1.1 100 Continue"),
        *(b"HTTP/1.1 204 No", b"HTTP/1.1 101 Upgrade", b"<html>", b""),
    )
)
BODIES = st.binary(max_size=40) | st.sampled_from(
    (
        *(
            b'{"error":"\\ud800"}',
            b'{"expires_in":1e999}',
            b"[" * 5000,
            b"<meta url=http://[",
            b"a=b",
        ),
        *(
            b"\x1f\x8b\x08",
            b"\x1f\x8b\x08" + b"\x00" * 30,
            b"5\r\nhello\r\n0\r\n\r\n",
            b"\xef\xbb\xbf<",
        ),
    )
)


def test_no_answer_raises_what_nobody_expects(
    http: httpx.AsyncClient, request: pytest.FixtureRequest
) -> None:
    count = NIGHTLY if request.config.getoption("--fuzz") else ORDINARY

    logging.disable()  # that it tells of what it did not expect is tested above
    request.addfinalizer(lambda: logging.disable(logging.NOTSET))

    @settings(
        derandomize=True,
        database=None,
        deadline=None,
        max_examples=count,
        suppress_health_check=list(HealthCheck),
    )
    @given(LINES, st.lists(st.tuples(NAMES, VALUES), max_size=4), BODIES)
    def check(line: bytes, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        head = [line, *(name + b": " + value for name, value in headers)]
        sent = b"\r\n".join((*head, b"", body))
        for use in (read_everything, download):
            try:
                asyncio.run(use(http, sent))
            except OAuthError:
                continue

    check()

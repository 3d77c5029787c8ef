"""Any request with an access token: what goes out, and what comes back in pieces."""

import gzip
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from desktop.oauth import errors
from desktop.oauth.resource import ResourceAnswer, ResourceRequest, open_resource
from tests.oauth.harness import HOST

Handler = Callable[[httpx.Request], httpx.Response]
ADDRESS = f"https://{HOST}/reports"


class Pieces(httpx.AsyncByteStream):
    """A body in pieces, which tells whether it was closed."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces = pieces
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    async def aclose(self) -> None:
        self.closed = True


async def told(handler: Handler, **asked: Any) -> tuple[ResourceAnswer, list[bytes]]:  # noqa: ANN401
    """What comes back, and its pieces."""
    request = ResourceRequest(**{"method": "GET", "address": ADDRESS} | asked)
    transport = httpx.MockTransport(handler)
    async with (
        httpx.AsyncClient(transport=transport, follow_redirects=True) as http,
        open_resource(http, request, access_token="acc-ess-token") as answer,
    ):
        return answer, [piece async for piece in answer.pieces]


async def test_the_token_goes_along_and_nothing_replaces_it() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, stream=Pieces())

    given = (("X-Client", "1"), ("X-Client", "2"))
    await told(handler, method="POST", headers=given, content=b"{}")
    (request,) = seen
    assert request.method == "POST"
    assert request.content == b"{}"
    assert request.headers.get_list("authorization") == ["Bearer acc-ess-token"]
    assert request.headers.get_list("x-client") == ["1", "2"]
    assert request.headers["accept-encoding"] == "identity"


async def test_a_token_is_not_the_name_of_a_header() -> None:
    headers = {"X-acc-ess-token": "1", "X-Other": "2"}
    answer, _ = await told(lambda _: httpx.Response(200, headers=headers, stream=Pieces()))
    assert answer.header_lines == (("X-[redacted]", "1"), ("X-Other", "2"))


async def test_an_answer_is_given_as_it_is() -> None:
    headers = [("X-A", "1"), ("X-A", "2")]
    answer, pieces = await told(
        lambda _: httpx.Response(418, headers=headers, stream=Pieces(b"tea"))
    )
    assert (answer.status, answer.reason, answer.host) == (418, "I'm a teapot", HOST)
    assert answer.version == "HTTP/1.1"
    assert [line for line in answer.header_lines if line[0].lower() == "x-a"] == [
        ("X-A", "1"),
        ("X-A", "2"),
    ]
    assert pieces == [b"tea"]


async def test_a_redirect_is_not_followed() -> None:
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        headers = {"Location": "https://evil.example/"}
        return httpx.Response(302, headers=headers, stream=Pieces())

    answer, _ = await told(handler)
    assert answer.status == 302
    assert seen == [ADDRESS]


@pytest.mark.parametrize("address", ["http://login.example/x", "https://user@login.example/x"])
async def test_nothing_is_sent_to_an_unsafe_address(address: str) -> None:
    with pytest.raises(errors.UnsafeAddress):
        await told(lambda _: httpx.Response(200), address=address)


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (httpx.ConnectError("refused"), errors.TransportFailure),
        (httpx.ReadTimeout("slow"), errors.NoAnswerInTime),
        (TimeoutError(), errors.NoAnswerInTime),
    ],
)
async def test_transport_failures_are_raised(failure: Exception, kind: type[Exception]) -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        raise failure

    with pytest.raises(kind) as found:
        await told(handler)
    assert type(found.value) is kind


async def test_an_answer_that_breaks_off_is_an_error_and_is_closed() -> None:
    body = Pieces(b"half", httpx.ReadError("reset"))
    with pytest.raises(errors.TransportFailure):
        await told(lambda _: httpx.Response(200, stream=body))
    assert body.closed


async def test_a_reader_that_stops_early_closes_the_connection() -> None:
    body = Pieces(b"one", b"two")
    request = ResourceRequest("GET", ADDRESS)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=body))
    async with httpx.AsyncClient(transport=transport) as http:
        async with open_resource(http, request, access_token="t"):
            pass
        assert body.closed


# Compressed, though nobody asked for it


@pytest.mark.parametrize(
    ("coding", "pack"), [("gzip", gzip.compress), ("Deflate", zlib.compress)], ids=["gzip", "zlib"]
)
async def test_a_compressed_body_is_unpacked_in_pieces(
    coding: str, pack: Callable[[bytes], bytes]
) -> None:
    packed = pack(b"0" * 1024 * 1024)
    body = Pieces(packed[:100], packed[100:])
    headers = {"Content-Encoding": coding}
    _, pieces = await told(lambda _: httpx.Response(200, headers=headers, stream=body))
    assert b"".join(pieces) == b"0" * 1024 * 1024
    assert max(map(len, pieces)) <= 65536


async def test_bytes_after_the_compressed_body_are_ignored() -> None:
    body = Pieces(gzip.compress(b"all"), b"more")
    headers = {"Content-Encoding": "gzip"}
    _, pieces = await told(lambda _: httpx.Response(200, headers=headers, stream=body))
    assert b"".join(pieces) == b"all"


async def test_a_body_that_cannot_be_unpacked_is_an_error() -> None:
    body = Pieces(b"plain")
    headers = {"Content-Encoding": "gzip"}
    with pytest.raises(errors.UnusableAnswer, match="not valid gzip"):
        await told(lambda _: httpx.Response(200, headers=headers, stream=body))


def test_nothing_secret_is_in_its_representation() -> None:
    request = ResourceRequest("POST", ADDRESS, (("X-Key", "pass-word"),), b"client_secret=x")
    assert "pass-word" not in repr(request)
    assert "client_secret" not in repr(request)

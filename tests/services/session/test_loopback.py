import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from desktop.services.model.errors import RedirectUriUnavailable
from desktop.services.session import loopback as module
from desktop.services.session.loopback import LoopbackServer, listen

ANSWER = "code=the-code-SECRET&state=the-state-SECRET"


def port_of(loopback: LoopbackServer) -> int:
    return urlsplit(loopback.redirect_uri).port or 0


async def send(loopback: LoopbackServer, request: str, *, host: str = "127.0.0.1") -> str:
    """Send bytes and return the response; empty if the connection is just closed."""
    reader, writer = await asyncio.open_connection(host, port_of(loopback))
    writer.write(request.encode())
    try:
        return (await reader.read()).decode()
    except ConnectionError:
        return ""
    finally:
        writer.close()


def get(loopback: LoopbackServer, target: str, *, host: str = "", method: str = "GET") -> str:
    host = host or urlsplit(loopback.redirect_uri).netloc
    return f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n\r\n"


def accepts(query: str) -> bool:
    return query.endswith("state=the-state-SECRET")


@asynccontextmanager
async def waiting(
    redirect_uri: str = "",
) -> AsyncIterator[tuple[LoopbackServer, asyncio.Task[None]]]:
    async with listen(redirect_uri) as loopback:
        task = asyncio.ensure_future(loopback.wait_for_answer(accepts))
        await asyncio.sleep(0)
        yield loopback, task
        task.cancel()


async def test_the_answer_of_a_browser_is_received_and_gets_a_page() -> None:
    async with waiting() as (loopback, task):
        page = await send(loopback, get(loopback, f"/callback?{ANSWER}"))
        await task
    assert loopback.query == ANSWER
    assert page.startswith("HTTP/1.1 200 OK\r\n")
    assert "You can close this page" in page
    for header in (
        "Cache-Control: no-store",
        "Content-Security-Policy: default-src 'none'",
        "Referrer-Policy: no-referrer",
        "X-Content-Type-Options: nosniff",
    ):
        assert header in page
    assert "SECRET" not in page


async def test_it_listens_on_a_free_port_of_this_computer_only() -> None:
    async with waiting() as (loopback, _), waiting() as (other, _):
        assert loopback.redirect_uri.startswith("http://127.0.0.1:")
        assert loopback.redirect_uri.endswith("/callback")
        assert port_of(loopback) != port_of(other)


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/favicon.ico", "404"),
        ("/", "404"),
        ("/callback/", "404"),
        (f"http://127.0.0.1/callback?{ANSWER}", "404"),
        ("/callback", "400"),
        ("/callback?code=x&state=guessed", "400"),
    ],
)
async def test_other_requests_are_rejected_and_change_nothing(target: str, status: str) -> None:
    async with waiting() as (loopback, task):
        page = await send(loopback, get(loopback, target))
        assert page.startswith(f"HTTP/1.1 {status} ")
        assert not task.done()
        await send(loopback, get(loopback, f"/callback?{ANSWER}"))
        await task


@pytest.mark.parametrize("host", ["evil.example", "localhost:{port}", "127.0.0.1", "127.0.0.1:1"])
async def test_a_rebound_host_name_is_rejected(host: str) -> None:
    async with waiting() as (loopback, task):
        named = host.format(port=port_of(loopback))
        page = await send(loopback, get(loopback, f"/callback?{ANSWER}", host=named))
        assert page.startswith("HTTP/1.1 400 ")
        assert not task.done()


@pytest.mark.parametrize(
    "request_",
    [
        "GET /callback?{answer} HTTP/1.1\r\n\r\n",
        "GET /callback?{answer} HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\n\r\n",
        "GET /callback?{answer} HTTP/2\r\nHost: {host}\r\n\r\n",
        "GET /callback?{answer}\r\nHost: {host}\r\n\r\n",
        "\r\n\r\n",
    ],
)
async def test_malformed_requests_are_rejected(request_: str) -> None:
    async with waiting() as (loopback, task):
        host = urlsplit(loopback.redirect_uri).netloc
        page = await send(loopback, request_.format(answer=ANSWER, host=host))
        assert page.startswith("HTTP/1.1 400 ")
        assert not task.done()


@pytest.mark.parametrize("method", ["POST", "HEAD", "OPTIONS"])
async def test_only_get_requests_are_accepted(method: str) -> None:
    async with waiting() as (loopback, task):
        page = await send(loopback, get(loopback, f"/callback?{ANSWER}", method=method))
        assert page.startswith("HTTP/1.1 405 ")
        assert not task.done()


async def test_a_long_request_is_cut_off() -> None:
    async with waiting() as (loopback, task):
        request = get(loopback, f"/callback?{ANSWER}").replace("*/*", "x" * 40_000)
        assert await send(loopback, request) == ""
        assert not task.done()


async def test_silent_connections_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_REQUEST_TIMEOUT", 0.01)
    async with waiting() as (loopback, _):
        assert await send(loopback, "GET /callback HTTP/1.1\r\n") == ""


async def idle_beside(
    loopback: LoopbackServer,
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect, and send nothing."""
    before = len(loopback._connections._peers)
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(loopback))
    async with asyncio.timeout(5):
        while len(loopback._connections._peers) == before:  # noqa: ASYNC110 - the loop has to accept it first
            await asyncio.sleep(0)
    return reader, writer


async def test_held_connections_do_not_keep_the_browser_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_MAX_CONNECTIONS", 2)
    async with waiting() as (loopback, task):
        (oldest, first), (other, second) = await idle_beside(loopback), await idle_beside(loopback)
        page = await send(loopback, get(loopback, f"/callback?{ANSWER}"))
        assert page.startswith("HTTP/1.1 200 ")
        assert await oldest.read() == b"", "it made room"
        assert not other.at_eof()
        await task
        for writer in (first, second):
            writer.close()


def connect_at_once(loopback: LoopbackServer, count: int, request: str) -> list[socket.socket]:
    """Connect and send `request` as many times, before any connection is accepted."""
    made = [socket.create_connection(("127.0.0.1", port_of(loopback))) for _ in range(count)]
    for each in made:
        each.sendall(request.encode())
        each.setblocking(False)
    return made


async def read_all(peers: list[socket.socket]) -> list[bytes]:
    read = []
    async with asyncio.timeout(20):
        for each in peers:
            reader, writer = await asyncio.open_connection(sock=each)
            read.append(await reader.read())
            writer.close()
            await writer.wait_closed()
    return read


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_two_hundred_requests_at_once_are_all_answered() -> None:
    async with waiting() as (loopback, _):
        answers = await read_all(connect_at_once(loopback, 200, get(loopback, "/elsewhere")))
    assert {each.split(b"\r\n")[0] for each in answers} == {b"HTTP/1.1 404 Not Found"}
    assert len(answers) == 200


@pytest.mark.skipif(sys.platform != "linux", reason="counts the descriptors in /proc")
async def test_connections_without_a_word_are_all_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_REQUEST_TIMEOUT", 0.05)
    async with waiting() as (loopback, _):
        before = open_files()
        for _ in range(3):
            assert await read_all(connect_at_once(loopback, 200, "")) == [b""] * 200
        assert open_files() <= before + 1


async def test_an_answer_counts_even_if_its_page_is_interrupted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with waiting() as (loopback, task):

        async def drain(_writer: asyncio.StreamWriter) -> None:
            next(iter(loopback._connections._peers)).cancel()
            await asyncio.sleep(1)

        monkeypatch.setattr(asyncio.StreamWriter, "drain", drain)
        _, writer = await asyncio.open_connection("127.0.0.1", port_of(loopback))
        writer.write(get(loopback, f"/callback?{ANSWER}").encode())
        await task
        writer.close()
    assert loopback.query == ANSWER


async def test_early_and_late_answers_are_rejected() -> None:
    async with listen() as loopback:
        request = get(loopback, f"/callback?{ANSWER}")
        assert (await send(loopback, request)).startswith("HTTP/1.1 400 ")
        task = asyncio.ensure_future(loopback.wait_for_answer(accepts))
        await asyncio.sleep(0)
        assert (await send(loopback, request)).startswith("HTTP/1.1 200 ")
        later = get(loopback, "/callback?code=other&state=the-state-SECRET")
        assert (await send(loopback, later)).startswith("HTTP/1.1 400 ")
        await task
    assert loopback.query == ANSWER


async def test_the_browser_need_not_wait_for_the_page() -> None:
    async with waiting() as (loopback, task):
        _, writer = await asyncio.open_connection("127.0.0.1", port_of(loopback))
        writer.write(get(loopback, f"/callback?{ANSWER}").encode())
        await writer.drain()
        writer.transport.abort()
        await task


async def test_nothing_listens_afterwards() -> None:
    async with waiting() as (loopback, _):
        _, idle = await asyncio.open_connection("127.0.0.1", port_of(loopback))
    with pytest.raises(ConnectionRefusedError):
        await send(loopback, "")
    idle.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_the_redirect_uri_of_the_profile_is_used() -> None:
    address = f"http://127.0.0.1:{free_port()}/xdr/back"
    async with waiting(address) as (loopback, task):
        assert loopback.redirect_uri == address
        await send(loopback, get(loopback, f"/xdr/back?{ANSWER}"))
        await task


async def test_a_redirect_uri_without_a_path_means_the_root() -> None:
    async with waiting("http://localhost") as (loopback, task):
        assert loopback.redirect_uri == f"http://localhost:{port_of(loopback)}"
        await send(loopback, get(loopback, f"/?{ANSWER}"))
        await task


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="this computer has no IPv6")
@pytest.mark.parametrize("redirect_uri", ["http://[::1]/callback", "http://localhost/callback"])
async def test_ipv6_works_too(redirect_uri: str) -> None:
    async with waiting(redirect_uri) as (loopback, task):
        await send(loopback, get(loopback, f"/callback?{ANSWER}"), host="::1")
        await task


async def test_localhost_works_without_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., socket.socket] = module._open_socket

    def only_ipv4(family: socket.AddressFamily, port: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError
        return real(family, port)

    monkeypatch.setattr(module, "_open_socket", only_ipv4)
    async with waiting("http://localhost/callback") as (loopback, task):
        await send(loopback, get(loopback, f"/callback?{ANSWER}"))
        await task


@pytest.mark.skipif(not has_ipv6(), reason="this computer has no IPv6")
async def test_localhost_needs_both_of_its_addresses() -> None:
    with socket.socket(socket.AF_INET6) as squatter:
        squatter.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        squatter.bind(("::1", 0))
        squatter.listen()
        with pytest.raises(RedirectUriUnavailable):
            async with listen(f"http://localhost:{squatter.getsockname()[1]}/callback"):
                pass


def test_the_default_port_may_be_left_out() -> None:
    loopback = LoopbackServer("http://127.0.0.1:80/callback")
    head = b"GET /callback HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    loopback._accepts = lambda _: True
    assert loopback._evaluate(head) == ("200 OK", "")


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "https://127.0.0.1/callback",
        "http://login.example/callback",
        "http://0.0.0.0/callback",
        "http://127.0.0.1:x/callback",
        "http://127.0.0.1:70000/callback",
        "xdr-login:/callback",
        "nonsense",
    ],
)
async def test_a_redirect_uri_elsewhere_is_rejected(redirect_uri: str) -> None:
    with pytest.raises(RedirectUriUnavailable) as caught:
        async with listen(redirect_uri):
            pass
    assert caught.value.redirect_uri == redirect_uri


async def test_a_taken_port_is_reported() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(RedirectUriUnavailable):
            async with listen(f"http://127.0.0.1:{other.getsockname()[1]}/callback"):
                pass

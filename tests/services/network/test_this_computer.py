"""This computer, in whatever form it is written, is reached directly and never looked up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from desktop.oauth import errors
from desktop.oauth.http import get
from desktop.services.network.http_client import NetworkOptions, find_system_proxy, make_http_client
from tests.rigs.authority import Authority

FORMS = [
    *("localhost", "localhost.", "LOCALHOST.", "app.localhost", "ip6-localhost"),
    *("127.0.0.1", "127.0.0.2"),
    "127\u30020\u30020\u30021",
]


@asynccontextmanager
async def server_here() -> AsyncIterator[int]:
    """Answer `{}` on every address of this computer."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port: int = server.sockets[0].getsockname()[1]
        others = [await asyncio.start_server(answer, each, port) for each in ("127.0.0.2", "::1")]
        try:
            yield port
        finally:
            for other in others:
                other.close()


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "system"])
async def test_plain_http_to_this_computer_never_goes_through_a_proxy(proxy: str) -> None:
    asked: list[str] = []

    def find_proxy(address: str) -> str:
        asked.append(address)
        return "http://127.0.0.1:9"

    network = NetworkOptions(proxy=proxy, find_proxy=find_proxy)
    async with server_here() as port, make_http_client(network) as http:
        for form in FORMS:
            assert (await get(http, f"http://{form}:{port}/token")).body == b"{}"
    assert asked == []


async def test_a_name_of_this_computer_is_never_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []
    loop = asyncio.get_running_loop()
    original = loop.getaddrinfo

    async def getaddrinfo(host: str | bytes, *args: object, **named: object) -> object:
        looked_up.append(host.decode() if isinstance(host, bytes) else host)
        return await original(host, *args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
    async with server_here() as port, make_http_client() as http:
        await get(http, f"http://login.app.localhost.:{port}/token")
    assert set(looked_up) <= {"localhost"}


async def test_over_tls_the_certificate_must_still_be_for_the_name(authority: Authority) -> None:
    network = NetworkOptions(ca_file=str(authority.ca_file))
    with authority.serve("127.0.0.1") as address:
        async with make_http_client(network) as http:
            with pytest.raises(errors.CertificateRejected, match=r"app\.localhost"):
                await get(http, address.replace("127.0.0.1", "app.localhost"))


@pytest.mark.parametrize("form", [*FORMS, "[::1]", "[::]", "[::ffff:127.0.0.1]", "2130706433"])
def test_the_environment_sets_no_proxy_for_this_computer(
    monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setenv("all_proxy", "http://proxy.example:1")
    monkeypatch.setenv("http_proxy", "http://proxy.example:1")
    assert find_system_proxy(f"http://{form}:8085/") == ""

"""A demo server that is a round trip of 80 ms away, over TLS."""

import asyncio
import contextlib
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from tests.rigs.authority import make_authority
from tests.rigs.demo_server import DemoOptions, DemoServer

ROUND_TRIP = 0.08  # seconds
HANDSHAKES = 2  # round trips before a request: TCP and TLS 1.3
_HOST = "127.0.0.1"  # the demo server accepts no other
_MOST = 65536  # bytes per read


@dataclass
class DistantServer:
    """Where the server is, what to trust, and when clients connected (monotonic seconds)."""

    url: str
    ca_file: Path
    connected_at: list[float] = field(default_factory=list)


class _SecureDemoServer(DemoServer):
    """A server whose metadata says https, because TLS ends in front of it."""

    def make_app(self) -> ASGIApp:
        app = super().make_app()

        async def with_https(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, "scheme": "https"}, receive, send)

        return with_https


@contextlib.contextmanager
def run_distant_server(options: DemoOptions) -> Iterator[DistantServer]:
    """Run the server behind two relays: one that is far away, and one in which TLS ends."""
    with (
        TemporaryDirectory(prefix="authority-") as folder,
        _SecureDemoServer(options) as server,
        contextlib.closing(asyncio.new_event_loop()) as loop,
    ):
        authority = make_authority(Path(folder))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.pair)
        distant = DistantServer("", authority.ca_file)
        plain = _Relay(urlsplit(server.url).port or 0)
        port = loop.run_until_complete(plain.start(context))
        far = _Relay(port, one_way=ROUND_TRIP / 2, connected_at=distant.connected_at)
        distant.url = f"https://{_HOST}:{loop.run_until_complete(far.start())}"
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        try:
            yield distant
        finally:
            asyncio.run_coroutine_threadsafe(_end_connections(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()


async def _end_connections() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class _Relay:
    """Passes bytes on to `port` of this computer; each arrives `one_way` seconds later."""

    def __init__(
        self, port: int, *, one_way: float = 0.0, connected_at: list[float] | None = None
    ) -> None:
        self._port = port
        self._one_way = one_way
        self._connected_at = [] if connected_at is None else connected_at

    async def start(self, context: ssl.SSLContext | None = None) -> int:
        """Listen, with TLS if there is a `context`; returns the port."""
        self._server = await asyncio.start_server(self._serve, _HOST, 0, ssl=context)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connected_at.append(time.monotonic())
        # The system has accepted the connection at once. Far away, that takes a round trip.
        connected = asyncio.get_running_loop().time() + self._one_way * 2
        there = await asyncio.open_connection(_HOST, self._port)
        with contextlib.suppress(asyncio.CancelledError):  # asyncio would report it
            await asyncio.gather(
                self._pass_on(reader, there[1], connected),
                self._pass_on(there[0], writer, connected),
            )

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connected: float
    ) -> None:
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def arrive() -> None:
            data = b"..."
            while data:
                due, data = await under_way.get()
                await asyncio.sleep(due - asyncio.get_running_loop().time())
                if data:
                    writer.write(data)
            writer.close()

        async def send() -> None:
            data = b"..."
            while data:
                try:
                    data = await reader.read(_MOST)
                except OSError:  # the client has gone
                    data = b""
                sent = max(asyncio.get_running_loop().time(), connected)
                under_way.put_nowait((sent + self._one_way, data))

        await asyncio.gather(send(), arrive())

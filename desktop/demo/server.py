"""The demo server in a thread of its own. Heavy imports wait until it starts."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final, Self

from desktop.demo.options import DemoOptions
from desktop.demo.services import BASE_PATHS, ORIGINS, SECURE_ENDPOINT

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from desktop.demo.app import AppServer

STOP_TIMEOUT: Final = 30.0  # seconds; far more than it takes


class DemoServer:
    """Runs uvicorn in a daemon thread with its own event loop; also a context manager."""

    def __init__(
        self, options: DemoOptions | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        """Start nothing yet; `clock` gives epoch seconds."""
        self.options = options or DemoOptions()
        self.clock = clock
        self.url = ""
        self.services: dict[str, str] = {}
        """The base address of each service of the tenant, without a slash at the end."""
        self.secure_endpoint = ""
        """The base address of Secure Endpoint, which exchanges tokens."""
        self.ports: dict[int, str] = {}
        """What is served on other ports than that of `url`."""
        self.ended: Future[None] = Future()
        """Done when it stops, with the error that stopped it."""
        self._server: AppServer | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def start(self) -> str:
        """Bind the ports and return the base URL, without a slash at the end.

        Raises OSError when a port is taken, which is its `filename`, and ImportError without the
        extra `demo`.
        """
        if self._server is None:
            from desktop.demo.app import AppServer

            with contextlib.ExitStack() as opened:  # requests wait here until they are served
                listeners = [opened.enter_context(each) for each in _listen(self.options.port)]
                self._name_addresses([each.getsockname()[1] for each in listeners])
                server = AppServer(self.make_app())
                closing = opened.pop_all()
            self._server = server
            self.ended = Future()
            self.loop = asyncio.new_event_loop()
            self._thread = threading.Thread(
                target=self._serve,
                args=(server, listeners, closing),
                name="demo-server",
                daemon=True,
            )
            self._thread.start()
        return self.url

    def stop(self) -> None:
        """Close all connections and wait for the thread; does nothing if it does not run."""
        if self._server is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: it has ended already
                self.loop.call_soon_threadsafe(self._server.closing.set)
            self._thread.join(STOP_TIMEOUT)
            self._server = None

    def make_app(self) -> "ASGIApp":
        from desktop.demo.app import create_app
        from desktop.demo.state import make_state

        return create_app(make_state(self.options, self.clock), self.ports)

    def _name_addresses(self, ports: list[int]) -> None:
        ports_by_name = dict(zip(ORIGINS, ports, strict=True))
        origins = {name: f"http://127.0.0.1:{port}" for name, port in ports_by_name.items()}
        self.url, self.secure_endpoint = origins["platform"], origins[SECURE_ENDPOINT]
        self.services = {name: origins[name] + path for name, path in BASE_PATHS.items()}
        self.ports = {port: name for name, port in ports_by_name.items() if name != "platform"}

    def _serve(
        self, server: "AppServer", listeners: list[socket.socket], closing: contextlib.ExitStack
    ) -> None:
        error: BaseException | None
        try:
            with closing, asyncio.Runner(loop_factory=lambda: self.loop) as runner:
                runner.run(server.serve(sockets=listeners))
            error = server.error
        except BaseException as raised:  # noqa: BLE001 - who waits for the end gets it
            error = raised
        if error is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(error)


def _listen(first: int) -> Iterator[socket.socket]:
    """Open a socket for each origin, on `first` and the ports after it; 0 means free ones."""
    for position in range(len(ORIGINS)):
        yield _listen_on(first and first + position)


def _listen_on(port: int) -> socket.socket:
    """Open a socket on 127.0.0.1; raise OSError, whose `filename` is the port."""
    try:
        listener = socket.create_server(("127.0.0.1", port), backlog=128)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (while ")[0]  # the address, once more
        raise OSError(error.errno, reason, str(port)) from error
    # Otherwise every answer on a kept connection waits 40 ms for an acknowledgement: asyncio does
    # this only for sockets that name their protocol.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener

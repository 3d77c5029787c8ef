"""The demo server in a thread of its own. Heavy imports wait until it starts."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final, Self

from desktop.demo.options import DemoOptions

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
        self.ended: Future[None] = Future()
        """Done when it stops, with the error that stopped it."""
        self._server: AppServer | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def start(self) -> str:
        """Bind the port and return the base URL, without a slash at the end.

        Raises OSError when the port is taken, ImportError without the extra `demo`.
        """
        if self._server is None:
            from desktop.demo.app import AppServer

            server = AppServer(self.make_app())
            listener = _listen(self.options.port)  # requests wait here until they are served
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            self._server = server
            self.ended = Future()
            self.loop = asyncio.new_event_loop()
            self._thread = threading.Thread(
                target=self._serve, args=(server, listener), name="demo-server", daemon=True
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

        return create_app(make_state(self.options, self.clock))

    def _serve(self, server: "AppServer", listener: socket.socket) -> None:
        error: BaseException | None
        try:
            with listener, asyncio.Runner(loop_factory=lambda: self.loop) as runner:
                runner.run(server.serve(sockets=[listener]))
            error = server.error
        except BaseException as raised:  # noqa: BLE001 - who waits for the end gets it
            error = raised
        if error is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(error)


def _listen(port: int) -> socket.socket:
    """Open a socket on 127.0.0.1; raise OSError."""
    listener = socket.create_server(("127.0.0.1", port), backlog=128)
    # Otherwise every answer on a kept connection waits 40 ms for an acknowledgement: asyncio does
    # this only for sockets that name their protocol.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener

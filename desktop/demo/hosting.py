"""uvicorn around the application: the imports that wait until the server starts."""

import socket
from collections.abc import Callable

import uvicorn

from desktop.demo.app import create_app
from desktop.demo.state import DemoState


class Host(uvicorn.Server):
    """A uvicorn server that leaves logging and signals alone and says when it listens."""

    def __init__(self, state: DemoState, on_listening: Callable[[], None]) -> None:
        config = uvicorn.Config(
            create_app(state),
            http="h11",
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,  # the gate sets it, by the server's own clock
            proxy_headers=False,
            timeout_graceful_shutdown=2,
        )
        super().__init__(config)
        self._on_listening = on_listening
        self._closing = state.closing

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start serving, then say so."""
        await super().startup(sockets)
        self._on_listening()

    async def main_loop(self) -> None:
        """Serve until the server is closed, which uvicorn itself looks for ten times a second."""
        await self.on_tick(0)
        await self._closing.wait()

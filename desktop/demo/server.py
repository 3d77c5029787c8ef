"""The demo server in a thread of its own. Heavy imports wait until it starts."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Self, TypeVar

from desktop.demo.options import DemoOptions

if TYPE_CHECKING:
    from desktop.demo.hosting import Host
    from desktop.demo.state import Answered, DemoState

Result = TypeVar("Result")
PATIENCE: Final = 30.0  # seconds for starting, stopping and errands: far more than they take


class DemoServer:
    """Runs uvicorn in a daemon thread with its own event loop; also a context manager.

    Besides serving, it can play the analyst and the administrator: see `approve`, `deny`,
    `revoke_all` and `inject`. Those may be called from any thread but the server's own.
    """

    def __init__(
        self, options: DemoOptions | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        """Remember how to run; `clock` gives epoch seconds."""
        self.options = options or DemoOptions()
        self._clock = clock
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """The base URL without a slash at the end; the port is known after `start`."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> str:
        """Bind, wait until requests are answered, and give the base URL.

        Raises OSError when the port is taken, ImportError without the extra `demo`.
        """
        if self._thread is None:
            listener = _listen(self.options.port)
            self._port = listener.getsockname()[1]
            self._thread = threading.Thread(
                target=self._run, args=(listener,), name="demo-server", daemon=True
            )
            self._thread.start()
            self._ready.wait(PATIENCE)
        if self._failure is not None:
            raise self._failure
        if not (self._ready.is_set() and self._thread.is_alive()):
            raise RuntimeError("the demo server did not start")
        return self.url

    def stop(self) -> None:
        """Close all connections and wait for the thread; harmless when it does not run."""
        thread, self._thread = self._thread, None
        if thread is not None and thread.is_alive():
            self._loop.call_soon_threadsafe(self._state.closing.set)
            self._host.should_exit = True
            thread.join(PATIENCE)
        self._ready.clear()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def approve(self, user_code: str) -> None:
        """Approve a sign-in as the analyst would; raise LookupError for an unknown code."""
        self._decide(user_code, approve=True)

    def deny(self, user_code: str) -> None:
        """Deny a sign-in as the analyst would; raise LookupError for an unknown code."""
        self._decide(user_code, approve=False)

    def revoke_all(self) -> None:
        """Make every token invalid, as when an administrator removes the client."""
        self._errand(self._state.tokens.revoke_all)

    def inject(self, *faults: str, path: str = "/iroh/oauth2/token", grant_type: str = "") -> None:
        """Let the next requests to `path` meet these faults, in order: see options.FAULTS.

        With `grant_type`, such as "refresh_token", only those; device polling goes on untouched.
        """
        self._errand(lambda: self._state.faults.add(*faults, path=path, grant_type=grant_type))

    def history(self) -> "list[Answered]":
        """Give what was answered so far, oldest first; silent faults leave no line."""
        return self._errand(lambda: list(self._state.history))

    def _decide(self, user_code: str, *, approve: bool) -> None:
        if self._errand(lambda: self._state.devices.decide(user_code, approve=approve)) is None:
            raise LookupError(f"no sign-in has the code {user_code}")

    def _errand(self, work: Callable[[], Result]) -> Result:
        """Run something on the server's loop, which alone touches the state."""

        async def run() -> Result:
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(PATIENCE)

    def _run(self, listener: socket.socket) -> None:
        """The thread: a failure to start is kept for `start` to raise."""
        with listener:
            try:
                asyncio.run(self._serve(listener))
            except (ImportError, OSError) as failure:
                self._failure = failure
            finally:
                self._ready.set()

    async def _serve(self, listener: socket.socket) -> None:
        from desktop.demo import hosting, state  # late: the extra `demo`, 0.2 s

        self._state: DemoState = state.new_state(self.options, self._clock)
        self._loop = asyncio.get_running_loop()
        self._host: Host = hosting.Host(self._state, self._ready.set)
        await self._host.serve(sockets=[listener])


def _listen(port: int) -> socket.socket:
    """Give a socket on 127.0.0.1 that nothing else can share; raise OSError."""
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it, every answer
    # on a kept connection would wait 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # Windows shares a port unless told not to; elsewhere a restart must not wait for old ones
        exclusive = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)
        listener.setsockopt(socket.SOL_SOCKET, exclusive, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener

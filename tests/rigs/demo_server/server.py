"""The controlled server in a thread of its own."""

import asyncio
import time
from collections.abc import Callable
from typing import Final, TypeVar

from starlette.types import ASGIApp

from desktop import demo
from desktop.demo.app import create_app
from tests.rigs.demo_server.app import Answered, ControlledApp
from tests.rigs.demo_server.faults import TOKEN_PATH
from tests.rigs.demo_server.options import DemoOptions
from tests.rigs.demo_server.state import ControlledState, make_controlled_state

Result = TypeVar("Result")
TIMEOUT: Final = 30.0  # seconds; far more than it takes


class DemoServer(demo.DemoServer):
    """The methods may be called from any thread but the server's own."""

    def __init__(
        self, options: DemoOptions | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        """Start nothing yet; `clock` gives epoch seconds, without the skew."""
        self._controls = options or DemoOptions()
        super().__init__(self._controls, clock=lambda: clock() + self._controls.clock_skew)
        self._state: ControlledState
        self._app: ControlledApp

    def make_app(self) -> ASGIApp:
        """Wrap the application of the demo server."""
        self._state = make_controlled_state(self._controls, self.clock)
        self._app = ControlledApp(create_app(self._state, self.ports), self._controls, self.clock)
        return self._app

    def stop(self) -> None:
        """End requests that hang, too."""
        if self._server is not None:
            self.loop.call_soon_threadsafe(self._app.closing.set)
        super().stop()

    def approve(self, user_code: str) -> None:
        """Approve a sign-in as the analyst would; raise LookupError for an unknown code."""
        self._decide(user_code, approve=True)

    def deny(self, user_code: str) -> None:
        """Deny a sign-in as the analyst would; raise LookupError for an unknown code."""
        self._decide(user_code, approve=False)

    def revoke_all(self) -> None:
        """Make every token invalid, as when an administrator removes the client."""
        self._run(self._state.tokens.revoke_all)

    def inject(self, *faults: str, path: str = TOKEN_PATH, grant_type: str = "") -> None:
        """Let the next requests to `path` meet these faults, in order: see `faults.FAULTS`.

        With `grant_type`, such as "refresh_token", only those; device polling goes on untouched.
        """
        self._run(lambda: self._app.faults.add(*faults, path=path, grant_type=grant_type))

    def pending_faults(self) -> int:
        """Count the faults that no request has met yet."""
        return self._run(self._app.faults.count)

    def history(self) -> list[Answered]:
        """Give what was answered so far, oldest first; silent faults leave no line."""
        return self._run(lambda: list(self._app.history))

    def _decide(self, user_code: str, *, approve: bool) -> None:
        def decide() -> None:
            sign_in = self._state.device_codes.find(user_code)
            if sign_in is None:
                raise LookupError(f"no sign-in has the code {user_code}")
            sign_in.decide(approve=approve)

        self._run(decide)

    def _run(self, work: Callable[[], Result]) -> Result:
        """Run something on the server's loop, which alone touches the state."""

        async def run() -> Result:
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(TIMEOUT)

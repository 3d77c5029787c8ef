"""The organization's quota: so many requests in a rolling window, shared by all its clients."""

import math
from collections import deque
from collections.abc import Callable

from starlette.responses import JSONResponse, Response

from tests.rigs.demo_server.faults import ERRORS
from tests.rigs.demo_server.options import DemoOptions


class Quota:
    """Counts token requests; `clock` gives seconds."""

    def __init__(self, options: DemoOptions, clock: Callable[[], float]) -> None:
        self._limit = options.rate_limit_after
        self._window = options.rate_limit_window
        self._clock = clock
        self._taken: deque[float] = deque()

    def take(self) -> Response | None:
        """Count a request; give the answer to one that is too many.

        IROH writes Retry-After with a unit letter: `3172s`.
        """
        now = self._clock()
        while self._taken and now - self._taken[0] >= self._window:
            self._taken.popleft()
        if len(self._taken) < self._limit:
            self._taken.append(now)
            return None
        oldest = self._taken[0] if self._taken else now
        wait = max(1, math.ceil(oldest + self._window - now))
        headers = {"Retry-After": f"{wait}s", "Cache-Control": "no-store"}
        return JSONResponse(ERRORS["429"].body(), 429, headers)

    def headers(self) -> dict[str, str]:
        """Give the limit and what remains of it, under the names that IROH uses."""
        return {
            "X-Ratelimit-Org-Limit": str(self._limit),
            "X-Ratelimit-Org-Remaining": str(max(0, self._limit - len(self._taken))),
        }

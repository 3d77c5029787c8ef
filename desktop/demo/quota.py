"""The organization's quota: so many requests in a rolling window, shared by all its clients."""

import math
from collections import deque
from collections.abc import Callable
from typing import Final

from desktop.demo.errors import OAuthError
from desktop.demo.options import DemoOptions

CISCO_LIMIT: Final = 8000


class Quota:
    """Counts token requests; `clock` gives seconds."""

    def __init__(self, options: DemoOptions, clock: Callable[[], float]) -> None:
        limit = options.rate_limit_after
        self._limit = CISCO_LIMIT if limit is None else limit
        self._window = options.rate_limit_window
        self._clock = clock
        self._taken: deque[float] = deque()

    def take(self) -> dict[str, str]:
        """Count one request and give the headers of its answer; raise OAuthError with 429."""
        now = self._clock()
        while self._taken and now - self._taken[0] >= self._window:
            self._taken.popleft()
        if len(self._taken) >= self._limit:
            oldest = self._taken[0] if self._taken else now
            wait = max(1, math.ceil(oldest + self._window - now))
            raise too_many_requests(self.headers(), retry_after=f"{wait}s")
        self._taken.append(now)
        return self.headers()

    def headers(self) -> dict[str, str]:
        """Give the limit and what remains of it, under the names that IROH uses."""
        return {
            "X-Ratelimit-Org-Limit": str(self._limit),
            "X-Ratelimit-Org-Remaining": str(max(0, self._limit - len(self._taken))),
        }


def too_many_requests(headers: dict[str, str], *, retry_after: str) -> OAuthError:
    """Give the 429; `retry_after` goes out as it is: IROH writes a unit letter, `3172s`."""
    return OAuthError(
        "too_many_requests",
        "Your organization has used up its requests for this hour.",
        status=429,
        headers=headers | {"Retry-After": retry_after},
    )

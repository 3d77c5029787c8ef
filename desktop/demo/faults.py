"""Answers that go wrong on demand: what a client must survive, one request each."""

from collections import deque
from typing import Final

from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Send

from desktop.demo.errors import normalized_error
from desktop.demo.options import DemoOptions, check_fault

DEFAULT_PATH: Final = "/iroh/oauth2/token"
DOCUMENTED_WAIT: Final = "3172s"  # the Retry-After of Cisco's documentation
BARE: Final = frozenset({"401", "403"})  # a policy in front of the server, short of words
MIDDLEBOX_PAGE: Final = "<html><title>Proxy</title><h1>Sign in to the guest network</h1></html>"


class Faults:
    """What is still to go wrong, by path and grant type, in order.

    The default path is the token endpoint. Without a grant type any request to the path is meant.
    """

    def __init__(self, options: DemoOptions) -> None:
        self._waiting: dict[tuple[str, str], deque[str]] = {}
        self.add(*options.faults)
        self.add(*options.refresh_faults, grant_type="refresh_token")

    def add(self, *faults: str, path: str = DEFAULT_PATH, grant_type: str = "") -> None:
        """Let the next requests meet these; raise ValueError for an unknown one."""
        for fault in faults:
            check_fault(fault)
        self._waiting.setdefault((path, grant_type), deque()).extend(faults)

    def next(self, path: str, grant_type: str = "") -> tuple[str, str]:
        """Take the next fault for a request as name and detail; "ok" when there is none.

        One that is meant for its grant type comes before one that is meant for any.
        """
        for key in ((path, grant_type), (path, "")):
            if waiting := self._waiting.get(key):
                name, _, detail = waiting.popleft().partition(":")
                return name, detail
        return "ok", ""


def fault_response(name: str, detail: str) -> Response:
    """Give the answer of a fault that answers at all."""
    if name == "html":
        return HTMLResponse(MIDDLEBOX_PAGE)
    wait = detail or (DOCUMENTED_WAIT if name == "429" else "")
    headers = {"Retry-After": wait} if wait else {}
    if name in BARE:
        return Response(status_code=int(name), headers=headers)
    error, description, status = _ANSWERS[name]
    if name == "429":
        headers |= {"X-Ratelimit-Org-Limit": "8000", "X-Ratelimit-Org-Remaining": "0"}
    return JSONResponse(normalized_error(error, description), status, headers)


async def cut(receive: Receive, send: Send) -> None:
    """Cut the connection without an answer; raise ConnectionResetError where there is none.

    WORKAROUND: ASGI has no message for this, so it reaches the transport of uvicorn's request
    cycle, whose bound method `send` is. Only the outermost layer sees that `send`.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError("the demo server cut the connection")
    transport.abort()
    await disconnected(receive)


async def disconnected(receive: Receive) -> None:
    """Return when the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


_ANSWERS: Final = {
    "invalid_grant": ("invalid_grant", "The grant is no longer valid.", 400),
    "slow_down": ("slow_down", "Ask less often.", 400),  # RFC 8628 section 3.5
    "429": ("too_many_requests", "Your organization has used up its requests.", 429),
    "500": ("unknown server error", "Something went wrong on our side.", 500),
    "503": ("temporarily_unavailable", "The service is being updated.", 503),
}

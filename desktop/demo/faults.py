"""Answers that go wrong on demand: what a client must survive, one request each."""

from collections import deque
from typing import Final

from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Send

from desktop.demo.errors import normalized_error
from desktop.demo.options import check_fault

DEFAULT_PATH: Final = "/iroh/oauth2/token"
DOCUMENTED_WAIT: Final = "3172s"  # the Retry-After of Cisco's documentation
MIDDLEBOX_PAGE: Final = "<html><title>Proxy</title><h1>Sign in to the guest network</h1></html>"


class Faults:
    """What is still to go wrong, by path, in order. The default path is the token endpoint."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        self._waiting: dict[str, deque[str]] = {DEFAULT_PATH: deque(faults)}

    def add(self, *faults: str, path: str = DEFAULT_PATH) -> None:
        """Let the next requests to `path` meet these; raise ValueError for an unknown one."""
        for fault in faults:
            check_fault(fault)
        self._waiting.setdefault(path, deque()).extend(faults)

    def next(self, path: str) -> tuple[str, str]:
        """Take the next fault for a path as name and detail; "ok" when there is none."""
        waiting = self._waiting.get(path)
        name, _, detail = (waiting.popleft() if waiting else "ok").partition(":")
        return name, detail


def fault_response(name: str, detail: str) -> Response:
    """Give the answer of a fault that answers at all."""
    if name == "html":
        return HTMLResponse(MIDDLEBOX_PAGE)
    error, description, status = _ANSWERS[name]
    wait = detail or (DOCUMENTED_WAIT if name == "429" else "")
    headers = {"Retry-After": wait} if wait else {}
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
    "slow_down": ("slow_down", "Ask less often.", 400),  # RFC 8628 section 3.5
    "429": ("too_many_requests", "Your organization has used up its requests.", 429),
    "500": ("unknown server error", "Something went wrong on our side.", 500),
    "503": ("temporarily_unavailable", "The service is being updated.", 503),
}

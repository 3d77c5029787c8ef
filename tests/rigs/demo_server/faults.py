"""Answers that go wrong on demand: what a client must survive, one request each."""

from collections import deque
from typing import Final

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import Receive, Send

from desktop.demo.errors import OAuthError

TOKEN_PATH: Final = "/iroh/oauth2/token"
DOCUMENTED_WAIT: Final = "3172s"  # the Retry-After of Cisco's documentation
MIDDLEBOX_PAGE: Final = "<html><title>Proxy</title><h1>Sign in to the guest network</h1></html>"
ERRORS: Final = {
    "invalid_grant": OAuthError("invalid_grant", "The grant is no longer valid."),
    "slow_down": OAuthError("slow_down", "Ask less often."),  # RFC 8628 section 3.5
    "429": OAuthError("too_many_requests", "Your organization is out of requests.", status=429),
    "500": OAuthError("unknown server error", "Something went wrong on our side.", status=500),
    "503": OAuthError("temporarily_unavailable", "The service is being updated.", status=503),
}
BARE: Final = ("401", "403")  # a policy in front of the server that gives no reason
FAULTS: Final = ("ok", *ERRORS, *BARE, "html", "redirect", "reset", "hang")
"""What can be injected; `503:2` and `429:2s` set Retry-After.

`redirect:https://elsewhere.example/` answers with this address, such as that of a thief.
"""


class FaultQueue:
    """What is still to go wrong, by path and grant type, in order.

    Without a grant type any request to the path is meant.
    """

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str], deque[str]] = {}

    def add(self, *faults: str, path: str = TOKEN_PATH, grant_type: str = "") -> None:
        """Let the next requests meet these; raise ValueError for an unknown one."""
        for fault in faults:
            if fault.partition(":")[0] not in FAULTS:
                raise ValueError(f"fault must be one of {', '.join(FAULTS)}, not {fault}")
        self._waiting.setdefault((path, grant_type), deque()).extend(faults)

    def take(self, path: str, grant_type: str = "") -> tuple[str, str]:
        """Take the next fault for a request as name and detail; "ok" when there is none.

        One that is meant for its grant type comes before one that is meant for any.
        """
        for key in ((path, grant_type), (path, "")):
            if waiting := self._waiting.get(key):
                name, _, detail = waiting.popleft().partition(":")
                return name, detail
        return "ok", ""

    def count(self) -> int:
        """Count what is still to go wrong."""
        return sum(len(waiting) for waiting in self._waiting.values())


def make_response(name: str, detail: str) -> Response:
    """Make the answer of a fault that answers at all."""
    if name == "html":
        return HTMLResponse(MIDDLEBOX_PAGE)
    if name == "redirect":
        return RedirectResponse(detail)
    wait = detail or (DOCUMENTED_WAIT if name == "429" else "")
    headers = {"Retry-After": wait} if wait else {}
    if name in BARE:
        return Response(status_code=int(name), headers=headers)
    if name == "429":
        headers |= {"X-Ratelimit-Org-Limit": "8000", "X-Ratelimit-Org-Remaining": "0"}
    return JSONResponse(ERRORS[name].body(), ERRORS[name].status, headers)


async def cut(receive: Receive, send: Send) -> None:
    """Cut the connection without an answer; raise ConnectionResetError where there is none.

    WORKAROUND: ASGI has no message for this, so it reaches the transport of uvicorn's request
    cycle, whose bound method `send` is. Only the outermost layer sees that `send`.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError("the server cut the connection")
    transport.abort()
    await wait_for_disconnect(receive)


async def wait_for_disconnect(receive: Receive) -> None:
    """Return when the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass

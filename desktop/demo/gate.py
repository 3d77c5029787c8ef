"""The outermost layer: loopback hosts only, faults on demand, the date and a history of answers."""

import asyncio
from email.utils import formatdate
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from desktop.demo.errors import normalized_error
from desktop.demo.faults import cut, disconnected, fault_response
from desktop.demo.peeking import peeked_grant_type
from desktop.demo.state import Answered, DemoState

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost"})


class Gate:
    """An ASGI application around another one."""

    def __init__(self, app: ASGIApp, state: DemoState) -> None:
        self._app = app
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if not _is_loopback(Headers(scope=scope).get("host", "")):
            return await _misdirected()(scope, receive, self._recording(scope, send))
        if _is_from_another_site(Headers(scope=scope), scope["method"]):
            return await _foreign()(scope, receive, self._recording(scope, send))
        grant_type, receive = await peeked_grant_type(scope, receive)
        name, detail = self._state.faults.next(scope["path"], grant_type)
        if name in ("reset", "hang"):
            return await self._fail_silently(name, receive, send)
        app = self._app if name == "ok" else fault_response(name, detail)
        return await app(scope, receive, self._recording(scope, send, grant_type))

    async def _fail_silently(self, name: str, receive: Receive, send: Send) -> None:
        """Cut the connection; a hanging one when the client has gone or the server stops."""
        if name == "hang":
            waits = [self._state.closing.wait(), disconnected(receive)]
            tasks = [asyncio.ensure_future(wait) for wait in waits]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
        await cut(receive, send)

    def _recording(self, scope: Scope, send: Send, grant_type: str = "") -> Send:
        async def record(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Date"] = formatdate(self._state.clock(), usegmt=True)
                answered = (scope["method"], scope["path"], message["status"], grant_type)
                self._state.history.append(Answered(*answered))
            await send(message)

        return record


def _is_loopback(host: str) -> bool:
    """Tell a Host header of ours from that of a page whose name was rebound to 127.0.0.1."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() else host) in LOOPBACK


def _is_from_another_site(headers: Headers, method: str) -> bool:
    """Tell a request that a page elsewhere makes a browser send; following a link is none."""
    if headers.get("sec-fetch-site") not in {"cross-site", "same-site"}:
        return False
    return method != "GET" or headers.get("sec-fetch-mode") != "navigate"


def _foreign() -> Response:
    words = "Pages of other sites have no business here."
    return JSONResponse(normalized_error("forbidden", words), 403)


def _misdirected() -> Response:
    """Give RFC 9110 section 15.5.20."""
    words = "Only 127.0.0.1 and localhost are served."
    return JSONResponse(normalized_error("misdirected_request", words), 421)

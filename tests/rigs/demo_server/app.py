"""The outermost layer of a controlled server: faults, the quota, and a history of answers."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Final
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from desktop.demo.requests import MOST_BYTES, MOST_FIELDS
from tests.rigs.demo_server.faults import FaultQueue, cut, make_response, wait_for_disconnect
from tests.rigs.demo_server.options import DemoOptions
from tests.rigs.demo_server.quota import Quota

TOKEN_PATHS: Final = frozenset({"/iroh/oauth2/token", "/iroh/oauth2/refresh"})
LONGEST_NAME: Final = 80
MOST_HISTORY: Final = 1000


@dataclass(frozen=True, slots=True)
class Answered:
    """What was asked for, and the status of the answer.

    `grant_type` is that of a token request, empty for others; `port` is where it came in, and
    `authorization` the header of that name.
    """

    method: str
    path: str
    status: int
    grant_type: str = ""
    port: int = field(default=0, compare=False)
    authorization: str = field(default="", compare=False, repr=False)


class ControlledApp:
    """An ASGI application around that of the demo server."""

    def __init__(self, app: ASGIApp, options: DemoOptions, clock: Callable[[], float]) -> None:
        self.faults = FaultQueue()
        self.faults.add(*options.faults)
        self.faults.add(*options.refresh_faults, grant_type="refresh_token")
        self.history: deque[Answered] = deque(maxlen=MOST_HISTORY)
        self.closing = asyncio.Event()
        self._app = app
        self._clock = clock
        self._quota = Quota(options, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        is_token_request = scope["method"] == "POST" and scope["path"] in TOKEN_PATHS
        grant_type = ""
        if is_token_request:
            grant_type, receive = await peek_grant_type(receive)
        name, detail = self.faults.take(scope["path"], grant_type)
        if name in ("reset", "hang"):
            return await self._fail_silently(name, receive, send)
        app = self._app if name == "ok" else make_response(name, detail)
        headers = {"Date": formatdate(self._clock(), usegmt=True)}
        if is_token_request and name == "ok":
            app = self._quota.take() or app
            headers |= self._quota.headers()
        return await app(scope, receive, self._record(scope, grant_type, headers, send))

    async def _fail_silently(self, name: str, receive: Receive, send: Send) -> None:
        """Cut the connection; a hanging one when the client has gone or the server stops."""
        if name == "hang":
            waits = [self.closing.wait(), wait_for_disconnect(receive)]
            tasks = [asyncio.ensure_future(wait) for wait in waits]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
        await cut(receive, send)

    def _record(self, scope: Scope, grant_type: str, headers: dict[str, str], send: Send) -> Send:
        async def record(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
                answered = Answered(
                    scope["method"],
                    scope["path"],
                    message["status"],
                    grant_type,
                    port=scope["server"][1],
                    authorization=Headers(scope=scope).get("authorization", ""),
                )
                self.history.append(answered)
            await send(message)

        return record


async def peek_grant_type(receive: Receive) -> tuple[str, Receive]:
    """Read the grant type of a form, and make a `receive` that gives the body once more.

    It is empty where none can be read.
    """
    messages: list[Message] = []
    body = b""
    while len(body) <= MOST_BYTES:
        messages.append(await receive())
        body += messages[-1].get("body", b"")
        if not messages[-1].get("more_body", False):
            break

    async def receive_again() -> Message:
        return messages.pop(0) if messages else await receive()

    return _grant_type(body), receive_again


def _grant_type(body: bytes) -> str:
    try:
        form = parse_qs(body.decode(), max_num_fields=MOST_FIELDS)
    except ValueError:
        return ""
    return form.get("grant_type", [""])[0][:LONGEST_NAME]

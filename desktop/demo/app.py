"""The application: all routes, which requests are let through to them, and what serves it."""

import asyncio
from collections.abc import Mapping, Sequence
from email.utils import formatdate
from typing import Final, cast

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from desktop.demo import endpoints, pages
from desktop.demo.errors import OAuthError
from desktop.demo.requests import MOST_BYTES
from desktop.demo.services.routes import ROUTES
from desktop.demo.state import DemoState, state_of

LOOPBACK: Final = {"127.0.0.1", "localhost"}
MOST_CONNECTIONS: Final = 256
LONGEST_SILENCE: Final = 5.0  # seconds
ERRORS: Final = {404: "not_found", 405: "method_not_allowed"}


def create_app(state: DemoState, services: Mapping[int, str] | None = None) -> ASGIApp:
    """Make the application; `services` names what is served on other ports than the main one."""
    main = _make_app(state, (*endpoints.ROUTES, *pages.ROUTES))
    others = {port: _make_app(state, ROUTES[name]) for port, name in (services or {}).items()}

    async def choose(scope: Scope, receive: Receive, send: Send) -> None:
        await others.get(scope["server"][1], main)(scope, receive, send)

    return choose


def _make_app(state: DemoState, routes: Sequence[BaseRoute]) -> Starlette:
    app = Starlette(
        routes=routes,
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=guard)],
        exception_handlers={OAuthError: answer_oauth_error, HTTPException: answer_http_error},
    )
    app.state.demo = state
    return app


async def guard(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """Refuse what web pages of other sites send; date answers by the clock of the server."""
    if not is_loopback(request.headers.get("host", "")):  # RFC 9110 section 15.5.20
        error = OAuthError("misdirected_request", "Only 127.0.0.1 is served.", status=421)
        response = await answer_oauth_error(request, error)
    elif is_from_another_site(request):
        error = OAuthError("forbidden", "Web pages of other sites are refused.", status=403)
        response = await answer_oauth_error(request, error)
    else:
        response = await call_next(request)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Date"] = formatdate(state_of(request).clock(), usegmt=True)
    return response


def is_loopback(host: str) -> bool:
    """Tell our Host header from that of a page whose name was rebound to 127.0.0.1."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() else host) in LOOPBACK


def is_from_another_site(request: Request) -> bool:
    """Tell a request that a page elsewhere makes a browser send; following a link is not one."""
    if request.headers.get("sec-fetch-site") not in {"cross-site", "same-site"}:
        return False
    return request.method != "GET" or request.headers.get("sec-fetch-mode") != "navigate"


async def answer_oauth_error(_request: Request, error: Exception) -> Response:
    """Answer with what an endpoint raised."""
    error = cast("OAuthError", error)
    return JSONResponse(error.body(), error.status, endpoints.NO_STORE | error.headers)


async def answer_http_error(request: Request, error: Exception) -> Response:
    """Answer with what Starlette raised, such as for an unknown path."""
    error = cast("HTTPException", error)
    code = ERRORS.get(error.status_code, "invalid_request")
    oauth_error = OAuthError(code, error.detail, status=error.status_code, headers=error.headers)
    return await answer_oauth_error(request, oauth_error)


class ImpatientProtocol(H11Protocol):
    """The connection of a client, which ends if no request comes: uvicorn would wait for ever."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request; with too many others, do not."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
        else:
            self.loop.call_later(LONGEST_SILENCE, self.end_silence)

    def end_silence(self) -> None:
        """Close the connection if there was no whole request yet."""
        cycle: object = self.cycle  # uvicorn declares that there always is one
        if cycle is None:
            self.transport.abort()


class AppServer(uvicorn.Server):
    """A uvicorn server that leaves logging alone and runs until `closing` is set.

    An unexpected error in a request is in `error` and ends it: nobody could approve any more.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.closing = asyncio.Event()
        self.error: Exception | None = None
        self._app = app
        config = uvicorn.Config(
            self._call,
            interface="asgi3",  # it only recognizes functions
            http=ImpatientProtocol,
            h11_max_incomplete_event_size=MOST_BYTES,  # 64 kB is too little for a large token
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,  # the application sets it, by the server's own clock
            proxy_headers=False,
            timeout_graceful_shutdown=2,
        )
        super().__init__(config)

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_left = False  # a client that leaves causes errors too

        async def watch() -> Message:
            nonlocal has_left
            message = await receive()
            has_left = has_left or message["type"] == "http.disconnect"
            return message

        try:
            await self._app(scope, watch, send)
        except Exception as error:
            if not has_left:
                self.error = error
                self.closing.set()
            raise

    async def main_loop(self) -> None:
        """Wait for the event, where uvicorn itself looks ten times a second."""
        await self.on_tick(0)
        await self.closing.wait()

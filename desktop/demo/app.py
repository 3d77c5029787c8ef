"""The ASGI application: all routes, and how their errors become answers."""

from typing import cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from desktop.demo.account import Account
from desktop.demo.consent import Consent
from desktop.demo.discovery import Discovery
from desktop.demo.errors import OAuthError, normalized_error
from desktop.demo.gate import Gate
from desktop.demo.pages import Pages
from desktop.demo.protocol import NO_STORE, Protocol
from desktop.demo.state import DemoState


def create_app(state: DemoState) -> ASGIApp:
    """Give the application of one server."""
    rooms = (
        Discovery(state.signer),
        Protocol(state),
        Account(state),
        Pages(state),
        Consent(state),
    )
    app = Starlette(
        routes=[route for room in rooms for route in room.routes()],
        exception_handlers={OAuthError: _oauth_error, HTTPException: _http_error},
    )
    return Gate(app, state)


async def _oauth_error(_request: Request, error: Exception) -> Response:
    error = cast("OAuthError", error)
    body = normalized_error(error.error, error.description)
    return JSONResponse(body, error.status, NO_STORE | error.headers)


async def _http_error(_request: Request, error: Exception) -> Response:
    error = cast("HTTPException", error)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "invalid_request")
    body = normalized_error(code, error.detail)
    return JSONResponse(body, error.status_code, error.headers)

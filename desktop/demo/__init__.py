"""A demo authorization server on the loopback interface, with the routes and oddities of Cisco XDR.

It stands apart: it imports nothing of the client and shares no types with it, so that a field
misspelled on one side cannot be right on the other. Importing this package is cheap; Starlette,
uvicorn, Jinja2 and cryptography (extra `demo`) are loaded by `DemoServer.start`.
"""

from desktop.demo.clients import (
    BASIC_ONLY_CLIENT_ID,
    BASIC_ONLY_CLIENT_SECRET,
    CONFIDENTIAL_CLIENT_ID,
    CONFIDENTIAL_CLIENT_SECRET,
    POST_ONLY_CLIENT_ID,
    POST_ONLY_CLIENT_SECRET,
    PUBLIC_CLIENT_ID,
    SERVICE_CLIENT_ID,
    SERVICE_CLIENT_SECRET,
)
from desktop.demo.options import DemoOptions
from desktop.demo.server import DemoServer

__all__ = [
    "BASIC_ONLY_CLIENT_ID",
    "BASIC_ONLY_CLIENT_SECRET",
    "CONFIDENTIAL_CLIENT_ID",
    "CONFIDENTIAL_CLIENT_SECRET",
    "POST_ONLY_CLIENT_ID",
    "POST_ONLY_CLIENT_SECRET",
    "PUBLIC_CLIENT_ID",
    "SERVICE_CLIENT_ID",
    "SERVICE_CLIENT_SECRET",
    "DemoOptions",
    "DemoServer",
]

"""A demo authorization server on the loopback interface, with the routes and oddities of Cisco XDR.

It imports nothing of the client and shares no types with it, so a misspelled field fails a
test. Importing this package is cheap; Starlette, uvicorn, Jinja2 and cryptography (extra `demo`)
are loaded by `DemoServer.start`.
"""

from desktop.demo.clients import PUBLIC_CLIENT_ID
from desktop.demo.options import DemoOptions
from desktop.demo.server import DemoServer

__all__ = ["PUBLIC_CLIENT_ID", "DemoOptions", "DemoServer"]

"""The API services of the demo tenant, and Secure Endpoint, which has tokens of its own.

Each is an origin of its own, as in Cisco XDR: another port of 127.0.0.1. Names below `localhost`
would look more like the live service, but many programs ask DNS for them, which depends on the
system and its resolver. A script would fail, or send its token to a server elsewhere.
"""

from typing import Final

BASE_PATHS: Final = {
    "platform": "/iroh",
    "private-intel": "/ctia",
    "intel": "/ctia",
    "conure": "",
    "automate": "/api",
}
"""The path of each service on its host; `platform` is on that of the authorization server."""

SECURE_ENDPOINT: Final = "secure-endpoint"
ORIGINS: Final = (*BASE_PATHS, SECURE_ENDPOINT)
"""What is served, in the order of the ports."""

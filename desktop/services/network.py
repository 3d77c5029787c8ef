"""The HTTP client: one module, so that it can be replaced."""

import ssl
import sys
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx
import truststore

from desktop import __version__


def make_http_client() -> httpx.AsyncClient:
    """A client that trusts what this computer trusts and follows no redirect.

    Slow (it loads the trust store): call it off the event loop.
    """
    return httpx.AsyncClient(
        # TLS interception is normal in these networks: the system's store knows its authority.
        verify=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        timeout=httpx.Timeout(10.0, connect=10.0),
        # A proxy would carry plain http, meant for this computer only, over the network.
        mounts={f"all://{host}": None for host in ("127.0.0.1", "localhost", "[::1]")},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
        headers={"User-Agent": f"xdr-login/{__version__} ({sys.platform})"},
    )

"""The HTTP client: trust store, proxy, timeouts."""

import re
import ssl
import sys
from collections.abc import Awaitable, Callable
from dataclasses import field
from functools import partial
from http.cookiejar import CookieJar
from pathlib import Path
from urllib import request
from urllib.parse import urlsplit

import httpx
import truststore

from desktop import __version__
from desktop.frozen import frozen
from desktop.oauth.addresses import is_loopback
from desktop.oauth.errors import AuthorityUnusable
from desktop.services.network.environment_proxy import find_environment_proxy, normalized_proxy
from desktop.services.network.proxy_transport import ProxiedTransport, no_password
from desktop.services.system.files import read_file
from desktop.services.system.translation import translatable, translate
from desktop.services.system.worker import Worker


def find_system_proxy(address: str) -> str:
    """Find the proxy for `address` in the environment or the system settings; empty for none.

    Where the environment sets none, the fixed settings of Windows and macOS count, as for urllib.
    Blocks, because these may resolve names.
    """
    parts = urlsplit(address)
    if is_loopback(parts.hostname or ""):
        return ""
    found = find_environment_proxy(address)
    if found is not None:
        return found
    known: dict[str, str] = {}
    bypasses: Callable[[str], object] = bool
    if sys.platform == "win32":
        known, bypasses = request.getproxies_registry(), request.proxy_bypass_registry
    elif sys.platform == "darwin":
        known, bypasses = request.getproxies_macosx_sysconf(), request.proxy_bypass_macosx_sysconf
    proxy = known.get(parts.scheme) or known.get("all", "")
    return normalized_proxy(proxy) if proxy and not bypasses(parts.netloc) else ""


@frozen
class NetworkOptions:
    """How servers are reached.

    `proxy` is `system`, `none`, or an address. `proxy_user` signs in to it, and `proxy_password`
    returns the password for its host and port. `proxy_source` names the policy that sets the proxy.
    `ca_file` is a PEM file with CA certificates to trust in addition to the system's. `find_proxy`
    finds the system's proxy for an address; it may block, so `proxy_worker` calls it.
    """

    proxy: str = "system"
    proxy_user: str = ""
    proxy_password: Callable[[str], Awaitable[str | None]] = no_password
    proxy_source: str = ""
    ca_file: str = ""
    find_proxy: Callable[[str], str] = find_system_proxy
    proxy_worker: Worker = field(default_factory=partial(Worker, "proxies"), repr=False)


def make_http_client(network: NetworkOptions | None = None) -> httpx.AsyncClient:
    """Make a client that trusts what this computer trusts and follows no redirect.

    Blocks, because it loads the trust store. Raises `AuthorityUnusable`.
    """
    network = network or NetworkOptions()
    # TLS interception is normal in these networks: its CA is in the system's trust store.
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if network.ca_file:
        _load_authorities(context, network.ca_file)
    return httpx.AsyncClient(
        transport=ProxiedTransport(
            context,
            partial(_find_proxy, network),
            user=network.proxy_user,
            password=network.proxy_password,
            policy_source=network.proxy_source,
        ),
        timeout=httpx.Timeout(10.0, connect=10.0),
        cookies=_NoCookies(),
        follow_redirects=False,
        headers={"User-Agent": f"xdr-login/{__version__} ({sys.platform})"},
    )


class _NoCookies(CookieJar):
    """A jar that keeps nothing, and does not even read what a server sends.

    Python's own reports a year with too many digits as a bug of its own, on stderr.
    """

    def extract_cookies(self, response: object, request: object) -> None:
        """Ignore the cookies of `response`."""


async def _find_proxy(network: NetworkOptions, url: httpx.URL) -> str:
    # A proxy would carry plain http, which is allowed on this computer only, over the network.
    if network.proxy == "none" or is_loopback(url.host):
        return ""
    if network.proxy != "system":
        return network.proxy
    # Found for each request: a laptop moves, and a script (PAC) may decide by address.
    return await network.proxy_worker.run(partial(network.find_proxy, str(url)))


def _load_authorities(context: truststore.SSLContext, file: str) -> None:
    # A relative path would mean another file in each folder that a command is run in.
    if not Path(file).is_absolute():
        raise AuthorityUnusable(file, translate("the path is not absolute"))
    try:
        content = read_file(Path(file), limit=_LARGEST_CA_FILE)
        certificates = b"\n".join(_CERTIFICATE.findall(content)).decode("ascii")
        # Given no certificate at all, OpenSSL does not complain.
        if not certificates:
            raise AuthorityUnusable(file, translate(_NO_CERTIFICATE))
        context.load_verify_locations(cadata=certificates)
    except (ssl.SSLError, UnicodeDecodeError) as error:
        raise AuthorityUnusable(file, translate(_NO_CERTIFICATE)) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", "") or translate("the file cannot be read")
        raise AuthorityUnusable(file, reason) from error


_LARGEST_CA_FILE = 4_000_000  # bytes; all public authorities together have some 250 kB
_NO_CERTIFICATE = translatable("the file contains no PEM certificate")
# RFC 7468. What is before and between them is a comment.
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----[^-]++-----END CERTIFICATE-----")

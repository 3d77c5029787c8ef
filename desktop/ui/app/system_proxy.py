"""Finds the system proxy for an address, including proxy scripts (PAC).

Qt knows it on Windows and macOS; on Linux the desktop portal does.
"""

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from desktop.services.network.environment_proxy import find_environment_proxy
from desktop.services.network.linux_proxy import query_portal

if TYPE_CHECKING:
    from PySide6.QtNetwork import QNetworkProxy

CACHE_SECONDS = 60.0  # seconds
_DIRECT = "direct://"


def make_proxy_finder(platform: str = sys.platform) -> Callable[[str], str]:
    """Create the function that finds the proxy for an address on this system."""
    if platform not in {"win32", "darwin"}:
        return SystemProxy(query=query_portal)  # there Qt only reads the environment
    # PySide6 creates a class when it is first named: here, not in the thread that queries (`app`).
    from PySide6.QtCore import QUrl  # noqa: F401
    from PySide6.QtNetwork import (  # noqa: F401
        QNetworkProxy,
        QNetworkProxyFactory,
        QNetworkProxyQuery,
    )

    return SystemProxy(query=_query_qt)


class SystemProxy:
    """Queries the system, unless the environment sets a proxy. Called off the event loop.

    `query` returns the proxy addresses for a server, `direct://` for none.

    WORKAROUND: PySide6 6.11 does not release the GIL during the query, so a slow script freezes the
    window even from a thread. The result for each server is cached for a minute.
    """

    def __init__(
        self, now: Callable[[], float] = time.monotonic, *, query: Callable[[str], list[str]]
    ) -> None:
        self._now = now
        self._query = query
        self._known: dict[str, tuple[float, str]] = {}

    def __call__(self, address: str) -> str:
        """Find the address of the proxy; empty for none."""
        found = find_environment_proxy(address)
        if found is not None:
            return found
        parts = urlsplit(address)
        server = f"{parts.scheme}://{parts.netloc}/"  # a script must not see the path
        queried_at, proxy = self._known.get(server, (-CACHE_SECONDS, ""))
        if self._now() - queried_at >= CACHE_SECONDS:
            proxy = first_usable(self._query(server))
            self._known[server] = (self._now(), proxy)
        return proxy


def _query_qt(address: str) -> list[str]:
    from PySide6.QtCore import QUrl
    from PySide6.QtNetwork import QNetworkProxyFactory, QNetworkProxyQuery

    found = QNetworkProxyFactory.systemProxyForQuery(QNetworkProxyQuery(QUrl(address)))
    return [_address(each) for each in found]


def first_usable(proxies: list[str]) -> str:
    """The first supported proxy, else the first one, whose error is then reported."""
    usable = (each for each in proxies if not each.startswith("socks"))
    found = next(usable, next(iter(proxies), ""))
    return "" if found.startswith(_DIRECT) else found


def _address(proxy: "QNetworkProxy") -> str:
    from PySide6.QtNetwork import QNetworkProxy

    kind = proxy.type()
    if kind in {QNetworkProxy.ProxyType.NoProxy, QNetworkProxy.ProxyType.DefaultProxy}:
        return _DIRECT
    scheme = "socks5" if kind is QNetworkProxy.ProxyType.Socks5Proxy else "http"
    host = f"[{proxy.hostName()}]" if ":" in proxy.hostName() else proxy.hostName()
    return f"{scheme}://{host}:{proxy.port()}"

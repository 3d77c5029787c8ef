"""Which proxy the system wants for an address, scripts (PAC) included.

Qt asks Windows and macOS; a Linux desktop is asked by its portal.
"""

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies_environment

from desktop.services.network.http_client import find_system_proxy
from desktop.services.network.linux_proxy import query_portal

if TYPE_CHECKING:
    from PySide6.QtNetwork import QNetworkProxy

CACHE_SECONDS = 60.0  # seconds
_DIRECT = "direct://"


def make_proxy_finder(platform: str = sys.platform) -> Callable[[str], str]:
    """What tells the proxy for an address on this system."""
    if platform not in {"win32", "darwin"}:
        return SystemProxy(ask=query_portal)  # there Qt knows no more than the environment
    # PySide6 makes a class at the first use of its name: here, not in the thread that asks (`app`).
    from PySide6.QtCore import QUrl  # noqa: F401
    from PySide6.QtNetwork import (  # noqa: F401
        QNetworkProxy,
        QNetworkProxyFactory,
        QNetworkProxyQuery,
    )

    return SystemProxy(ask=_query_qt)


class SystemProxy:
    """Asks the system, unless the environment names a proxy. Is called off the event loop.

    `ask` gives the addresses for a server, `direct://` for none.

    WORKAROUND: PySide does not let other threads of Python run meanwhile (its function releases no
    GIL as of 6.11), so a slow script holds the window all the same. What it said for a server is
    kept for a minute.
    """

    def __init__(
        self, now: Callable[[], float] = time.monotonic, *, ask: Callable[[str], list[str]]
    ) -> None:
        self._now = now
        self._query = ask
        self._known: dict[str, tuple[float, str]] = {}

    def __call__(self, address: str) -> str:
        """The address of the proxy; empty for none."""
        if getproxies_environment():
            return find_system_proxy(address)
        parts = urlsplit(address)
        server = f"{parts.scheme}://{parts.netloc}/"  # a script has no business with the path
        asked_at, proxy = self._known.get(server, (-CACHE_SECONDS, ""))
        if self._now() - asked_at >= CACHE_SECONDS:
            proxy = first_usable(self._query(server))
            self._known[server] = (self._now(), proxy)
        return proxy


def _query_qt(address: str) -> list[str]:
    from PySide6.QtCore import QUrl
    from PySide6.QtNetwork import QNetworkProxyFactory, QNetworkProxyQuery

    found = QNetworkProxyFactory.systemProxyForQuery(QNetworkProxyQuery(QUrl(address)))
    return [_address(each) for each in found]


def first_usable(proxies: list[str]) -> str:
    """The first of `proxies` that can be used, or else the first one, of which is told why not."""
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

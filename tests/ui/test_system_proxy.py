"""The proxy that Windows or macOS wants, as Qt tells it."""

import pytest
from PySide6.QtNetwork import QNetworkProxy, QNetworkProxyFactory, QNetworkProxyQuery

from desktop.services.network import system_proxy
from desktop.ui.system_proxy import REMEMBERED, SystemProxy, chosen, proxy_finder

Kind = QNetworkProxy.ProxyType


class System:
    """What the system answers, and what it was asked; a clock beside it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.proxies = [QNetworkProxy(Kind.HttpProxy, "proxy.example", 3128)]
        self.asked: list[str] = []
        self.now = 0.0
        monkeypatch.setattr(QNetworkProxyFactory, "systemProxyForQuery", self._answer)
        self.find = SystemProxy(lambda: self.now)

    def _answer(self, query: QNetworkProxyQuery) -> list[QNetworkProxy]:
        self.asked.append(query.url().toString())
        return self.proxies


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> System:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return System(monkeypatch)


@pytest.mark.parametrize(
    ("proxies", "address"),
    [
        ([(Kind.HttpProxy, "proxy.example", 3128)], "http://proxy.example:3128"),
        ([(Kind.HttpCachingProxy, "proxy.example", 80)], "http://proxy.example:80"),
        ([(Kind.HttpProxy, "2001:db8::1", 3128)], "http://[2001:db8::1]:3128"),
        ([(Kind.NoProxy, "", 0)], ""),
        ([(Kind.DefaultProxy, "", 0)], ""),
        ([(Kind.Socks5Proxy, "s.example", 1080)], "socks5://s.example:1080"),
        (
            [(Kind.Socks5Proxy, "s.example", 1080), (Kind.HttpProxy, "p.example", 1)],
            "http://p.example:1",
        ),
        ([(Kind.Socks5Proxy, "s.example", 1080), (Kind.NoProxy, "", 0)], ""),
    ],
)
def test_the_first_proxy_that_can_be_used_is_taken(
    system: System, proxies: list[tuple[QNetworkProxy.ProxyType, str, int]], address: str
) -> None:
    system.proxies = [QNetworkProxy(*each) for each in proxies]
    assert system.find("https://login.example/token") == address


def test_a_script_is_told_the_server_alone_and_asked_once_a_minute(system: System) -> None:
    for path in ("token", "device?secret=1"):
        system.find(f"https://login.example:8443/{path}")
    assert system.asked == ["https://login.example:8443/"]
    system.find("https://other.example/")
    system.now += REMEMBERED
    system.find("https://login.example:8443/token")
    assert len(system.asked) == 3


def test_the_environment_counts_more(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://env.example:1")
    assert system.find("https://login.example/") == "http://env.example:1"
    assert not system.asked


def test_qt_itself_can_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop.ui.system_proxy.getproxies_environment", dict)
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    assert SystemProxy()("https://login.example/") in {"http://proxy.example:3128", ""}


def test_no_proxy_at_all_is_none() -> None:
    assert chosen([]) == ""


def test_only_windows_and_macos_are_asked_through_qt() -> None:
    assert proxy_finder("linux") is system_proxy
    assert isinstance(proxy_finder("win32"), SystemProxy)
    assert isinstance(proxy_finder("darwin"), SystemProxy)

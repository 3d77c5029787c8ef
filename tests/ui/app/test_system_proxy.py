"""The system proxy from Qt, the desktop portal or the environment."""

import pytest
from PySide6.QtNetwork import QNetworkProxy, QNetworkProxyFactory, QNetworkProxyQuery

from desktop.services.network.linux_proxy import query_portal
from desktop.ui.app.system_proxy import CACHE_SECONDS, SystemProxy, first_usable, make_proxy_finder
from desktop.ui.app.system_proxy import _query_qt as asked_of_qt
from tests.rigs.portal import PAC_HOST, run_portal
from tests.rigs.secret_service import Bus

Kind = QNetworkProxy.ProxyType


class System:
    """What the system answers, and what it was asked; a clock beside it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.proxies = [QNetworkProxy(Kind.HttpProxy, "proxy.example", 3128)]
        self.asked: list[str] = []
        self.now = 0.0
        monkeypatch.setattr(QNetworkProxyFactory, "systemProxyForQuery", self._answer)
        self.find = SystemProxy(lambda: self.now, query=asked_of_qt)

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
def test_the_first_supported_proxy_is_used(
    system: System, proxies: list[tuple[QNetworkProxy.ProxyType, str, int]], address: str
) -> None:
    system.proxies = [QNetworkProxy(*each) for each in proxies]
    assert system.find("https://login.example/token") == address


def test_a_script_sees_only_the_server_and_runs_once_a_minute(system: System) -> None:
    for path in ("token", "device?secret=1"):
        system.find(f"https://login.example:8443/{path}")
    assert system.asked == ["https://login.example:8443/"]
    system.find("https://other.example/")
    system.now += CACHE_SECONDS
    system.find("https://login.example:8443/token")
    assert len(system.asked) == 3


def test_the_environment_takes_precedence(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://env.example:1")
    assert system.find("https://login.example/") == "http://env.example:1"
    assert not system.asked


def test_exceptions_without_a_proxy_leave_the_other_servers_to_the_system(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "*.corp")
    assert system.find("https://login.corp/") == ""
    assert not system.asked
    system.find("https://login.example/")
    assert system.asked == ["https://login.example/"]


def test_qt_itself_can_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop.ui.app.system_proxy.find_environment_proxy", lambda _: None)
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    assert SystemProxy(query=asked_of_qt)("https://login.example/") in {
        "http://proxy.example:3128",
        "",
    }


@pytest.mark.parametrize("proxies", [[], ["direct://"], ["direct://", "http://p.example:1"]])
def test_an_empty_list_means_no_proxy(proxies: list[str]) -> None:
    assert first_usable(proxies) == ""


def test_qt_is_queried_on_windows_and_macos_and_the_portal_on_linux() -> None:
    asked = {each: make_proxy_finder(each) for each in ("win32", "darwin", "linux")}
    ways = {each: found._query for each, found in asked.items() if isinstance(found, SystemProxy)}
    assert ways == {"win32": asked_of_qt, "darwin": asked_of_qt, "linux": query_portal}


# The portal of a Linux desktop


def test_the_portal_of_the_desktop_is_asked(bare_bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bare_bus.address)
    with run_portal(bare_bus):
        assert query_portal(f"https://{PAC_HOST}/") == ["http://pac.example:8080", "direct://"]
        assert query_portal("https://other.example/") == ["direct://"]
        assert query_portal("https://refused.example/") == []


def test_a_desktop_without_a_portal_names_no_proxy(
    bare_bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bare_bus.address)
    assert query_portal("https://login.example/") == []


@pytest.mark.parametrize("address", ["unix:path=/nowhere/bus", "nonsense", ""])
def test_without_a_bus_there_is_no_portal(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    assert query_portal("https://login.example/") == []
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    assert query_portal("https://login.example/") == []

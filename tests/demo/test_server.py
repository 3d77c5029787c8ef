import contextlib
import logging
import socket
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from desktop.demo import PUBLIC_CLIENT_ID, DemoOptions, DemoServer
from desktop.demo.clients import DEVICE_CODE

HEAVY = ("starlette", "uvicorn", "jinja2", "cryptography", "jwt", "httpx", "PySide6")


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    with DemoServer(DemoOptions(approve_after=0)) as server:
        yield server


def ask(server: DemoServer) -> dict[str, str]:
    form = {"client_id": PUBLIC_CLIENT_ID}
    answer = httpx.post(f"{server.url}/iroh/oauth2/device_authorization", data=form)
    return dict(answer.raise_for_status().json())


def poll(server: DemoServer, device_code: str) -> httpx.Response:
    form = {"client_id": PUBLIC_CLIENT_ID, "grant_type": DEVICE_CODE, "device_code": device_code}
    return httpx.post(f"{server.url}/iroh/oauth2/token", data=form)


def test_a_sign_in_works_over_the_loopback_interface(server: DemoServer) -> None:
    issued = ask(server)
    assert issued["verification_uri"].startswith(server.url)
    token = poll(server, issued["device_code"]).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{server.url}/iroh/profile/whoami", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("localhost:99", 200),
        ("rebound.example", 421),
        ("127.0.0.1.rebound.example:80", 421),
        ("127.0.0.1:80@rebound.example", 421),
        ("[::1]:80", 421),
    ],
)
def test_only_loopback_hosts_are_served(server: DemoServer, host: str, status: int) -> None:
    url = f"{server.url}/.well-known/oauth-authorization-server"
    assert httpx.get(url, headers={"Host": host}).status_code == status


def test_connections_without_a_request_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop.demo.app.LONGEST_SILENCE", 0.05)
    monkeypatch.setattr("desktop.demo.app.MOST_CONNECTIONS", 20)
    with DemoServer() as server:
        where = "127.0.0.1", int(server.url.rpartition(":")[2])
        silent = [socket.create_connection(where, timeout=5) for _ in range(40)]
        silent[0].sendall(b"GET / HTTP/1.1\r\n")
        for each in silent:
            with each, contextlib.suppress(ConnectionResetError):
                assert each.recv(1) == b""
        assert httpx.get(f"{server.url}/.well-known/jwks").status_code == 200


def test_the_date_is_sent_once_and_by_the_clock_of_the_server() -> None:
    with DemoServer(clock=lambda: 1_800_000_600.0) as server:
        answer = httpx.get(f"{server.url}/.well-known/jwks")
    assert answer.headers.get_list("date") == ["Fri, 15 Jan 2027 08:10:00 GMT"]


def test_a_port_that_is_taken_is_an_error_of_start() -> None:
    with DemoServer() as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(OSError, match=r"in use|only one usage|forbidden"):
            DemoServer(DemoOptions(port=port)).start()


def test_stopping_frees_the_port_and_may_be_repeated() -> None:
    server = DemoServer()
    url = server.start()
    assert server.start() == url == server.url
    server.stop()
    server.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


@pytest.mark.skipif(sys.platform == "darwin", reason="has no 127.0.0.2")
def test_it_is_reachable_on_the_loopback_interface_only(server: DemoServer) -> None:
    port = int(server.url.rpartition(":")[2])
    with socket.socket() as other:
        other.bind(("127.0.0.2", port))  # free: the server did not bind every address
        assert other.getsockname() == ("127.0.0.2", port)


def test_it_leaves_logging_and_signals_alone() -> None:
    handlers = logging.getLogger().handlers[:]
    with DemoServer():
        assert logging.getLogger().handlers == handlers
        assert not logging.getLogger("uvicorn").handlers
        assert not logging.getLogger("uvicorn.error").handlers


def test_importing_it_loads_nothing_heavy() -> None:
    code = f"import sys, desktop.demo; print([m for m in {HEAVY} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == "[]"


def test_it_imports_nothing_of_the_app() -> None:
    code = (
        "import sys, desktop.demo.app as _;"
        "print([m for m in sys.modules if m.startswith('desktop.') and '.demo' not in m])"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_another_site_can_post_nothing(server: DemoServer, site: str) -> None:
    form = {"client_id": PUBLIC_CLIENT_ID}
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
    address = f"{server.url}/iroh/oauth2/device_authorization"
    assert httpx.post(address, data=form, headers=headers).status_code == 403


def test_a_page_of_another_site_cannot_fetch_but_can_link(server: DemoServer) -> None:
    page = f"{server.url}/iroh/oauth2/device"
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    assert httpx.get(page, headers=headers).status_code == 403
    headers["Sec-Fetch-Mode"] = "navigate"
    assert httpx.get(page, headers=headers).status_code == 200


def test_a_large_access_token_arrives_in_pieces(server: DemoServer) -> None:
    head = "GET /iroh/profile/whoami HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer "
    with socket.create_connection(("127.0.0.1", httpx.URL(server.url).port or 0), 5) as client:
        client.settimeout(0.2)
        client.sendall(head.encode() + b"x" * 99_000)
        with pytest.raises(TimeoutError):  # it waits for the rest
            client.recv(1)
        client.sendall(b"x" * 1000 + b"\r\n\r\n")
        client.settimeout(5)
        assert client.recv(100).startswith(b"HTTP/1.1 401")

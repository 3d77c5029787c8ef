"""A running app and API servers that are made up, on real sockets."""

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from desktop.ipc import address
from desktop.ipc.messages import RefusedByAgent, encode
from desktop.services.model.access_token import digest_of


@dataclass
class FakeApp:
    """Answers `token` and `services` on the socket of the app, and notes what it was asked.

    `profile` is the first one, and `issued_for` what its tokens are bound to.
    """

    token: str = "token-1"
    profile: str = "soc"
    issued_for: str = "https://login.example client"
    services: dict[str, str] = field(default_factory=dict)
    elsewhere: list[str] | None = None
    refusal: RefusedByAgent | None = None
    can_renew: bool = True
    renewals: int = 0
    requests: list[dict[str, object]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def renew(self) -> None:
        self.renewals += 1
        self.token = f"token-{self.renewals + 1}"

    def answer(self, request: dict[str, object]) -> dict[str, object]:
        with self._lock:
            self.requests.append(request)
            if self.refusal is not None:
                return dict(self.refusal.members())
            if request["command"] == "services":
                bound: dict[str, object] = {"issued_for": self.issued_for}
                if "foreign" in request:
                    bound["elsewhere"] = self.elsewhere
                return {"ok": True, "profile": self.profile, "services": self.services, **bound}
            if request.get("issued_for") not in {None, self.issued_for}:
                return dict(RefusedByAgent("sign_in_needed", "Sign in", "").members())
            if self.can_renew and request.get("refused") == digest_of(self.token):
                self.renew()
            return {"ok": True, "text": self.token}

    def count(self, command: str) -> int:
        return [each["command"] for each in self.requests].count(command)


@pytest.fixture
def app() -> Iterator[FakeApp]:
    """Run the app that is made up."""
    made = FakeApp()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.fspath(address.socket_path()))
        listening.listen(64)

        def serve() -> None:
            while True:
                try:
                    peer, _ = listening.accept()
                except OSError:  # the end
                    return
                with peer, peer.makefile("rb") as lines:
                    line = lines.readline()
                    if line:
                        peer.sendall(encode(made.answer(json.loads(line))))

        thread = threading.Thread(target=serve)
        thread.start()
        yield made
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()
    address.socket_path().unlink()


@dataclass(frozen=True)
class Received:
    """A request as an API server got it."""

    method: str
    path: str
    authorization: str | None
    body: bytes


@dataclass
class FakeApi:
    """An API server on a port of its own; `valid` is the token that it takes.

    If `refused` is set, it takes all others, and refuses when as many have come as `gate` says.
    """

    url: str = ""
    valid: str = "token-1"
    refused: str = ""
    gate: threading.Barrier = field(default_factory=lambda: threading.Barrier(1))
    received: list[Received] = field(default_factory=list)
    redirects: dict[str, str] = field(default_factory=dict)
    on_refusal: Callable[[], None] = lambda: None

    def takes(self, authorization: str | None) -> bool:
        if self.refused:
            is_refused = authorization == f"Bearer {self.refused}"
            if is_refused:
                self.gate.wait(60)
            return not is_refused
        return authorization == f"Bearer {self.valid}"

    @property
    def tokens(self) -> list[str | None]:
        return [each.authorization for each in self.received]


def run_api() -> Iterator[FakeApi]:
    made = FakeApi()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            authorization = self.headers.get("Authorization")
            made.received.append(Received(self.command, self.path, authorization, body))
            if self.path in made.redirects:
                self.send_response(307)
                self.send_header("Location", made.redirects[self.path])
                text = b""
            else:
                text = b'{"data": [], "resources": []}'
                is_taken = made.takes(authorization)
                if not is_taken:
                    made.on_refusal()
                self.send_response(200 if is_taken else 401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = answer  # noqa: N815 - as the library names them

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 128

    with Server(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        server.shutdown()
        thread.join()


@pytest.fixture
def api(app: FakeApp) -> Iterator[FakeApi]:
    """Run the API server that is a service of the profile."""
    for made in run_api():
        app.services = {"platform": f"{made.url}/iroh"}
        yield made


@pytest.fixture
def foreign() -> Iterator[FakeApi]:
    """Run an API server that is not a service of the profile."""
    yield from run_api()

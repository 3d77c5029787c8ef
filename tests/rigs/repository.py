"""The apt and dnf repositories on a web server of this computer, which can also alter files."""

import contextlib
import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from builder.repository.make import make_repositories
from builder.repository.signing import SecretKey


@dataclass
class PublishedRepository:
    """Repositories in `folder`, served at `address`. `altered` replaces the content of paths."""

    folder: Path
    address: str = ""
    requests: list[str] = field(default_factory=list)
    altered: dict[str, bytes] = field(default_factory=dict)

    def publish(self, packages: Path, key: str) -> None:
        """Add packages and sign everything with a key that has no passphrase."""
        make_repositories(packages, self.folder, key=SecretKey(key, ""), address=self.address)

    @contextlib.contextmanager
    def alter(self, path: str) -> Iterator[None]:
        """Serve a file with one other byte in its middle."""
        content = bytearray((self.folder / path).read_bytes())
        content[len(content) // 2] ^= 1
        self.altered[f"/{path}"] = bytes(content)
        try:
            yield
        finally:
            self.altered.clear()


@contextlib.contextmanager
def serve_repository(folder: Path) -> Iterator[PublishedRepository]:
    """Serve the repositories that will be in `folder`."""
    repository = PublishedRepository(folder)

    class Handler(http.server.SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            repository.requests.append(self.path)
            content = repository.altered.get(self.path)
            if content is None:
                super().do_GET()
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: object) -> None:
            """Keep stderr empty."""

    def handle(*arguments: object) -> Handler:
        return Handler(*arguments, directory=str(folder))  # type: ignore[arg-type]

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handle) as server:
        repository.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield repository
        finally:
            server.shutdown()
            thread.join()

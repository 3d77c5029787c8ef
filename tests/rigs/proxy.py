"""tinyproxy, a real proxy, with or without its own password."""

import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.rigs import requirements
from tests.rigs.process import Program, run_program, wait_until

USER, PASSWORD = "dana", "proxy-SECRET"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running proxy; `address` is for a profile."""

    address: str
    program: Program

    @property
    def name(self) -> str:
        """Return host and port."""
        return self.address.removeprefix("http://")

    def count_connections(self) -> int:
        """Return the number of connections that it has opened."""
        return self.program.read_output().count("Established connection to host")


@pytest.fixture
def start_proxy(tmp_path: Path) -> Iterator[Callable[..., Proxy]]:
    """Return a function that starts proxies: `start_proxy("BasicAuth dana proxy-SECRET")`."""
    requirements.require_linux("proxy")
    requirements.require("proxy", "tinyproxy")
    with ExitStack() as stack:
        yield lambda *lines: stack.enter_context(_run_proxy(tmp_path, lines))


@contextlib.contextmanager
def _run_proxy(folder: Path, lines: tuple[str, ...]) -> Iterator[Proxy]:
    with _reserved() as port:
        yield from _run_on(port, folder, lines)


def _run_on(port: int, folder: Path, lines: tuple[str, ...]) -> Iterator[Proxy]:
    settings = (f"Port {port}", "Listen 127.0.0.1", "Timeout 30", "LogLevel Info", *lines)
    file = folder / f"tinyproxy-{port}.conf"
    file.write_text("\n".join(settings) + "\n")
    with run_program(["tinyproxy", "-d", "-c", str(file)], dict(os.environ)) as program:
        wait_until(lambda: _accepts_connections(port), "tinyproxy listens", program)
        yield Proxy(f"http://127.0.0.1:{port}", program)


@contextlib.contextmanager
def _reserved() -> Iterator[int]:
    """Reserve a free port, on which a program can still listen."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


def _accepts_connections(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0

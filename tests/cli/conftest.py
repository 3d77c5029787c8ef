from collections.abc import Iterator
from pathlib import Path

import click.testing
import pytest

from desktop.cli.api import authorized_call
from desktop.cli.sign_in import grants
from tests.cli.commands import CommandHarness, run_demo_home
from tests.cli.demo_harness import DemoHarness, write_profile
from tests.rigs.demo_server import DemoOptions, DemoServer
from tests.rigs.secret_service import SecretStore
from tests.services.system.loggers import kept_logging


@pytest.fixture(autouse=True)
def shared_signing_key(one_signing_key: None) -> None:
    """Make no key for each server."""


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    with kept_logging():
        yield


@pytest.fixture
def home(secret_service: SecretStore, own_folders: Path) -> Iterator[CommandHarness]:
    """A home without profiles, a real keyring, and a server whose analyst approves."""
    with run_demo_home(own_folders, secret_service, DemoOptions(approve_after=0)) as found:
        yield found


@pytest.fixture(scope="session")
def demo_server() -> Iterator[DemoServer]:
    """A server whose analyst approves."""
    with DemoServer(DemoOptions(interval=0, approve_after=0)) as server:
        yield server


@pytest.fixture
def served(demo_server: DemoServer, monkeypatch: pytest.MonkeyPatch) -> DemoHarness:
    """A profile, and a token without a keyring."""
    served = DemoHarness(demo_server)
    served.tokens.append(served.sign_in())
    for module in (authorized_call, grants):
        monkeypatch.setattr(module, "fetch_token", served.fetch_token)
    write_profile(demo_server.url)
    return served


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the streams of a command be those of a terminal."""
    streams = click.testing._NamedTextIOWrapper
    monkeypatch.setattr(streams, "isatty", lambda _: True, raising=False)

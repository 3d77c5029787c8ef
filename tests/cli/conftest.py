from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.demo import DemoOptions
from tests.cli.commands import Place, place
from tests.rigs.secret_service import SecretStore
from tests.services.loggers import kept_logging


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    with kept_logging():
        yield


@pytest.fixture
def home(secret_service: SecretStore, own_folders: Path) -> Iterator[Place]:
    """A home without profiles, a real keyring, and a server whose analyst approves."""
    with place(own_folders, secret_service, DemoOptions(outcome="approve")) as found:
        yield found

"""A missing or locked keyring."""

from collections.abc import Iterator

import pytest

from tests.end_to_end.conftest import Start
from tests.end_to_end.test_sign_in import profile_for
from tests.rigs.demo_server import DemoOptions, DemoServer
from tests.rigs.secret_service import Bus, SecretStore


@pytest.fixture
def server() -> Iterator[DemoServer]:
    """Run a demo server on which the analyst approves at once."""
    with DemoServer(DemoOptions(interval=1, approve_after=0)) as running_server:
        profile_for(running_server)
        yield running_server


@pytest.mark.usefixtures("server")
def test_without_a_keyring_the_token_lasts_until_the_app_quits(start: Start, bare_bus: Bus) -> None:
    for _ in range(2):
        app = start(bare_bus)
        screen = app.wait_for("Copy token")
        assert screen.shows("No keyring found. Your token isn't saved")
        assert app.quit() == 0


@pytest.mark.usefixtures("server")
def test_a_locked_keyring_prevents_saving_but_not_the_sign_in(
    start: Start, secret_service: SecretStore
) -> None:
    secret_service.lock()
    app = start(secret_service)
    screen = app.wait_for("Copy token")
    assert screen.shows("Your token isn't saved")
    assert app.quit() == 0

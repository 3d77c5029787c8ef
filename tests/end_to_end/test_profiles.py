"""A missing or wrong profile is corrected while the app runs."""

from collections.abc import Iterator

import pytest

from tests.end_to_end.conftest import Start, write_profile
from tests.end_to_end.test_sign_in import profile_for
from tests.rigs.demo_server import DemoOptions, DemoServer
from tests.rigs.secret_service import SecretStore


@pytest.fixture
def server() -> Iterator[DemoServer]:
    """Run a demo server; the profile comes later."""
    with DemoServer(DemoOptions(interval=1)) as running_server:
        yield running_server


def test_a_first_profile_is_loaded_without_a_restart(
    start: Start, server: DemoServer, secret_service: SecretStore
) -> None:
    app = start(secret_service)
    app.wait_for("Set up your first profile")
    app.wait_for("Client ID")  # shown when everything is loaded
    app.press("Escape")  # closes the form but not the window
    profile_for(server)
    app.click("Try again")
    assert app.code()
    assert app.screen().shows("Northwind SOC")
    assert app.quit() == 0


def test_a_corrected_profile_is_loaded_without_a_restart(
    start: Start, server: DemoServer, secret_service: SecretStore
) -> None:
    write_profile(name="Typo", issuer=server.url, expected_issuer="IROH Auth", client_id="wrong")
    app = start(secret_service)
    app.wait_for("Client ID not recognized")
    profile_for(server)
    app.click("Try again")
    assert app.code()
    assert app.screen().shows("Northwind SOC")
    assert app.quit() == 0

"""Quitting at any time ends the app and all requests."""

import signal
from collections.abc import Iterator

import pytest

from tests.end_to_end.conftest import App, Start
from tests.end_to_end.test_sign_in import count_polls, profile_for
from tests.rigs.demo_server import DemoOptions, DemoServer
from tests.rigs.process import wait_until
from tests.rigs.secret_service import SecretStore


@pytest.fixture
def server() -> Iterator[DemoServer]:
    """Run a demo server."""
    with DemoServer(DemoOptions(interval=1)) as running_server:
        profile_for(running_server)
        yield running_server


@pytest.mark.usefixtures("server")
def test_the_app_can_quit_while_it_loads(start: Start, secret_service: SecretStore) -> None:
    app = start(secret_service)
    app.display.wait_for_window("XDR Login")
    assert app.quit() == 0
    _printed_no_error(app)


def test_the_window_can_be_closed_while_a_request_hangs(
    start: Start, server: DemoServer, secret_service: SecretStore
) -> None:
    server.inject("hang", path="/iroh/oauth2/device_authorization")
    app = start(secret_service)
    app.wait_for("Contacting the server…")
    app.press("alt+F4")
    assert app.wait_for_exit() == 0
    _printed_no_error(app)


def test_the_app_can_quit_while_it_polls(
    start: Start, server: DemoServer, secret_service: SecretStore
) -> None:
    app = start(secret_service)
    app.code()
    wait_until(lambda: count_polls(server) >= 1, "the first question")
    assert app.quit() == 0
    polls = count_polls(server)
    _printed_no_error(app)
    again = start(secret_service)
    again.code()
    assert count_polls(server) == polls


@pytest.mark.usefixtures("server")
def test_escape_cancels_and_the_primary_button_starts_again(
    start: Start, secret_service: SecretStore
) -> None:
    app = start(secret_service)
    first = app.code()
    app.press("Escape")
    app.wait_for("Sign in to Northwind SOC")
    assert app.screen().focus == "Sign in"
    app.press("Return")
    assert app.code() != first
    assert app.quit() == 0


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_quits_the_app(
    number: signal.Signals, start: Start, secret_service: SecretStore
) -> None:
    app = start(secret_service)
    app.code()
    app.program.process.send_signal(number)
    wait_until(app.program.has_ended, "the end of the program")
    assert app.program.process.returncode == 0
    _printed_no_error(app)


def _printed_no_error(app: App) -> None:
    errors = [line for line in app.program.read_output().splitlines() if not line.startswith("{")]
    assert errors == []

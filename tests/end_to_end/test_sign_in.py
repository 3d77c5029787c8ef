"""From the double-click to the token, on the demo server."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from desktop.demo import PUBLIC_CLIENT_ID
from tests.cli.commands import sign_in
from tests.end_to_end.conftest import App, Start, keyring_entries, saved_token, write_profile
from tests.rigs.browser import BrowserOpener
from tests.rigs.demo_server import DemoOptions, DemoServer
from tests.rigs.display import Display
from tests.rigs.process import wait_until
from tests.rigs.secret_service import SecretStore

TOKEN = "/iroh/oauth2/token"


@pytest.fixture
def server() -> Iterator[DemoServer]:
    """Run a demo server whose only client is in the one profile."""
    with DemoServer(DemoOptions(interval=1, token_size=6000)) as running_server:
        profile_for(running_server)
        yield running_server


def profile_for(server: DemoServer) -> None:
    """Write the profile of a demo server."""
    write_profile(
        name="Northwind SOC",
        issuer=server.url,
        expected_issuer="IROH Auth",
        client_id=PUBLIC_CLIENT_ID,
        scope="enrich:read casebook response admin",
        scope_guide="xdr",
    )


def approve(page: Page) -> None:
    """Approve as the demo analyst."""
    page.click("#continue")
    page.click("#approve")
    page.wait_for_selector("h1:has-text('Approved')")


def deny(page: Page) -> None:
    """Deny as the demo analyst."""
    page.click("#continue")
    page.click("#deny")
    page.wait_for_selector("h1:has-text('Denied')")


def count_polls(server: DemoServer) -> int:
    """Return the number of polls."""
    return sum(answer.path == TOKEN for answer in server.history())


def clipboard(display: Display, target: str = "UTF8_STRING") -> str:
    """Return the clipboard as read by another program; empty if it has no owner."""
    command = ["xclip", "-selection", "clipboard", "-o", "-t", target]
    read = subprocess.run(
        command, env=display.environment, capture_output=True, text=True, check=False
    )
    return read.stdout


@pytest.mark.usefixtures("server")
def test_an_approval_saves_and_shows_the_token(
    start: Start, secret_service: SecretStore, browser_opener: BrowserOpener, tmp_path: Path
) -> None:
    app = start(secret_service)
    code = app.code()
    assert app.screen().shows("127.0.0.1 · matches your profile")

    app.press("Return")  # the primary action has the focus: Open browser
    person = browser_opener.attach()
    shown = str(person.do(lambda page: page.input_value("#user_code")).result())
    assert shown == code
    assert clipboard(app.display) == shown
    person.do(approve).result()

    screen = app.wait_for("Copy token")
    assert screen.shows("dana@northwind.example")
    assert screen.shows("3 scopes, 1 sensitive")
    assert screen.shows("Requested but not granted: admin")
    token = saved_token(secret_service)
    assert token["scope"] == ["enrich:read", "casebook", "response"]
    assert token["refresh_token"]
    app.display.screenshot(tmp_path / "signed_in.png")
    assert _is_green(tmp_path / "signed_in.png")

    _copy_and_clear_the_token(app, str(token["access_token"]))


def _copy_and_clear_the_token(app: App, access_token: str) -> None:
    app.press("ctrl+c")
    wait_until(lambda: clipboard(app.display) == access_token, "the token on the clipboard")
    assert clipboard(app.display, "x-kde-passwordManagerHint") == "secret"
    assert app.quit() == 0
    assert clipboard(app.display) == ""
    printed = app.program.read_output()
    assert access_token not in printed


def test_a_saved_token_is_shown_at_the_next_start_without_a_request(
    start: Start, server: DemoServer, secret_service: SecretStore
) -> None:
    _sign_in(start, server, secret_service)
    requests = len(server.history())

    again = start(secret_service)
    again.wait_for("Copy token")
    assert again.quit() == 0
    assert len(server.history()) == requests


def test_signing_out_leaves_nothing_in_the_keyring(
    start: Start, server: DemoServer, secret_service: SecretStore
) -> None:
    sign_in(secret_service, "soc", approve=server.approve)
    app = start(secret_service)
    app.wait_for("Copy token")
    app.click("Sign out")
    app.wait_for("You're signed out")
    assert keyring_entries(secret_service) == {}
    assert app.quit() == 0


@pytest.mark.usefixtures("server")
def test_a_denial_is_reported_with_code_and_trace_id(
    start: Start, secret_service: SecretStore, browser_opener: BrowserOpener
) -> None:
    app = start(secret_service)
    app.code()
    app.click("Open browser")
    browser_opener.attach().do(deny).result()
    screen = app.wait_for("Sign-in denied")
    assert screen.shows("Someone selected Deny on the approval page for code ")
    app.click("▸  Technical details")
    assert app.wait_for("access_denied").shows("Trace ID")
    assert screen.focus == "Sign in again"
    assert keyring_entries(secret_service) == {}


def test_an_expired_code_is_replaced_and_no_longer_polled(
    start: Start, secret_service: SecretStore
) -> None:
    with DemoServer(DemoOptions(interval=1, code_lifetime=3)) as server:
        profile_for(server)
        app = start(secret_service)
        first = app.code()
        app.wait_for("The code has expired")
        polls = count_polls(server)
        app.press("Return")  # Get a new code
        assert app.code() != first
        wait_until(lambda: count_polls(server) > polls, "a poll for the new code")
        assert app.quit() == 0


def test_network_faults_do_not_end_a_sign_in(
    start: Start, server: DemoServer, secret_service: SecretStore
) -> None:
    # Each fault is followed by an answer, because pauses double otherwise.
    server.inject("429:2s", "ok", "html", "ok", "reset")
    app = start(secret_service)
    code = app.code()
    app.wait_for("Your code is still valid")
    wait_until(lambda: _statuses(server) == [429, 400, 200, 400], "every answer", app.program)
    server.approve(code)
    app.wait_for("Copy token")
    # The page of a captive portal and the token have status 200; a cut connection has none.
    assert _statuses(server) == [429, 400, 200, 400, 200]


def _statuses(server: DemoServer) -> list[int]:
    return [answer.status for answer in server.history() if answer.path == TOKEN]


def _sign_in(start: Start, server: DemoServer, store: SecretStore) -> None:
    app = start(store)
    server.approve(app.code())
    app.wait_for("Copy token")
    assert app.quit() == 0


def _is_green(picture: Path) -> bool:
    """Return whether the image contains the green of the ring."""
    from PySide6.QtGui import QImage

    image = QImage(str(picture))
    green = 0xFF128A4B
    return any(
        image.pixel(x, y) == green
        for y in range(0, image.height(), 2)
        for x in range(0, image.width(), 2)
    )

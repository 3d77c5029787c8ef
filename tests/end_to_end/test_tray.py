"""The app in a real tray: hide, show, copy the token and quit."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commands import sign_in
from tests.end_to_end.conftest import App, Start, saved_token
from tests.end_to_end.test_sign_in import clipboard, profile_for
from tests.rigs.demo_server import DemoOptions, DemoServer
from tests.rigs.display import Display
from tests.rigs.process import wait_until
from tests.rigs.secret_service import Bus, SecretStore
from tests.rigs.status_notifier import run_notifier_host
from tests.rigs.tray import Panel, run_panel


@pytest.fixture
def server() -> Iterator[DemoServer]:
    """Run a demo server on which the analyst approves at once."""
    with DemoServer(DemoOptions(interval=1, approve_after=0)) as running_server:
        profile_for(running_server)
        yield running_server


@pytest.fixture(autouse=True)
def note_shown_before(request: pytest.FixtureRequest, own_folders: Path) -> None:
    """Skip the note that the app keeps running, unless a test is about that."""
    if "note_not_shown_before" not in request.fixturenames:
        note = own_folders / "state" / "xdr-login" / "told" / "keeps-running"
        note.parent.mkdir(parents=True)
        note.touch()


@pytest.fixture
def note_not_shown_before() -> None:
    """Let the app show the note that it keeps running."""


@pytest.fixture
def app(server: DemoServer, start: Start, secret_service: SecretStore) -> App:  # noqa: ARG001
    """Start the app with a saved sign-in."""
    sign_in(secret_service, "soc")
    started = start(secret_service)
    started.wait_for("Copy token")
    wait_until(lambda: started.screen().stays, "all that comes after", started.program)
    return started


def test_closing_hides_the_window_and_a_click_on_the_icon_shows_it(app: App, panel: Panel) -> None:
    wait_until(panel.has_icon, "the icon in the tray")
    app.close()
    assert not app.program.has_ended()
    panel.click()
    wait_until(app.is_window_visible, "the window", app.program)
    wait_until(lambda: active_window(app.display) == "XDR Login", "the keyboard in the window")
    panel.click(across=18)  # at another place, so that it is not a double click
    wait_until(lambda: not app.is_window_visible(), "the window's disappearance", app.program)
    assert app.program.process.poll() is None


@pytest.mark.usefixtures("note_not_shown_before")
def test_the_note_that_it_keeps_running_is_shown_once(
    app: App, panel: Panel, tmp_path: Path
) -> None:
    wait_until(panel.has_icon, "the icon in the tray")
    app.close()
    wait_until(lambda: told_by_the_tray(app.display), "a notification")
    app.display.screenshot(tmp_path / "note.png")
    panel.click()  # covered by Qt's balloon
    wait_until(app.is_window_visible, "the window", app.program)
    wait_until(lambda: not told_by_the_tray(app.display), "the notification's end")
    wait_until(lambda: active_window(app.display) == "XDR Login", "the keyboard in the window")
    app.close()
    assert not told_by_the_tray(app.display)


def test_the_token_is_copied_from_the_menu_while_the_window_is_hidden(
    app: App, panel: Panel, secret_service: SecretStore, tmp_path: Path
) -> None:
    wait_until(panel.has_icon, "the icon in the tray")
    app.close()
    panel.click(3)
    wait_until(lambda: "Copy token" in app.screen().menu, "the menu", app.program)
    app.display.screenshot(tmp_path / "menu.png")
    lines = app.screen().menu
    assert next(iter(lines)).startswith("Signed in, ")
    assert [*lines][1:] == [
        "Copy token",
        "Copy as",
        *(["Renew now"] if "Renew now" in lines else []),
        "Sign out",
        "Open XDR Login",
        "Settings…",
        "Lock now",
        "Quit",
    ]
    app.choose("Copy token")
    token = str(saved_token(secret_service)["access_token"])
    wait_until(lambda: clipboard(app.display) == token, "the token on the clipboard")
    assert not app.is_window_visible()
    panel.click(3)
    app.choose("Quit")
    assert app.wait_for_exit() == 0
    assert clipboard(app.display) == ""


def test_a_second_start_shows_the_window_of_the_first(app: App, panel: Panel) -> None:
    wait_until(panel.has_icon, "the icon in the tray")
    app.close()
    second = start_again(app.display)
    assert second.returncode == 0
    assert second.stderr == ("XDR Login is already running. Its window is now in front.\n")
    wait_until(app.is_window_visible, "the window", app.program)
    wait_until(lambda: active_window(app.display) == "XDR Login", "the keyboard in the window")
    assert app.quit() == 0


def test_a_second_start_at_login_leaves_the_window_hidden(app: App, panel: Panel) -> None:
    wait_until(panel.has_icon, "the icon in the tray")
    app.close()
    second = start_again(app.display, "--hidden")
    assert (second.returncode, second.stderr) == (0, "XDR Login is already running.\n")
    assert not app.is_window_visible()


@pytest.mark.usefixtures("server")
def test_only_one_of_two_simultaneous_starts_runs(start: Start, bare_bus: Bus) -> None:
    both = start(bare_bus), start(bare_bus)
    wait_until(lambda: any(each.program.has_ended() for each in both), "the end of one")
    (winner,) = [each for each in both if not each.program.has_ended()]
    (loser,) = [each for each in both if each is not winner]
    assert loser.wait_for_exit() == 0
    assert "XDR Login is already running." in loser.program.read_output()
    winner.wait_for("Copy token")
    assert winner.quit() == 0


@pytest.mark.usefixtures("server")
def test_the_socket_of_a_crashed_app_is_replaced(start: Start, bare_bus: Bus) -> None:
    crashed = start(bare_bus)
    crashed.wait_for("Copy token")
    crashed.program.process.send_signal(signal.SIGKILL)
    wait_until(crashed.program.has_ended, "the end of the first")
    app = start(bare_bus)
    app.wait_for("Copy token")
    assert start_again(app.display).returncode == 0
    assert app.quit() == 0


def test_without_a_tray_closing_minimizes(app: App) -> None:
    app.close()
    assert not app.program.has_ended()
    start_again(app.display)
    wait_until(app.is_window_visible, "the window", app.program)
    assert app.quit() == 0


def test_a_late_tray_gets_the_icon(app: App, tmp_path: Path) -> None:
    with run_panel(app.display, tmp_path) as panel:
        wait_until(panel.has_icon, "the icon in the tray", app.program)
        app.close()
        panel.click()
        wait_until(app.is_window_visible, "the window", app.program)
    assert app.quit() == 0


def test_a_menu_shown_by_the_desktop_is_up_to_date(
    start: Start, server: DemoServer, secret_service: SecretStore
) -> None:
    server.inject("500")  # for the first poll, so that there is time to look
    app = start(secret_service)
    app.code()
    with run_notifier_host(secret_service) as host:  # late, like a desktop extension
        host.wait_for("Waiting for approval")
        shown = host.wait_for("Signed in, ")
        assert shown["tooltip"].startswith("Northwind SOC\nSigned in, ")
        assert {16, 22, 32, 64} <= set(shown["sizes"])
        lines = [line for line in shown["menu"][1:] if line != "Renew now"]
        assert lines == [
            *("---", "Copy token", "Copy as", "---", "Sign out", "---"),
            *("Open XDR Login", "Settings…", "Lock now", "Quit"),
        ]
        app.close()
        assert not app.program.has_ended()


@pytest.mark.usefixtures("server")
def test_started_hidden_it_requests_no_code(
    start: Start, secret_service: SecretStore, server: DemoServer, panel: Panel
) -> None:
    app = start(secret_service, "--hidden")
    wait_until(panel.has_icon, "the icon in the tray", app.program)
    assert not app.is_window_visible()
    assert list(server.history()) == []
    panel.click(3)
    app.choose("Sign in")
    wait_until(app.is_window_visible, "the window", app.program)
    app.wait_for("Copy token")
    assert app.quit() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_quits_the_hidden_app(app: App, panel: Panel, number: signal.Signals) -> None:
    wait_until(panel.has_icon, "the icon in the tray")
    app.close()
    app.program.process.send_signal(number)
    assert app.wait_for_exit() == 0


def start_again(display: Display, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Start the app a second time."""
    command = [sys.executable, "-m", "desktop", *arguments]
    return subprocess.run(
        command, env=display.environment, capture_output=True, text=True, check=False, timeout=30
    )


def told_by_the_tray(display: Display) -> bool:
    """Return whether a notification is on screen; here Qt draws it, without a frame."""
    tree = display.run("xwininfo", "-root", "-tree")
    unframed = re.findall(r'^     (0x\w+) "XDR Login": .*\s(?!1x1\+)\d+x\d+\+', tree, re.MULTILINE)
    return any(is_viewable(display, window) for window in unframed)


def is_viewable(display: Display, window: str) -> bool:
    """Return whether a window is on screen; it may be closed already."""
    command = ["xwininfo", "-id", window]
    done = subprocess.run(
        command, env=display.environment, capture_output=True, text=True, check=False
    )
    return "Map State: IsViewable" in done.stdout


def active_window(display: Display) -> str:
    """Return the title of the window with the focus."""
    window = ["xdotool", "getactivewindow", "getwindowname"]
    done = subprocess.run(
        window, env=display.environment, capture_output=True, text=True, check=False
    )
    return done.stdout.strip()

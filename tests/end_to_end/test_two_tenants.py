"""Two tenants are signed in at the same time, each with its own token."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.demo import PUBLIC_CLIENT_ID, DemoOptions, DemoServer
from desktop.services.system.paths import profiles_file, settings_file, shown_notices_folder
from tests.end_to_end.conftest import App, Start, keyring_entries
from tests.end_to_end.test_sign_in import clipboard
from tests.rigs.process import wait_until
from tests.rigs.secret_service import SecretStore
from tests.rigs.tray import Panel

NAMES = {"north": "Northwind SOC", "south": "Southwind SOC"}


@pytest.fixture
def servers() -> Iterator[dict[str, DemoServer]]:
    """Run one server for each tenant; both approve at once."""
    options = DemoOptions(interval=1, approve_after=0)
    with DemoServer(options) as north, DemoServer(options) as south:
        servers = {"north": north, "south": south}
        file = profiles_file()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(table(id_, server.url) for id_, server in servers.items()))
        yield servers


def table(id_: str, issuer: str) -> str:
    return f"""
[profiles.{id_}]
name = "{NAMES[id_]}"
issuer = "{issuer}"
expected_issuer = "IROH Auth"
client_id = "{PUBLIC_CLIENT_ID}"
"""


@pytest.fixture(autouse=True)
def note_shown_before() -> None:
    """Skip the note that the app keeps running, because it would cover the icon."""
    shown_notices_folder().mkdir(parents=True)
    (shown_notices_folder() / "keeps-running").touch()


def token_of(store: SecretStore, id_: str) -> str:
    (text,) = [text for label, text in keyring_entries(store).items() if id_ in label]
    return str(json.loads(text[text.index("{") :])["access_token"])


def name_in_header(app: App) -> str:
    return next(text for text in app.screen().texts if text in NAMES.values())


@pytest.mark.usefixtures("servers")
def test_two_tenants_are_signed_in_at_the_same_time(
    start: Start, secret_service: SecretStore, panel: Panel, tmp_path: Path
) -> None:
    app = start(secret_service)
    app.wait_for("Copy token")
    assert name_in_header(app) == NAMES["north"]
    wait_until(panel.has_icon, "the icon in the tray")
    app.press("ctrl+2")
    app.wait_for("Sign in to Southwind SOC")
    app.click("Sign in")
    app.wait_for("Copy token")
    assert name_in_header(app) == NAMES["south"]
    app.press("ctrl+c")
    south, north = token_of(secret_service, "south"), token_of(secret_service, "north")
    assert south != north
    wait_until(lambda: clipboard(app.display) == south, "the token on the clipboard")
    app.close()
    panel.click(3)
    wait_until(lambda: NAMES["north"] in app.screen().menu, "the menu", app.program)
    app.display.screenshot(tmp_path / "menu.png")
    app.choose(NAMES["north"])
    wait_until(lambda: "Show in the window" in app.screen().menu, "the submenu", app.program)
    app.display.screenshot(tmp_path / "submenu.png")
    app.choose("Copy token")
    wait_until(lambda: clipboard(app.display) == north, "the other token", app.program)
    panel.click(3)
    app.choose("Quit")
    assert app.wait_for_exit() == 0

    again = start(secret_service)
    again.wait_for("Copy token")
    assert name_in_header(again) == NAMES["south"], "the last one is in the window again"
    assert 'profile = "south"' in settings_file().read_text("utf-8").splitlines()
    wait_until(panel.has_icon, "the icon in the tray")
    again.press("ctrl+1")
    wait_until(lambda: name_in_header(again) == NAMES["north"], "the other profile", again.program)
    again.wait_for("Copy token")  # from the keyring
    assert not again.screen().codes
    assert again.quit() == 0

"""The page about XDR Login."""

import pytest
from PySide6.QtCore import QUrl, qVersion
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from desktop import __version__
from desktop.services.system.components import licenses_folder
from desktop.ui.copy.clipboard import Clipboard
from desktop.ui.pages.about_page import AboutController, AboutView
from desktop.ui.pages.settings_view import SettingsView
from tests.sample_states import STATES
from tests.ui.harness import ControllerHarness, Screen, misfits, name_of, settle, tab_order


@pytest.fixture
def about(screen: Screen, qtbot: QtBot) -> AboutController:
    """It is open, and has found out what is inside."""
    screen.show(STATES["signed_in"])
    page = AboutController(screen.window, Clipboard())
    page.open()
    qtbot.wait_until(lambda: "segno" in " ".join(screen.visible_texts))
    settle()
    return page


@pytest.mark.usefixtures("about")
def test_it_tells_versions_and_licenses(screen: Screen) -> None:
    words = screen.visible_texts
    assert "About XDR Login" in words
    assert __version__ in words
    assert any(each.startswith(qVersion()) for each in words)
    assert words[words.index(next(each for each in words if each.startswith("httpx "))) + 1] == (
        "BSD-3-Clause"
    )
    assert any("GNU Lesser General Public License" in each for each in words)
    assert any(str(licenses_folder()) in each for each in words)


def test_the_components_are_loaded_once(about: AboutController, screen: Screen) -> None:
    screen.window.close_page()
    about.open()
    assert any("segno" in each for each in screen.visible_texts)


@pytest.mark.usefixtures("about")
def test_tab_goes_through_it_from_top_to_bottom(screen: Screen) -> None:
    names = [name_of(each) for each in tab_order(screen.window) if name_of(each)]
    version, component = names.pop(2), names.pop(3)
    assert names == [
        "Northwind SOC, Cisco XDR · North America",
        "Settings",
        "Open licenses folder",
        "Back",
        "Copy for a report",
    ]
    assert version == f"Version: {__version__}"
    assert component.endswith(": MIT")
    assert screen.focused == "Back"


@pytest.mark.usefixtures("about")
def test_the_copy_key_copies_it_for_a_report(screen: Screen, announced: list[str]) -> None:
    screen.window.copy_shown()
    copied = QGuiApplication.clipboard().text()
    assert copied.startswith(f"XDR Login\nVersion: {__version__}\n")
    assert "httpx 0." in copied
    assert screen.has_button("Copied")
    assert announced == ["Copied"]


@pytest.mark.usefixtures("about")
def test_its_buttons_do_what_they_say(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    screen.button("Open licenses folder").click()
    assert opened == [QUrl.fromLocalFile(str(licenses_folder()))]
    screen.button("Back").click()
    assert screen.window.page is None


@pytest.mark.usefixtures("about")
def test_it_stays_whatever_happens(screen: Screen) -> None:
    for state in STATES.values():
        screen.show(state)
    assert isinstance(screen.window.page, AboutView)


def test_it_fits_into_a_narrow_window(screen: Screen, qtbot: QtBot) -> None:
    screen.window.resize(360, 640)
    screen.show(STATES["signed_in"])
    AboutController(screen.window, Clipboard()).open()
    qtbot.wait_until(lambda: "segno" in " ".join(screen.visible_texts))
    settle()
    assert misfits(screen.window) == []


def test_the_settings_lead_to_it_and_back(harness: ControllerHarness) -> None:
    harness.show(STATES["signed_in"])
    harness.controller.open_settings()
    (button,) = [
        each for each in harness.window.findChildren(QPushButton) if each.text() == "About"
    ]
    button.click()
    assert isinstance(harness.window.page, AboutView)
    harness.window.escape()
    assert isinstance(harness.window.page, SettingsView)

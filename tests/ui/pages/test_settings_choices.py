"""The choices of the settings page."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication

from desktop.services.model.policy import Policy
from desktop.services.model.settings import Settings, load_settings, save_settings
from desktop.services.system import browsers
from desktop.services.system.browsers import Browser
from desktop.ui.kit.inputs import Choice
from desktop.ui.kit.theme import DARK, LIGHT, Theme
from desktop.ui.wording import page_texts
from tests.sample_states import waiting
from tests.ui.harness import ControllerHarness, Screen, buttons_on, drain, settle, texts_on

FOX = Browser("fox.desktop", "Fox", ("/bin/true",))


def test_what_was_chosen_is_kept(tmp_path: Path) -> None:
    chosen = Settings(theme="dark", notifications=False, browser="fox.desktop")
    save_settings(chosen, tmp_path / "settings.toml")
    assert load_settings(tmp_path / "settings.toml") == chosen


def test_an_unknown_theme_is_the_default(tmp_path: Path, expect_log: Callable[[str], None]) -> None:
    expect_log("ignored an invalid setting")
    (tmp_path / "settings.toml").write_text('theme = "pink"\n')
    assert load_settings(tmp_path / "settings.toml").theme == "system"


def test_a_choice_applies_at_once(screen: Screen) -> None:
    page = screen.show_settings()
    theme = page._controls["theme"]
    assert isinstance(theme, Choice)
    theme.setCurrentIndex(theme.findData("dark"))
    assert screen.actions.settings == Settings(theme="dark")


def test_a_browser_that_was_chosen_is_shown_by_its_name_once_it_is_known(screen: Screen) -> None:
    page = screen.show_settings(Settings(browser="fox.desktop"))
    assert page._browser.value() == "fox.desktop"
    page.show_browsers((FOX,))
    assert page._browser.currentText() == "Fox"
    assert screen.actions.calls == [], "to be told is no choice"


def test_a_managed_choice_is_shown_as_such(screen: Screen) -> None:
    page = screen.show_settings()
    page.apply_policy(Policy(source="policy.toml", settings={"clipboard_seconds": 10}))
    page.show_settings(Settings(clipboard_seconds=10))
    settle()
    assert not page._controls["clipboard_seconds"].isEnabled()
    assert page._controls["theme"].isEnabled()
    assert any("policy.toml" in words for words in screen.visible_texts)
    page.show_settings(Settings(clipboard_seconds=10))
    assert not page._controls["clipboard_seconds"].isEnabled()


def test_light_and_dark_override_the_system(theme: Theme) -> None:
    theme.choose_scheme("dark")
    assert theme.tokens is DARK
    theme.choose_scheme("light")
    assert theme.tokens is LIGHT


def test_the_window_follows_the_theme_setting(harness: ControllerHarness) -> None:
    harness.controller.change_settings(Settings(theme="dark"))
    assert harness.window.theme.tokens is DARK


def test_a_link_is_opened_in_the_browser_that_was_chosen(
    harness: ControllerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[str, str]] = []

    def open_in(id_: str, link: str) -> bool:
        opened.append((id_, link))
        return True

    monkeypatch.setattr(browsers, "open_in", open_in)
    harness.controller.settings_store.use(Settings(browser="fox.desktop"))
    harness.show(waiting())
    harness.controller.open_browser()
    drain(harness.controller)
    assert opened == [("fox.desktop", waiting().link)]


@pytest.mark.parametrize("there", [True, False])
def test_the_default_browser_replaces_a_missing_one(
    harness: ControllerHarness, monkeypatch: pytest.MonkeyPatch, *, there: bool
) -> None:
    opened: list[str] = []
    failures: list[str] = []

    def open_default(url: QUrl) -> bool:
        opened.append(url.toString())
        return there

    monkeypatch.setattr(browsers, "open_in", lambda *_: False)
    monkeypatch.setattr(QDesktopServices, "openUrl", open_default)
    harness.controller.settings_store.failed.connect(failures.append)
    harness.controller.pages.open_in("gone.desktop", "https://login.example/")
    drain(harness.controller)
    assert opened == ["https://login.example/"]
    assert failures == [page_texts.browser_not_started(opened=there)]


@pytest.mark.parametrize("platform", ["xcb", "wayland", "windows"])
def test_the_window_says_that_no_browser_could_be_started(
    harness: ControllerHarness, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    tried: list[str] = []

    def open_default(link: str) -> bool:
        tried.append(link)
        return False

    monkeypatch.setattr(QGuiApplication, "platformName", lambda: platform)
    monkeypatch.setattr(browsers, "find_browsers", tuple)
    monkeypatch.setattr(browsers, "open_default", open_default)
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: False)
    told: list[None] = []
    harness.controller.pages.browser_failed.connect(lambda: told.append(None))
    harness.show(waiting())
    next(each for each in buttons_on(harness.window) if each.text() == "Open browser").click()
    drain(harness.controller)
    assert (tried, len(told)) == ([waiting().link], 1)
    assert "Couldn't open a browser" in _texts(harness)
    assert "Copy link" in _texts(harness)
    harness.show(replace(waiting(), verification_uri_complete="https://login.example/other"))
    assert not any("Couldn't open a browser" in each for each in _texts(harness))


def test_on_wayland_qt_opens_the_link_if_there_is_a_browser(
    harness: ControllerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QGuiApplication, "platformName", lambda: "wayland")
    monkeypatch.setattr(browsers, "find_browsers", lambda: (Browser("fox", "Fox", ("fox",)),))

    def open_url(url: QUrl) -> bool:
        opened.append(url.host())
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    harness.show(waiting())
    harness.controller.open_browser()
    drain(harness.controller)
    assert opened == [urlsplit(waiting().link).hostname]


def _texts(harness: ControllerHarness) -> list[str]:
    return [each.text() for each in texts_on(harness.window)]

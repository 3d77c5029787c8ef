"""Opening, leaving and redrawing the pages on top of the view."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QFont, QIcon, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from desktop.services.model.settings import Settings
from desktop.services.system.resources import resource
from desktop.ui.kit.switch import Switch
from desktop.ui.kit.theme import DARK, LIGHT, Theme
from desktop.ui.kit.widgets import Label, has_focus_ring, say
from desktop.ui.pages.details_view import DetailsView
from desktop.ui.pages.settings_view import SettingsView
from desktop.ui.window.profile_switcher import ProfileSwitcher
from desktop.ui.window.window import Window
from tests.sample_states import NOW, PROFILE, STATES, signed_in, waiting
from tests.ui.harness import (
    FONTS,
    ActionRecorder,
    ControllerHarness,
    Screen,
    misfits,
    name_of,
    settle,
    tab_order,
)

HEADER = ["Northwind SOC, Cisco XDR · North America", "Settings"]


def test_a_page_takes_the_place_of_the_view(screen: Screen) -> None:
    screen.show_details()
    assert screen.window.view.isHidden()
    assert "Times" in screen.visible_texts
    assert "Copy token" not in screen.visible_texts
    assert "Sign out" not in screen.visible_texts


def test_a_page_says_which_it_is(screen: Screen) -> None:
    screen.show_details()
    assert "Details" in screen.visible_texts
    screen.show_settings()
    assert "Settings" in screen.visible_texts


def test_the_view_comes_back_as_it_was(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    before = screen.visible_texts
    screen.show_details()
    screen.window.close_page()
    settle()
    assert screen.visible_texts == before


def test_escape_leaves_the_page_and_nothing_else(screen: Screen) -> None:
    screen.show_details()
    screen.window.escape()
    assert screen.window.page is None
    assert screen.actions.calls == []


def test_a_page_starts_on_going_back_and_the_settings_on_the_first(screen: Screen) -> None:
    screen.show_details()
    assert screen.focused == "Back"
    screen.show_settings()
    assert screen.focused == "Start at login"


def test_the_keyboard_goes_back_to_where_it_was(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    screen.button("Details").setFocus(Qt.FocusReason.TabFocusReason)
    screen.show_details()
    screen.window.close_page()
    assert screen.focused == "Details"
    assert has_focus_ring(screen.button("Details"))


def test_if_that_is_gone_the_primary_action_gets_the_focus(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    screen.button("Details").setFocus()
    screen.show_settings()
    screen.show(STATES["declined"])
    screen.window.close_page()
    assert screen.focused == "Sign in again"


def test_if_that_is_disabled_the_primary_action_gets_the_focus(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    screen.button("Renew now").setFocus()
    screen.show_settings()
    screen.show(STATES["renewing"])
    screen.window.close_page()
    assert screen.focused == "Copy token"


def test_the_view_below_a_page_follows_the_state(screen: Screen) -> None:
    screen.show_settings()
    screen.show(STATES["waiting"])
    assert "Open browser" not in screen.visible_texts
    screen.window.close_page()
    assert "Open browser" in screen.visible_texts


def test_a_new_state_leaves_the_keyboard_on_the_page(screen: Screen) -> None:
    screen.show_settings()
    screen.show(STATES["waiting"])
    assert screen.focused == "Start at login"


def test_the_details_close_with_the_sign_in(screen: Screen) -> None:
    screen.show_details()
    screen.show(STATES["signed_out"])
    assert screen.window.page is None
    assert screen.focused == "Sign in"


def test_the_settings_stay_whatever_happens(screen: Screen) -> None:
    screen.show_settings()
    for state in STATES.values():
        screen.show(state)
    assert isinstance(screen.window.page, SettingsView)


def test_escape_goes_back_one_page_at_a_time(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    details = screen.show_details()
    screen.button("Copy details").setFocus()
    screen.show_settings()
    assert not details.isVisibleTo(screen.window)
    screen.window.escape()
    assert list(screen.window.pages) == [details]
    assert details.isVisibleTo(screen.window)
    assert screen.focused == "Copy details"
    screen.window.escape()
    assert list(screen.window.pages) == []
    assert screen.focused == "Copy token"


def test_a_page_is_open_once(screen: Screen) -> None:
    screen.show_settings()
    screen.show_details()
    again = screen.show_settings()
    settle()
    assert screen.window.pages == (again,)
    assert not screen.window.findChildren(DetailsView)
    screen.window.close_page()
    assert screen.window.page is None


def test_a_page_that_ends_below_another_leaves_that_where_it_is(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    screen.show_details()
    settings = screen.show_settings()
    screen.show(STATES["signed_out"])
    assert screen.window.pages == (settings,)
    assert screen.focused == "Start at login"
    screen.window.escape()
    assert screen.focused == "Sign in"


def test_closing_is_signalled_once(screen: Screen) -> None:
    told: list[bool] = []
    screen.window.page_closed.connect(lambda: told.append(True))
    screen.show_details()
    screen.window.close_page()
    screen.window.close_page()
    assert told == [True]


def test_a_page_begins_at_its_top_and_the_view_comes_back_where_it_was(
    open_screen: Callable[..., Screen],
) -> None:
    screen = open_screen(width=360, height=320)
    screen.show(STATES["signed_in"])
    bar = screen.window._stack._scroll.verticalScrollBar()
    bar.setValue(100)
    screen.show_details()
    assert bar.value() == 0
    screen.window.close_page()
    settle()
    assert bar.value() == 100


def test_the_copy_key_copies_what_the_page_shows(screen: Screen) -> None:
    screen.show_details()
    screen.window.copy_shown()
    assert screen.actions.calls == ["copy_details"]
    screen.show_settings()
    screen.window.copy_shown()
    assert screen.actions.calls == ["copy_details"]


def test_the_settings_button_opens_the_settings(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    gear = screen.window._header.settings_button
    assert name_of(gear) == "Settings"
    gear.click()
    assert screen.actions.calls == ["open_settings"]


def header_places(window: Window) -> list[QRect]:
    """Where the buttons of the header and their parts are."""
    profile, settings = window._header.profile_button, window._header.settings_button
    parts = [each.mapTo(window, QPoint(0, 0)) for each in profile.findChildren(QLabel)]
    sizes = [profile.geometry(), settings.geometry()]
    return [*sizes, *(QRect(each, each) for each in parts)]


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("name", ["N", "Northwind Security Operations Center, production, on call"])
def test_nothing_in_the_header_moves_when_the_profile_is_known(theme: Theme, name: str) -> None:
    window = Window(theme)
    window.show()
    settle()
    before = header_places(window)
    window.set_actions(ActionRecorder())
    window.set_profile(replace(PROFILE, name=name))
    window.add_profile_switcher()
    window.show_state(STATES["signed_in"], NOW)
    settle()
    assert header_places(window) == before
    window.close()
    window.deleteLater()


def test_what_is_pressed_in_the_header_too_early_is_done_later(theme: Theme) -> None:
    window, actions = Window(theme), ActionRecorder()
    window.show()
    window._header.settings_button.click()
    window.set_actions(actions)
    assert actions.calls == []
    window.enable_header()
    assert actions.calls == ["open_settings"]
    window._header.settings_button.click()
    assert actions.calls == ["open_settings"] * 2
    window.close()
    window.deleteLater()


def test_the_list_of_profiles_opens_before_it_is_loaded(theme: Theme) -> None:
    window = Window(theme)
    button = window._header.profile_button
    opened: list[object] = []
    button.showMenu = lambda: opened.append(button.menu())  # type: ignore[method-assign]
    window.set_actions(ActionRecorder())
    button.click()
    window.enable_header()
    assert [type(each) for each in opened] == [ProfileSwitcher]
    window.deleteLater()


def test_without_a_profile_the_header_shows_the_app(theme: Theme) -> None:
    window = Window(theme)
    window.setWindowIcon(QIcon(str(resource("icons/app.svg"))))
    window.set_profile(PROFILE)
    window.set_profile(None)
    button = window._header.profile_button
    assert (button.name.text(), button.place.text()) == ("XDR Login", "No profile")
    assert not button.badge.pixmap().isNull()
    window.deleteLater()


def test_the_end_of_a_host_is_never_elided(theme: Theme) -> None:
    host = f"login.northwind.example.{'x' * 60}.attacker.example"
    screen = Screen(theme, profile=replace(PROFILE, provider=host, region=""))
    screen.show(STATES["signed_in"])
    place = screen.window._header.profile_button.place
    assert place.text().endswith(".attacker.example")
    assert "…" in place.text()
    screen.close()


@pytest.mark.parametrize("tokens", [LIGHT, DARK])
def test_the_settings_button_has_the_color_of_its_scheme(
    screen: Screen, tokens: dict[str, str]
) -> None:
    screen.show(STATES["signed_in"])
    screen.theme.apply_tokens(tokens)
    picture = screen.window._header.settings_button.grab().toImage()
    colors = {
        picture.pixelColor(x, y).name()
        for x in range(picture.width())
        for y in range(picture.height())
    }
    assert tokens["muted"] in colors


@pytest.mark.parametrize("family", FONTS)
@pytest.mark.parametrize("width", [360, 440, 700])
@pytest.mark.parametrize("page", ["details", "settings"])
def test_nothing_on_a_page_is_cut(
    qapp: QApplication, open_screen: Callable[..., Screen], page: str, width: int, family: str
) -> None:
    usual = qapp.font()
    qapp.setFont(QFont(family, 10))
    screen = open_screen(width=width)
    screen.theme.apply_tokens(LIGHT)
    if page == "details":
        screen.show_details(signed_in(scope=("x" * 90,), requested_scope=("y" * 90,)))
    else:
        screen.show_settings()
    found = misfits(screen.window)
    qapp.setFont(usual)
    assert found == []


@pytest.mark.parametrize(
    ("page", "order"),
    [
        ("details", [*HEADER, "Load", "Show token", "Back", "Copy details"]),
        (
            "settings",
            [
                *HEADER,
                "Start at login",
                "Always keep the token fresh",
                "Keep renewing after a copy for",
                "Clear clipboard after",
                "Ask before sharing tokens with programs",
                "Audit log",
                "Lock when the screen locks",
                "Lock when the computer sleeps",
                "Lock when you switch users",
                "Lock after inactivity",
                "Keep renewing while locked",
                "Appearance",
                "Language",
                "Browser",
                "Notifications",
                "Plain output in the terminal",
                "Manage profiles",
                "Open profiles folder",
                "Open log folder",
                "About XDR Login",
                "Back",
            ],
        ),
    ],
)
def test_tab_goes_through_a_page_from_top_to_bottom(
    screen: Screen, page: str, order: list[str]
) -> None:
    getattr(screen, f"show_{page}")()
    names = [name_of(each) for each in tab_order(screen.window) if name_of(each)]
    assert [each for each in names if ": " not in each] == order  # without what is only read


# Behind the controller


def test_the_details_open_only_with_a_token(harness: ControllerHarness) -> None:
    harness.show(waiting())
    harness.controller.open_details()
    assert not harness.window.findChildren(DetailsView)
    harness.show(signed_in())
    harness.controller.open_details()
    assert isinstance(harness.window.page, DetailsView)
    assert "IROH Auth NAM" in [each.text() for each in harness.window.findChildren(Label)]


def test_the_settings_are_opened_and_left_by_the_same_key(harness: ControllerHarness) -> None:
    harness.controller.add_shortcuts()
    harness.show(waiting())
    QTest.keySequence(harness.window, QKeySequence("Ctrl+,"))
    assert len(harness.window.findChildren(SettingsView)) == 1
    QTest.keySequence(harness.window, QKeySequence("Ctrl+,"))
    settle()
    assert not harness.window.findChildren(SettingsView)


def test_escape_goes_back_and_leaves_the_code_alone(harness: ControllerHarness) -> None:
    harness.controller.add_shortcuts()
    harness.show(waiting())
    harness.controller.open_settings()
    QTest.keySequence(harness.window, QKeySequence(QKeySequence.StandardKey.Cancel))
    assert harness.window.page is None
    assert "cancel" not in harness.session.calls


def test_a_look_at_the_shortcuts_leads_back_to_a_page_that_is_up_to_date(
    harness: ControllerHarness,
) -> None:
    harness.controller.add_shortcuts()
    harness.show(signed_in())
    harness.controller.open_settings()
    settings = harness.window.page
    QTest.keySequence(harness.window, QKeySequence("F1"))
    harness.controller.change_settings(Settings(keep_fresh=True))
    QTest.keySequence(harness.window, QKeySequence("F1"))
    assert harness.window.page is settings
    assert isinstance(settings, SettingsView)
    keep_fresh = settings._controls["keep_fresh"]
    assert isinstance(keep_fresh, Switch)
    assert keep_fresh.isChecked()


def test_a_page_can_be_left_by_its_button(harness: ControllerHarness) -> None:
    harness.show(signed_in())
    harness.controller.open_details()
    harness.controller.pages.close_page()
    assert harness.window.page is None


def test_the_settings_open_without_a_session(harness: ControllerHarness) -> None:
    harness.controller.set_session(None)
    harness.controller.open_settings()
    assert isinstance(harness.window.page, SettingsView)


def test_the_focus_goes_to_a_page_and_back_without_a_stop(
    screen: Screen, qapp: QApplication
) -> None:
    screen.show(STATES["signed_in"])
    copy = screen.button("Copy token")
    focused: list[object] = []
    qapp.focusChanged.connect(note := lambda _before, now: focused.append(now))
    screen.show_settings()
    assert screen.window.page is not None
    first = screen.window.page.primary()
    screen.window.close_page()
    screen.show(STATES["code_expired"])
    qapp.focusChanged.disconnect(note)
    assert focused == [first, copy, screen.window.view.primary()]


@pytest.mark.usefixtures("announced_to_orca")
def test_news_are_gone_when_the_keyboard_comes_back_from_a_page(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    copy = screen.button("Copy token")
    copy.setFocus()
    say(screen.window, "Clipboard cleared")
    screen.show_settings()
    screen.window.close_page()
    settle()
    assert copy.accessibleDescription() == "Ctrl+C"

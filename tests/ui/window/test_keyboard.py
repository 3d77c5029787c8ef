"""The window without a mouse. `QTest` sends what a keyboard would."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea, QScrollBar, QWidget

from desktop.oauth import errors
from desktop.services.model.profile import NoProfile
from desktop.services.model.states import Failed
from desktop.services.secrets.keystore import KeyringLocked
from desktop.ui.kit.theme import Theme
from desktop.ui.kit.widgets import Button, ButtonRow, has_focus_ring
from desktop.ui.pages.shortcuts_view import ShortcutsView
from desktop.ui.views.waiting_view import WaitingView
from desktop.ui.window.window import Window
from tests.sample_states import STATES, signed_in, waiting
from tests.ui.harness import (
    ControllerHarness,
    Screen,
    buttons_on,
    name_of,
    settle,
    tab_order,
)

SPELLED = "Code: W, D, J, B, dash, M, J, H, T"
ORDER = {
    "signed_out": ["Sign in", "Profiles"],
    "not_revoked": ["Continue as dana@northwind.example", "Revoke again", "Profiles"],
    "requesting": ["Cancel"],
    "waiting": [
        SPELLED,
        "Open browser",
        "Copy code",
        "Copy link",
        "QR code",
        "New code",
        "Cancel",
    ],
    "approved": [],
    "signed_in": [
        "Copy token",
        "Copy as…",
        "Renew now",
        "6 scopes, 1 sensitive",
        "Details",
        "Sign out",
    ],
    "renewing": ["Copy token", "Copy as…", "6 scopes, 1 sensitive", "Details", "Sign out"],
    "signed_in_not_saved": [
        "Copy token",
        "Copy as…",
        "Save again",
        "6 scopes, 1 sensitive",
        "Details",
        "Sign out",
    ],
    "lapsed": [
        "Copy token",
        "Copy as…",
        "Renew now",
        "6 scopes, 1 sensitive",
        "Details",
        "Sign out",
    ],
    "expired": ["Sign in again", "6 scopes, 1 sensitive", "Details", "Sign out"],
    "code_expired": ["Get a new code", "Technical details"],
    "unknown_client": ["Edit profile", "Check connection", "Try again", "Technical details"],
    "keyring_missing": ["Continue without saving", "Try again", "Technical details"],
}
HEADER = ["Northwind SOC, Cisco XDR · North America", "Settings"]
PRIMARY = {
    "signed_out": ("Sign in", "sign_in"),
    "waiting": ("Open browser", "open_browser"),
    "signed_in": ("Copy token", "copy_token"),
    "expired": ("Sign in again", "sign_in"),
    "lapsed": ("Copy token", "copy_token"),
    "signed_out_by_server": ("Sign in again", "sign_in"),
    "declined": ("Sign in again", "sign_in"),
    "code_expired": ("Get a new code", "request_new_code"),
    "unreachable": ("Try again", "retry"),
    "keyring_locked": ("Try again", "retry"),
    "keyring_missing": ("Continue without saving", "continue_without_keyring"),
    "no_profile": ("Set up a profile", "add_profile"),
}
COPIED = {"waiting": "copy_code", "signed_in": "copy_token", "declined": "copy_details"}


def press(screen: Screen, key: Qt.Key) -> None:
    """Press `key` on whatever the keyboard is on."""
    focused: QWidget | None = screen.window.focusWidget()
    QTest.keyClick(screen.window if focused is None else focused, key)
    settle()


@pytest.mark.parametrize("name", ORDER)
def test_tab_goes_from_top_to_bottom(screen: Screen, name: str) -> None:
    screen.show(STATES["no_profile"])
    screen.show(STATES[name])
    order = [name_of(each) for each in tab_order(screen.window)]
    assert order == [*HEADER, *ORDER[name]]


@pytest.mark.parametrize("name", STATES)
def test_tab_reaches_every_button_that_can_be_pressed(screen: Screen, name: str) -> None:
    screen.show(STATES[name])
    reached = tab_order(screen.window)
    assert all(each in reached for each in buttons_on(screen.window) if each.isEnabled())


def test_tab_from_the_last_goes_round_to_the_first(screen: Screen) -> None:
    screen.show(STATES["expired"])
    for name in ("6 scopes, 1 sensitive", "Details", "Sign out", *HEADER, "Sign in again"):
        press(screen, Qt.Key.Key_Tab)
        assert screen.focused == name


def test_the_qr_code_has_its_button_before_those_below_it(screen: Screen) -> None:
    screen.show(STATES["waiting"])
    screen.show_qr()
    order = [name_of(each) for each in tab_order(screen.window)]
    assert order == [*HEADER, "Back to the code", "New code", "Cancel"]


@pytest.mark.parametrize("name", PRIMARY)
def test_return_presses_the_primary_action_at_once(screen: Screen, name: str) -> None:
    label, call = PRIMARY[name]
    screen.show(STATES[name])
    assert screen.focused == label
    press(screen, Qt.Key.Key_Return)
    assert screen.actions.calls == [call]


@pytest.mark.parametrize("name", PRIMARY)
def test_space_presses_it_too(screen: Screen, name: str) -> None:
    screen.show(STATES[name])
    press(screen, Qt.Key.Key_Space)
    assert screen.actions.calls == [PRIMARY[name][1]]


@pytest.mark.parametrize("name", ["opening", "requesting", "waiting", "signed_in", "declined"])
def test_escape_asks_to_give_up_wherever_the_keyboard_is(screen: Screen, name: str) -> None:
    screen.show(STATES[name])
    press(screen, Qt.Key.Key_Escape)
    assert screen.actions.calls == ["cancel"]


def test_before_anything_is_loaded_escape_closes_the_window(theme: Theme) -> None:
    window = Window(theme)
    window.show()
    closed: list[bool] = []
    window.closed.connect(lambda: closed.append(True))
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert closed == [True]
    assert not window.isVisible()
    window.deleteLater()


@pytest.mark.parametrize("name", COPIED)
def test_the_copy_key_copies_what_the_state_is_about(screen: Screen, name: str) -> None:
    screen.show(STATES[name])
    screen.window.copy_shown()
    assert screen.actions.calls == [COPIED[name]]


@pytest.mark.parametrize("name", ["signed_out", "requesting"])
def test_the_copy_key_does_nothing_where_nothing_is_to_be_copied(screen: Screen, name: str) -> None:
    screen.show(STATES[name])
    screen.window.copy_shown()
    assert screen.actions.calls == []


def test_expiry_keeps_the_keyboard_on_the_primary_action(screen: Screen) -> None:
    screen.show(signed_in(left=1))
    assert screen.focused == "Copy token"
    screen.show(signed_in(left=0))
    assert screen.focused == "Sign in again"
    assert not screen.has_button("Copy token")


def test_expiry_leaves_the_keyboard_where_else_it_is(screen: Screen) -> None:
    screen.show(signed_in(left=1))
    screen.button("Sign out").setFocus()
    screen.show(signed_in(left=0))
    assert screen.focused == "Sign out"


def test_a_saved_token_does_not_put_the_keyboard_on_signing_out(screen: Screen) -> None:
    screen.show(signed_in(not_saved=KeyringLocked()))
    screen.button("Save again").setFocus()
    screen.show(signed_in())
    assert screen.focused == "Copy token"


def test_showing_the_qr_code_and_leaving_it_moves_the_keyboard_along(screen: Screen) -> None:
    screen.show(STATES["waiting"])
    screen.button("QR code").setFocus()
    press(screen, Qt.Key.Key_Return)
    assert screen.focused == "Back to the code"
    press(screen, Qt.Key.Key_Return)
    assert screen.focused == "QR code"


def test_a_new_code_puts_the_keyboard_on_opening_the_browser(screen: Screen) -> None:
    screen.show(STATES["waiting"])
    screen.button("New code").setFocus()
    screen.show(STATES["requesting"])
    screen.show(waiting(user_code="PLTR-8VZC"))
    assert screen.focused == "Open browser"


def test_a_count_of_questions_leaves_the_keyboard_alone(screen: Screen) -> None:
    screen.show(waiting(poll_count=4))
    screen.button("Copy link").setFocus()
    screen.show(waiting(poll_count=5))
    assert screen.focused == "Copy link"


def test_a_mouse_sees_no_ring_and_a_keyboard_does(screen: Screen) -> None:
    screen.show(STATES["waiting"])
    button = screen.button("Copy link")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    button.setFocus(Qt.FocusReason.MouseFocusReason)
    assert not has_focus_ring(button)
    button.clearFocus()
    button.setFocus(Qt.FocusReason.TabFocusReason)
    assert has_focus_ring(button)


def test_the_ring_stays_while_another_window_is_used(screen: Screen) -> None:
    screen.show(STATES["waiting"])
    button = screen.button("Copy link")
    button.setFocus(Qt.FocusReason.TabFocusReason)
    other = Button("another window", lambda: None)
    other.show()
    other.activateWindow()
    settle()
    assert QApplication.activeWindow() is other
    screen.window.activateWindow()
    settle()
    assert button.hasFocus()
    assert has_focus_ring(button)
    other.close()
    other.deleteLater()


def test_the_ring_goes_along_to_the_next_view(screen: Screen) -> None:
    screen.show(STATES["signed_out"])
    press(screen, Qt.Key.Key_Tab)
    assert has_focus_ring(screen.button("Profiles"))
    screen.show(STATES["waiting"])
    assert has_focus_ring(screen.button("Open browser"))


def test_who_used_no_keyboard_sees_no_ring_in_the_next_view(screen: Screen) -> None:
    screen.show(STATES["signed_out"])
    screen.show(STATES["waiting"])
    assert not has_focus_ring(screen.button("Open browser"))


def test_a_low_window_scrolls_by_keyboard(open_screen: Callable[..., Screen]) -> None:
    screen = open_screen(width=360, height=320)
    screen.show(STATES["signed_in"])
    scopes = screen.button("6 scopes, 1 sensitive")
    assert scopes.visibleRegion().isEmpty()
    for _ in range(5):
        press(screen, Qt.Key.Key_PageDown)
    assert not scopes.visibleRegion().isEmpty()


def test_a_low_window_scrolls_to_what_tab_reaches(open_screen: Callable[..., Screen]) -> None:
    screen = open_screen(width=360, height=320)
    screen.show(signed_in(not_saved=KeyringLocked()))
    button = screen.button("Save again")
    assert button.visibleRegion().isEmpty()
    for _ in range(2):  # past the formats; a token that cannot be renewed offers no renewal
        press(screen, Qt.Key.Key_Tab)
    assert screen.focused == "Save again"
    assert not button.visibleRegion().isEmpty()


def test_the_facts_of_a_failure_can_be_selected_and_copied_by_keyboard(screen: Screen) -> None:
    screen.show(STATES["declined"])
    screen.button("▸  Technical details").click()
    facts = screen.label("access_denied")
    assert facts.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse
    assert screen.button("Copy details").focusPolicy() & Qt.FocusPolicy.TabFocus


def test_a_trace_id_stays_whole_for_whoever_copies_it(screen: Screen) -> None:
    screen.show(STATES["declined"])
    screen.button("▸  Technical details").click()
    labels = screen.window.findChildren(QLabel)
    assert any("2e790e2c-e7fe-42ed-9d53-3f4a6c1f0b11" in each.text() for each in labels)


def test_each_failure_starts_on_its_own_remedy(screen: Screen) -> None:
    screen.show(Failed(errors.TransportFailure("login.example")))
    screen.show(Failed(NoProfile(Path("profiles.toml"))))
    assert screen.focused == "Set up a profile"


def test_signing_in_again_after_expiry_starts_on_copying(screen: Screen) -> None:
    screen.show(STATES["expired"])
    screen.show(STATES["requesting"])
    screen.show(STATES["signed_in"])
    assert screen.focused == "Copy token"


def test_escape_in_the_qr_code_goes_back_to_the_code(screen: Screen) -> None:
    screen.show(waiting())
    view = screen.window.view
    assert isinstance(view, WaitingView)
    view.show_qr(shown=True)
    settle()
    press(screen, Qt.Key.Key_Escape)
    assert view.primary().text() == "Open browser"
    assert screen.actions.calls == []
    press(screen, Qt.Key.Key_Escape)
    assert screen.actions.calls == ["cancel"]


@pytest.mark.parametrize("name", ["waiting", "keyring_missing", "unknown_client"])
def test_buttons_go_below_each_other_where_their_words_do_not_fit(
    screen: Screen, name: str
) -> None:
    screen.window.resize(360, 640)
    screen.show(STATES[name])
    row = screen.window.findChild(ButtonRow)
    assert row is not None
    first, *others = (each for each in row.findChildren(Button) if each.isVisible())
    font = QFont(first.font())
    font.setPointSizeF(font.pointSizeF() * 2)
    for button in (first, *others):
        button.setStyleSheet(f"font-size: {font.pointSizeF()}pt")
    screen.window.resize(361, 640)
    settle()
    assert all(button.width() >= button.sizeHint().width() for button in (first, *others))
    assert all(button.y() > first.y() for button in others)


@pytest.mark.parametrize(
    ("state", "text"),
    [("waiting", "Copy code"), ("signed_in", "Copy as…")],
)
def test_the_ring_is_all_that_shows_where_the_keyboard_is(
    screen: Screen, state: str, text: str
) -> None:
    screen.show(STATES[state])
    (button,) = [each for each in buttons_on(screen.window) if each.text().startswith(text)]
    while not button.hasFocus():
        QTest.keyClick(screen.window.focusWidget(), Qt.Key.Key_Tab)
    settle()
    picture = button.grab().toImage()
    beside_words = {
        picture.pixelColor(x, y).name()
        for x in range(6, 11)  # inside of the ring, its gap and the edge
        for y in range(picture.height() // 2 - 8, picture.height() // 2 + 8)
    }
    assert len(beside_words) == 1  # the style would draw a box there


def test_after_sign_in_the_keyboard_is_on_nothing_until_the_code_comes(screen: Screen) -> None:
    screen.show(STATES["signed_out"])
    screen.show(STATES["requesting"])
    assert screen.window.hasFocus(), "neither the settings nor Cancel"
    screen.show(STATES["waiting"])
    assert screen.focused == "Open browser"


def test_f1_lists_every_shortcut_and_escape_goes_back(harness: ControllerHarness) -> None:
    harness.controller.add_shortcuts()
    harness.show(STATES["signed_in"])
    for key in ("F1", "Ctrl+/"):
        QTest.keySequence(harness.window, QKeySequence(key))
        page = harness.window.page
        assert isinstance(page, ShortcutsView)
        listed = {each.text() for each in page.findChildren(QLabel)}
        added = {
            each.key().toString()
            for each in harness.window.findChildren(QShortcut)
            if each.key().toString() not in {f"Ctrl+{digit}" for digit in range(2, 9)}
        }
        assert added - {""} <= listed  # not every platform has all standard keys
        names = {each.accessibleName() for each in page.findChildren(QLabel)}
        assert "Switch to a profile by its position: Ctrl+1 … Ctrl+9" in names
        QTest.keyClick(harness.window, Qt.Key.Key_Escape)
        settle()
        assert harness.window.page is None
    QTest.keySequence(harness.window, QKeySequence("F1"))
    QTest.keySequence(harness.window, QKeySequence("F1"))
    assert harness.window.page is None


def test_tooltips_name_the_shortcuts(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    screen.window.add_profile_switcher()
    assert screen.button("Copy token").toolTip() == "Copy token (Ctrl+C)"
    (settings,) = [each for each in buttons_on(screen.window) if name_of(each) == "Settings"]
    assert settings.toolTip() == "Settings (Ctrl+,)"


@pytest.mark.parametrize(
    ("keys", "is_there"),
    [
        ([Qt.Key.Key_PageDown], lambda bar: bar.value() == bar.pageStep()),
        ([Qt.Key.Key_End], lambda bar: bar.value() == bar.maximum() > 0),
        ([Qt.Key.Key_End, Qt.Key.Key_PageUp], lambda bar: 0 < bar.value() < bar.maximum()),
        ([Qt.Key.Key_End, Qt.Key.Key_Home], lambda bar: bar.value() == 0),
    ],
)
def test_a_long_page_scrolls_with_the_keys_for_that(
    screen: Screen, keys: list[Qt.Key], is_there: Callable[[QScrollBar], bool]
) -> None:
    page = screen.show_details()
    for key in keys:
        QTest.keyClick(page.primary(), key)
    (area,) = screen.window.findChildren(QScrollArea)
    assert is_there(area.verticalScrollBar())


def test_arrow_keys_go_through_facts(screen: Screen) -> None:
    screen.show_details()
    first = next(each for each in tab_order(screen.window) if name_of(each).startswith("Issued: "))
    first.setFocus()
    QTest.keyClick(first, Qt.Key.Key_Down)
    second = screen.window.focusWidget()
    assert name_of(second).startswith("Expires: ")
    QTest.keyClick(second, Qt.Key.Key_Up)
    assert screen.window.focusWidget() is first

"""The window for those who listen to it."""

from collections.abc import Callable

import pytest
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QLabel, QSpinBox

from desktop.ui.kit.qr_code import QrCode
from desktop.ui.kit.widgets import say
from desktop.ui.views.account_row import AccountRow
from desktop.ui.views.code_tiles import CodeTiles
from desktop.ui.views.ring import Ring
from tests.sample_states import LINK, NOW, STATES, waiting
from tests.ui.harness import (
    BREAK,
    Screen,
    buttons_on,
    name_of,
    settle,
    tab_order,
    texts_on,
    visible,
)


@pytest.mark.parametrize("name", STATES)
def test_whatever_the_keyboard_reaches_has_a_name(screen: Screen, name: str) -> None:
    screen.show(STATES[name])
    assert all(name_of(each) for each in tab_order(screen.window))


@pytest.mark.parametrize("name", STATES)
def test_every_control_has_a_name_and_a_role(screen: Screen, name: str) -> None:
    screen.show(STATES[name])
    kinds = (QAbstractButton, CodeTiles, Ring)
    for widget in (each for each in visible(screen.window) if isinstance(each, kinds)):
        told = QAccessible.queryAccessibleInterface(widget)
        assert told.text(QAccessible.Text.Name)
        assert told.role().name in {"Button", "ButtonMenu", "StaticText"}


@pytest.mark.parametrize("name", STATES)
def test_no_two_controls_have_the_same_name(screen: Screen, name: str) -> None:
    screen.show(STATES[name])
    names = [name_of(each) for each in tab_order(screen.window)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("page", ["details", "settings"])
def test_every_control_of_a_page_has_a_name_of_its_own(screen: Screen, page: str) -> None:
    getattr(screen, f"show_{page}")()
    kinds = (QAbstractButton, QSpinBox)
    controls = [each for each in visible(screen.window) if isinstance(each, kinds)]
    told = [QAccessible.queryAccessibleInterface(each) for each in controls]
    names = [each.text(QAccessible.Text.Name) for each in told]
    assert all(names)
    assert len(names) == len(set(names))
    assert {each.role().name for each in told} <= {"Button", "CheckBox", "SpinBox"}


def test_a_menu_button_is_told_as_one(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    told = QAccessible.queryAccessibleInterface(screen.button("Copy as…  ▾"))
    assert told.text(QAccessible.Text.Name) == "Copy as…"
    assert told.role().name == "ButtonMenu"


def test_the_code_is_spelled(screen: Screen) -> None:
    screen.show(STATES["waiting"])
    assert screen.find(CodeTiles).accessibleName() == "Code: W, D, J, B, dash, M, J, H, T"


def test_the_ring_tells_what_it_shows(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    assert screen.find(Ring).accessibleName() == "7 minutes until it expires"


def test_the_header_tells_the_profile(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    names = [name_of(each) for each in buttons_on(screen.window)]
    assert names[:2] == ["Northwind SOC, Cisco XDR · North America", "Settings"]


def test_the_qr_code_tells_where_it_leads(screen: Screen) -> None:
    screen.show(STATES["waiting"])
    screen.show_qr()
    picture = screen.find(QrCode)
    assert picture.accessibleName() == "QR code of the link"
    assert picture.accessibleDescription() == f"{LINK}?user_code=WDJB-MJHT"


def test_a_sensitive_scope_is_read_as_such(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    screen.button("6 scopes, 1 sensitive").click()
    names = [name_of(each) for each in screen.window.findChildren(QLabel)]
    assert "Your profile (read and write)" in names
    assert "Response actions (block, isolate, quarantine) (read and write) (sensitive)" in names


def test_a_failure_is_one_sentence_around_its_buttons(screen: Screen) -> None:
    screen.show(STATES["code_expired"])
    assert screen.window.view.accessibleName() == (
        "The code has expired. The sign-in wasn't approved in time. Get a new code and approve "
        "that one."
    )


def test_a_new_code_is_spelled_anew(open_screen: Callable[..., Screen]) -> None:
    screen = open_screen()
    screen.show(STATES["waiting"])
    screen.show(waiting(user_code="A.B_C D"))
    spelled = screen.find(CodeTiles).accessibleName()
    assert spelled == "Code: A, dot, B, underscore, C, space, D"


@pytest.mark.parametrize("name", STATES)
def test_no_name_contains_what_only_breaks_lines(screen: Screen, name: str) -> None:
    screen.show(STATES[name])
    assert_without_breaks(screen)


@pytest.mark.parametrize("page", ["details", "settings"])
def test_no_name_on_a_page_contains_what_only_breaks_lines(screen: Screen, page: str) -> None:
    getattr(screen, f"show_{page}")()
    assert_without_breaks(screen)


def assert_without_breaks(screen: Screen) -> None:
    kinds = (QAccessible.Text.Name, QAccessible.Text.Description)
    told = [QAccessible.queryAccessibleInterface(each) for each in visible(screen.window)]
    assert not [text for each in told for kind in kinds if BREAK in (text := each.text(kind))]


def test_the_browser_button_is_described_by_the_host_and_not_by_the_link(screen: Screen) -> None:
    screen.show(STATES["waiting"])
    described = screen.button("Open browser").accessibleDescription()
    assert described == "visibility.amp.cisco.com · matches your profile"


def test_news_describe_what_has_the_focus_until_it_moves_and_are_said_once(
    screen: Screen, announced_to_orca: list[str]
) -> None:
    screen.show(STATES["waiting"])
    button = screen.button("Open browser")
    button.setFocus()
    say(screen.window, "5 minutes left")
    assert announced_to_orca == []
    assert button.accessibleDescription() == "5 minutes left"
    screen.button("Copy code").setFocus()
    settle()
    assert button.accessibleDescription().startswith("visibility.amp.cisco.com")


def test_a_new_view_is_described_before_it_gets_the_focus(
    screen: Screen, announced: list[str]
) -> None:
    screen.window.show_state(STATES["signed_in"], NOW, news="Signed in as dana.")
    assert screen.button("Copy token").accessibleDescription() == "Signed in as dana."
    assert announced == []


def test_seconds_do_not_change_what_is_read(screen: Screen) -> None:
    names = []
    for left in (145, 144, 121):
        screen.show(waiting(left=left))
        names.append([each.accessibleName() or name_of(each) for each in texts_on(screen.window)])
    assert "Code expires in 2 minutes" in names[0]
    assert names[0] == names[1] == names[2]


def test_the_account_is_told_as_such_at_any_width(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    row = screen.find(AccountRow)
    (account,) = (each for each in row.findChildren(QLabel) if "dana" in each.text())
    screen.window.resize(360, 640)
    settle()
    assert account.accessibleName() == "Signed in as dana@northwind.example"


@pytest.mark.usefixtures("announced_to_orca")
def test_news_stay_while_what_they_describe_is_disabled(screen: Screen) -> None:
    screen.show(STATES["waiting"])
    button = screen.button("Open browser")
    button.setFocus()
    say(screen.window, "5 minutes left")
    button.setEnabled(False)
    settle()
    assert button.accessibleDescription() == "5 minutes left"

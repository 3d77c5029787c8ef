"""The window for those who listen to it."""

from collections.abc import Callable

import pytest
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QLabel, QProgressBar, QSpinBox

from desktop.ui.views.code_tiles import CodeTiles
from desktop.ui.views.qr_code import QrCode
from desktop.ui.views.ring import Ring
from tests.sample_states import LINK, STATES, waiting
from tests.ui.harness import Screen, buttons_on, name_of, tab_order, visible


@pytest.mark.parametrize("name", STATES)
def test_whatever_the_keyboard_reaches_has_a_name(screen: Screen, name: str) -> None:
    screen.show(STATES[name])
    assert all(name_of(each) for each in tab_order(screen.window))


@pytest.mark.parametrize("name", STATES)
def test_every_control_has_a_name_and_a_role(screen: Screen, name: str) -> None:
    screen.show(STATES[name])
    kinds = (QAbstractButton, QProgressBar, CodeTiles, Ring)
    for widget in (each for each in visible(screen.window) if isinstance(each, kinds)):
        told = QAccessible.queryAccessibleInterface(widget)
        assert told.text(QAccessible.Text.Name)
        assert told.role().name in {"Button", "ButtonMenu", "ProgressBar", "StaticText"}


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
    assert screen.find(Ring).accessibleName() == "7:12 until it expires"


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
        "The code has expired. It wasn't approved in time. Get a new code and approve that one."
    )


def test_a_new_code_is_spelled_anew(open_screen: Callable[..., Screen]) -> None:
    screen = open_screen()
    screen.show(STATES["waiting"])
    screen.show(waiting(user_code="A.B_C D"))
    spelled = screen.find(CodeTiles).accessibleName()
    assert spelled == "Code: A, dot, B, underscore, C, space, D"

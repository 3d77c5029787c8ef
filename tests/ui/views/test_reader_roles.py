"""The roles that screen readers are told besides those of Qt's widgets."""

import sys

import pytest
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QWidget

from desktop.ui.kit.reader_roles import install_reader_roles, unheard
from desktop.ui.views.scopes_card import ScopesCard
from tests.sample_states import STATES
from tests.ui.harness import Screen, settle


@pytest.fixture(autouse=True)
def reader_roles(qapp: QApplication) -> None:  # noqa: ARG001 - there must be one
    install_reader_roles()


def told(widget: QWidget) -> tuple[str, str]:
    """Return the role and the name of `widget`."""
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.role().name, interface.text(QAccessible.Text.Name)


def roles_of(parent: QWidget) -> list[tuple[str, str]]:
    """Return the roles and names below `parent` that Qt gives no widget."""
    known = {"Heading", "Grouping", "List", "ListItem"}
    found = (told(each) for each in parent.findChildren(QWidget) if each.isVisibleTo(parent))
    return [each for each in found if each[0] in known]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("signed_out", "Sign in to Northwind SOC"),
        ("waiting", "Approve this sign-in in your browser"),
        ("code_expired", "The code has expired"),
    ],
)
def test_the_title_of_a_view_is_a_heading(screen: Screen, name: str, title: str) -> None:
    screen.show(STATES[name])
    assert ("Heading", title) in roles_of(screen.window)


def test_the_settings_are_groups_below_headings(screen: Screen) -> None:
    screen.show_settings()
    assert screen.window.page is not None
    roles = roles_of(screen.window.page)
    assert roles[0] == ("Heading", "Settings")
    for group in ("Start", "Token", "Privacy", "Lock", "Appearance", "Profiles", "Files", "About"):
        assert roles[roles.index(("Heading", group)) + 1] == ("Grouping", "")


def test_the_scopes_are_a_list(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    screen.button("6 scopes, 1 sensitive").click()
    settle()
    roles = roles_of(screen.find(ScopesCard))
    assert roles[0] == ("List", "Scopes")
    assert [role for role, _ in roles[1:]] == ["ListItem"] * 6
    assert ("ListItem", "Your profile (read and write)") in roles


@pytest.mark.skipif(sys.platform != "linux", reason="only Orca misses what comes after")
def test_what_is_being_built_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    switched: list[bool] = []
    monkeypatch.setattr(QAccessible, "isActive", lambda: True)
    monkeypatch.setattr(QAccessible, "setActive", switched.append)
    with unheard():
        assert switched == [False]
    assert switched == [False, True]


def test_without_a_screen_reader_nothing_is_switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    switched: list[bool] = []
    monkeypatch.setattr(QAccessible, "isActive", lambda: False)
    monkeypatch.setattr(QAccessible, "setActive", switched.append)
    with unheard():
        pass
    assert switched == []

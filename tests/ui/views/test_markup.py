"""What a server sent is never read as markup."""

from dataclasses import replace

import pytest
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from desktop.oauth import errors
from desktop.services.model.states import Failed, SignedOut
from tests.sample_states import signed_in, waiting
from tests.ui.harness import Screen

MARKUP = "<b>bold</b><img src='http://127.0.0.1:9/x.png'>"


def markup_states() -> dict[str, object]:
    return {
        "description": Failed(
            errors.InvalidClient("invalid_client", host="login.example", description=MARKUP)
        ),
        "user code": waiting(user_code="<b>X</b>"),
        "host": waiting(host="<b>evil</b>", host_is_known=False),
        "scope": signed_in(scope=("response/<b>x</b>",), requested_scope=("<u>y</u>",)),
        "account": replace(signed_in(), user=MARKUP, organization="<i>SOC</i>"),
    }


@pytest.mark.parametrize("name", markup_states())
def test_markup_of_a_server_is_shown_as_it_is(screen: Screen, name: str) -> None:
    screen.show(markup_states()[name])  # type: ignore[arg-type]
    for each in screen.window.findChildren(QLabel):
        assert each.textFormat().name == "PlainText" or not each.text()


def test_an_error_description_is_read_literally(screen: Screen) -> None:
    screen.show(markup_states()["description"])  # type: ignore[arg-type]
    assert any(MARKUP in each for each in screen.visible_texts)


@pytest.mark.parametrize("name", ["scope", "account", "user code"])
def test_a_tooltip_shows_markup_as_it_is(screen: Screen, name: str) -> None:
    screen.show(markup_states()[name])  # type: ignore[arg-type]
    tips = [each.toolTip() for each in screen.window.findChildren(QWidget) if each.toolTip()]
    assert tips
    for tip in tips:
        inside = tip.removeprefix("<span>").removesuffix("</span>")
        assert "<" not in inside


def test_an_ampersand_in_a_name_is_shown_and_is_no_shortcut(screen: Screen) -> None:
    screen.show(SignedOut(user="d&ana@northwind.example"))
    button = screen.window.view.primary()
    assert isinstance(button, QPushButton)
    told = QAccessible.queryAccessibleInterface(button)
    assert told.text(QAccessible.Text.Name) == "Continue as d&ana@northwind.example"
    assert button.shortcut().isEmpty()

"""Every state and page in the pseudo-language: nothing is in English, and everything fits."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox

from desktop.services.system.language import LANGUAGE_NAMES
from desktop.services.system.translation import translate
from desktop.ui.copy.copy_window import CopyWindow
from desktop.ui.kit.widgets import Button
from desktop.ui.pages.settings_view import SettingsView
from desktop.ui.tray.tray_menu import TrayMenu
from desktop.ui.wording.tray_texts import menu_labels
from desktop.ui.wording.window_texts import COPY_REFUSED, COPYING, PRESS_TO_COPY
from tests.pseudo_language import MARK, pseudo_language
from tests.sample_states import NOW, PROFILE, STATES, STATUSES
from tests.ui.harness import Screen, misfits, settle

# Names, scopes, addresses, and the facts that support asks for.
_DATA = re.compile(
    r"Northwind SOC|Contoso SOC|Fabrikam Security Operations|Cisco XDR|XDR Login"
    r"|status \d+|trace [0-9a-f-]+|[\w.-]+@[\w.-]+|[\w-]+(\.[\w-]+)+|/[\w./-]+|[a-z]+_[a-z]+"
    r"|[a-z-]+:[a-z]+|\b(casebook|profile|response|repo|admin)\b|"
    + "|".join(map(re.escape, LANGUAGE_NAMES.values()))
)
_WORD = re.compile(r"[A-Za-z]{2,}")


@pytest.fixture(scope="module", autouse=True)
def _translated() -> Iterator[None]:
    with pseudo_language():
        yield


def english(texts: list[str]) -> list[str]:
    """The texts in which a word is neither translated nor data."""
    return [text for text in texts if MARK not in text and _WORD.search(_DATA.sub("", text))]


class NoActions:
    are_many = True

    current_id = PROFILE.id
    unreadable = 2

    def __getattr__(self, _name: str) -> Callable[..., None]:
        return lambda *_arguments: None


NO_ACTIONS: Any = NoActions()


@pytest.mark.parametrize("width", [360, 440])
@pytest.mark.parametrize("name", STATES)
def test_a_state_is_translated_and_fits(
    open_screen: Callable[..., Screen], name: str, width: int
) -> None:
    screen = open_screen(width=width)
    screen.show(STATES[name])
    assert not english(screen.visible_texts)
    assert not misfits(screen.window)


@pytest.mark.parametrize("width", [360, 440])
def test_the_settings_are_translated(open_screen: Callable[..., Screen], width: int) -> None:
    screen = open_screen(width=width)
    page = SettingsView(NO_ACTIONS, NO_ACTIONS, screen.theme)
    screen.window.show_page(page)
    settle()
    assert not english(screen.visible_texts)
    for choice in page.findChildren(QComboBox):
        assert not english([choice.itemText(number) for number in range(choice.count())])
    assert all(MARK in button.accessibleName() for button in page.findChildren(Button, "step"))


def test_the_tray_menu_is_translated() -> None:
    menu = TrayMenu({}, NO_ACTIONS.copy, profiles=NO_ACTIONS)
    menu.show_profiles(STATUSES, NOW)
    menu.show_items(menu_labels(STATES["signed_in"], NOW, everywhere=True))
    menus = [menu, menu._formats_menu, *menu._profile_menus.values()]
    texts = [action.text() for each in menus for action in each.actions()]
    assert len(texts) > len(STATUSES)
    assert not english(texts)
    assert all(isinstance(action, QAction) for action in menu.actions())


@pytest.mark.parametrize("text", [COPYING, PRESS_TO_COPY, COPY_REFUSED])
def test_the_window_that_copies_is_translated_and_fits(text: str) -> None:
    window = CopyWindow()
    window._button.setVisible(text is not COPYING)
    window._show_text(translate(text))
    window.show()
    settle()
    assert not misfits(window)
    assert not english([window._text.text(), window._button.text(), window.windowTitle()])
    window.close()


def test_texts_in_english_are_found() -> None:
    at = f"{datetime(2026, 1, 1, tzinfo=UTC):%H:%M}"
    assert english(["Copy token", "Copied", "Northwind SOC", "status 503", at, "⟦Çôpý⟧"]) == [
        "Copy token",
        "Copied",
    ]

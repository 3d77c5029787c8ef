"""Every page and dialog of the window, as the keyboard walks it and a screen reader reads it."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QWidget

from desktop.ui.kit.theme import Theme
from desktop.ui.window.window import Window
from tests.sample_states import NOW, PROFILE, STATES
from tests.shots import _CHANGES, _STATE_OF_CHANGE, _WAITING_CHANGES, NO_ACTIONS
from tests.ui.harness import settle

SIGNS = "▾▴▸◂✓⚠−+"  # that show what words say elsewhere
SCENES = {
    **{name: ("waiting", change) for name, change in _WAITING_CHANGES.items()},
    **{
        name: (_STATE_OF_CHANGE.get(name, "signed_in"), change) for name, change in _CHANGES.items()
    },
    **{name: (name, lambda _window: None) for name in STATES},
}


@pytest.fixture
def walk(theme: Theme) -> Iterator[Callable[[str], list[QWidget]]]:
    """Show a scene, and return what the keyboard reaches in it."""
    window = Window(theme)

    def go(name: str) -> list[QWidget]:
        state, change = SCENES[name]
        window.set_actions(NO_ACTIONS)
        window.set_profile(PROFILE)
        window.add_profile_switcher()
        window.resize(440, 640)
        window.show_state(STATES[state], NOW)
        window.show()
        change(window)
        window.show_state(STATES[state], NOW)
        settle()
        return [
            each
            for each in window.findChildren(QWidget)
            if each.isVisibleTo(window)
            and each.isEnabled()
            and each.focusPolicy() & Qt.FocusPolicy.TabFocus
            and each.focusProxy() is None
        ]

    yield go
    window.close()
    window.deleteLater()
    settle()


def told(widget: QWidget, kind: QAccessible.Text) -> str:
    return QAccessible.queryAccessibleInterface(widget).text(kind)


def faults_of(widget: QWidget) -> Iterator[str]:
    """Say what is wrong with what a screen reader is told of `widget`."""
    name, description = (told(widget, kind) for kind in (_NAME, _DESCRIPTION))
    if not name.strip():
        yield "has no name"
    if re.match(r"\w+://", description):
        yield f"is described by an address: {description}"
    if any(unicodedata.category(each) == "Cf" for each in name + description):
        yield f"is told characters that cannot be seen: {name!r} {description!r}"
    if any(sign in name for sign in SIGNS):
        yield f"is told a sign: {name!r}"
    if isinstance(widget, QAbstractButton):
        text = re.sub(f"[{SIGNS}…]|&(?!&)", "", widget.text()).strip()
        if text.lower() not in name.lower():
            yield f"shows {text!r} but is named {name!r}"
    else:
        yield from faults_of_field(widget, description)


def faults_of_field(widget: QWidget, description: str) -> Iterator[str]:
    if isinstance(widget, (QComboBox, QLineEdit)) and not widget.accessibleName():
        yield "has no name of its own"
    labels = (each for each in widget.window().findChildren(QLabel) if each.buddy() is widget)
    if isinstance(widget, QComboBox) and not any(labels):
        yield "has no label"
    example = widget.placeholderText() if isinstance(widget, QLineEdit) else ""
    if example and description == example != widget.accessibleName():
        yield f"is described by its example: {description!r}"
    around = (widget, cast("QWidget", widget.parent()))
    is_wrong = any(each.property("wrong") == "true" for each in around)
    if is_wrong and not description.startswith("Invalid entry: "):
        yield f"does not say that it is invalid: {description!r}"


_NAME, _DESCRIPTION = QAccessible.Text.Name, QAccessible.Text.Description


@pytest.mark.parametrize("name", SCENES)
def test_all_that_the_keyboard_reaches_is_told_in_words(
    walk: Callable[[str], list[QWidget]], name: str
) -> None:
    reached = walk(name)
    assert reached
    found = {
        f"{type(each).__name__} {each.accessibleName() or told(each, _NAME)}": faults
        for each in reached
        if (faults := list(faults_of(each)))
    }
    assert not found

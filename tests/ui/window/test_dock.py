"""Whether macOS is asked for a place in its Dock; by a library of macOS that is none."""

import ctypes
import sys
from collections import defaultdict
from typing import Any

import pytest

from desktop.ui.kit.theme import Theme
from desktop.ui.window import dock
from desktop.ui.window.window import Window
from tests.ui.harness import settle


class Function:
    """One of the library; it answers with what it was asked for."""

    def __init__(self, told: list[tuple[object, ...]]) -> None:
        self.told = told
        self.restype: Any = None
        self.argtypes: Any = None

    def __call__(self, *given: object) -> object:
        self.told.append(given)
        return given


class Library:
    """The run time of Objective-C, as far as it is used."""

    def __init__(self) -> None:
        self.told: dict[str, list[tuple[object, ...]]] = defaultdict(list)
        self.objc_getClass = Function(self.told["class"])
        self.sel_registerName = Function(self.told["name"])

    def __getitem__(self, name: str) -> Function:
        return Function(self.told[name])

    @property
    def policies(self) -> list[object]:
        """What was asked for: 0 for a place in the Dock, 1 for none."""
        return [given[2] for given in self.told["objc_msgSend"] if len(given) == 3]


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    made = Library()
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(ctypes, "CDLL", lambda _path: made)
    return made


def test_the_application_is_told_its_policy(library: Library) -> None:
    dock.show_in_dock(False)
    assert library.told["objc_msgSend"] == [
        ((b"NSApplication",), (b"sharedApplication",)),
        (((b"NSApplication",), (b"sharedApplication",)), (b"setActivationPolicy:",), 1),
    ]


def test_it_is_there_while_the_window_is(theme: Theme, library: Library) -> None:
    window = Window(theme)
    dock.follow_window(window)
    window.show()
    window.hide()
    window.deleteLater()
    settle()
    assert library.policies == [1, 0, 1]


def test_elsewhere_nothing_is_asked(theme: Theme, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    monkeypatch.setattr(ctypes, "CDLL", loaded.append)
    monkeypatch.setattr(sys, "platform", "linux")
    window = Window(theme)
    dock.follow_window(window)
    dock.show_in_dock(False)
    window.deleteLater()
    assert loaded == []

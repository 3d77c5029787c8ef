"""No token ever gets into a widget: not as text, tooltip, title, name, or anything else."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from desktop.ui.window.window import Window
from tests.sample_states import STATES
from tests.ui.harness import ControllerHarness, ProgressListener

TOKEN = "eyJhbGciOiJSUzI1NiJ9.c2VjcmV0.c2lnbmF0dXJl"


def properties(of: QObject) -> Iterator[str]:
    """Everything that Qt, a style sheet or a screen reader could read of an object."""
    meta = of.metaObject()
    names: list[str] = [str(meta.property(number).name()) for number in range(meta.propertyCount())]
    names += [name.toStdString() for name in of.dynamicPropertyNames()]
    # Those with an underscore in front are Qt's and PySide's own.
    yield from (str(of.property(name)) for name in names if not name.startswith("_"))


def everything_in(window: Window) -> list[str]:
    return [text for each in (window, *window.findChildren(QObject)) for text in properties(each)]


def test_the_walk_finds_what_is_on_screen(harness: ControllerHarness) -> None:
    harness.show(STATES["signed_in"])
    found = everything_in(harness.window)
    assert {
        "Copy token",
        "XDR Login",
        "dana@northwind.example",
        "7 minutes until it expires",
    } <= set(found)


@pytest.mark.parametrize("name", STATES)
async def test_a_token_is_nowhere_in_the_window(
    harness: ControllerHarness, announced: list[str], name: str
) -> None:
    harness.session.token = TOKEN
    for state in (STATES["signed_in"], STATES[name]):
        harness.show(state)
        told = ProgressListener(harness.controller.copier)
        harness.controller.copy_token()
        await told.wait_for(2)
        assert QGuiApplication.clipboard().text() == TOKEN
        assert not [text for text in everything_in(harness.window) if TOKEN in text]
    assert not [text for text in announced if TOKEN in text]

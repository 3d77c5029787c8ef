"""What is mirrored in languages that are written from right to left, and what is not."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton

from desktop.ui.app.app import make_application
from desktop.ui.kit.inputs import Choice
from desktop.ui.kit.stepper import Stepper
from desktop.ui.kit.switch import Switch
from desktop.ui.kit.theme import Theme
from desktop.ui.kit.widgets import label


@pytest.fixture(autouse=True)
def _mirrored(qapp: QApplication) -> Iterator[None]:
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    yield
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def test_names_and_addresses_are_on_the_right_like_other_texts() -> None:
    shown = label("https://sso.example")
    assert shown.alignment() & Qt.AlignmentFlag.AlignRight
    assert shown.alignment() & Qt.AlignmentFlag.AlignAbsolute


def test_more_stays_on_the_right_of_a_stepper() -> None:
    stepper = Stepper("Minutes", allowed=range(1, 9), unit="{count} min", changed=lambda _: None)
    stepper.resize(200, 40)
    stepper.show()
    less, more = (each for each in stepper.findChildren(QPushButton))
    assert less.geometry().right() < more.geometry().left()


def test_a_switch_that_is_on_has_its_knob_on_the_left(theme: Theme) -> None:
    switch = Switch("Notifications", theme, switched=lambda _: None)
    switch.setChecked(True)
    mirrored = switch.grab().toImage()
    switch.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    usual = switch.grab().toImage()
    knob = usual.pixelColor(32, 14)
    assert mirrored.pixelColor(14, 14) == knob != mirrored.pixelColor(32, 14)


def test_the_arrow_of_a_choice_is_on_the_left(theme: Theme) -> None:
    assert Choice({"": "Default"}, theme).property("mirrored") == "true"


def test_an_arabic_app_is_mirrored(monkeypatch: pytest.MonkeyPatch, qapp: QApplication) -> None:
    class Made:
        direction = Qt.LayoutDirection.LeftToRight

        def __init__(self, _arguments: list[str]) -> None:
            """Be made instead of the only application of this process."""

        def setLayoutDirection(self, direction: Qt.LayoutDirection) -> None:
            self.direction = direction

        def __getattr__(self, _name: str) -> object:
            return lambda *_: None

    monkeypatch.setattr("desktop.ui.app.app.Application", Made)
    monkeypatch.setattr("desktop.services.system.language.is_right_to_left", lambda: True)
    assert make_application().direction is Qt.LayoutDirection.RightToLeft  # type: ignore[attr-defined]
    assert qapp.layoutDirection() is Qt.LayoutDirection.RightToLeft

"""Properties that get a name of `Qt` as text, see docs/decisions/start.md."""

import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from desktop.ui.views import code_tiles

ENUMERATIONS = {
    "alignment": Qt.AlignmentFlag,
    "focusPolicy": Qt.FocusPolicy,
    "horizontalScrollBarPolicy": Qt.ScrollBarPolicy,
    "textFormat": Qt.TextFormat,
    "timerType": Qt.TimerType,
}
SOURCES = Path(__file__).parents[3] / "desktop" / "ui"
GIVEN = sorted(
    {
        (name, given)
        for source in SOURCES.rglob("*.py")
        for name, given in re.findall(r'setProperty\("(\w+)", "([\w|]+)"\)', source.read_text())
        if name in ENUMERATIONS
    }
)


def test_all_properties_are_found() -> None:
    assert {name for name, _ in GIVEN} == ENUMERATIONS.keys()


# Qt ignores a name that it does not know.
@pytest.mark.parametrize(("name", "given"), GIVEN)
def test_a_property_gets_names_that_qt_knows(name: str, given: str) -> None:
    assert set(given.split("|")) <= set(ENUMERATIONS[name].__members__)


def test_letters_of_the_code_are_centered() -> None:
    assert Qt.AlignmentFlag.AlignCenter.value == code_tiles._ALIGN_CENTER

import pytest
from PySide6.QtCore import Qt

from desktop.ui.kit import qt_constants

NAMES = {
    "PLAIN_TEXT": Qt.TextFormat.PlainText,
    "ALIGN_CENTER": Qt.AlignmentFlag.AlignCenter,
    "ALIGN_RIGHT": Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
    "SCROLL_BAR_ALWAYS_OFF": Qt.ScrollBarPolicy.ScrollBarAlwaysOff,
    "NO_FOCUS": Qt.FocusPolicy.NoFocus,
    "TAB_FOCUS": Qt.FocusPolicy.TabFocus,
    "PRECISE_TIMER": Qt.TimerType.PreciseTimer,
}


def test_every_number_has_its_name_here() -> None:
    assert NAMES.keys() == {name for name in vars(qt_constants) if name.isupper()}


@pytest.mark.parametrize("name", NAMES)
def test_a_number_is_what_qt_calls_by_that_name(name: str) -> None:
    assert getattr(qt_constants, name) == NAMES[name].value

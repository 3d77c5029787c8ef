"""Every state and page in every language: everything fits, and every letter has a glyph."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextLayout
from PySide6.QtWidgets import QApplication, QMenu
from translations import catalogues

from desktop.services.system.language import LANGUAGE_NAMES, is_right_to_left
from tests import shots
from tests.pseudo_language import real_language
from tests.sample_states import STATES
from tests.ui.harness import Screen, misfits, settle

_LANGUAGES = sorted(LANGUAGE_NAMES.keys() - {"en"})


@pytest.fixture(params=_LANGUAGES)
def language(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[str]:
    with real_language(request.param):
        directions = Qt.LayoutDirection
        mirrored = is_right_to_left()
        qapp.setLayoutDirection(directions.RightToLeft if mirrored else directions.LeftToRight)
        yield request.param
        qapp.setLayoutDirection(directions.LeftToRight)


def test_every_state_fits_the_narrowest_window(
    open_screen: Callable[..., Screen], language: str
) -> None:
    wrong = {}
    screen = open_screen(width=360)
    for name, state in STATES.items():
        screen.show(state)
        wrong[name] = misfits(screen.window)
    assert not {name: found for name, found in wrong.items() if found}, language


def test_every_page_fits_the_narrowest_window(
    open_screen: Callable[..., Screen], language: str
) -> None:
    wrong = {}
    for name, change in shots._CHANGES.items():
        screen = open_screen(width=360)
        screen.window.add_profile_switcher()
        screen.show(STATES[shots._STATE_OF_CHANGE.get(name, "signed_in")])
        change(screen.window)
        settle()
        wrong[name] = misfits(screen.window)
        for menu in screen.window.findChildren(QMenu):
            if menu.isVisible() and menu.width() > screen.window.width():
                wrong[name].append(f"a menu of {menu.width()}")
        screen.window.hide()
    assert not {name: found for name, found in wrong.items() if found}, language


@pytest.mark.parametrize("language", _LANGUAGES)
def test_every_letter_has_a_glyph(qapp: QApplication, language: str) -> None:
    catalog = catalogues.read(catalogues.file_of(language))
    texts = {text for each in catalog for text in _strings(each.string)}
    letters = "".join(sorted({letter for text in texts for letter in text if letter.isprintable()}))
    layout = QTextLayout(letters, qapp.font())
    layout.beginLayout()
    layout.createLine()
    layout.endLayout()
    missing = [
        letters[place]
        for run in layout.glyphRuns()
        for place, glyph in zip(run.stringIndexes(), run.glyphIndexes(), strict=False)
        if not glyph
    ]
    assert letters
    assert not missing


def _strings(translated: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (translated,) if isinstance(translated, str) else tuple(translated or ())

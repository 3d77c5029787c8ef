"""Qt's own texts in another language."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication, QLineEdit

from desktop.ui.kit.widgets import shortcut_name
from desktop.ui.wording.qt_texts import QtTexts
from tests.pseudo_language import MARK, pseudo_language, real_language


@pytest.fixture(autouse=True)
def _translated(qapp: QApplication) -> Iterator[None]:
    with pseudo_language():
        texts = QtTexts(qapp)
        qapp.installTranslator(texts)
        yield
        qapp.removeTranslator(texts)


def test_the_menu_of_a_text_field_is_translated() -> None:
    field = QLineEdit("text")
    menu = field.createStandardContextMenu()
    texts = [each.text().partition("\t")[0] for each in menu.actions() if not each.isSeparator()]
    assert len(texts) == 7
    assert all(MARK in each for each in texts)
    menu.deleteLater()


def test_what_qt_shows_nowhere_else_stays_english() -> None:
    assert QCoreApplication.translate("QFileDialog", "File Folder") == "File Folder"


def test_the_names_of_keys_are_those_of_the_keyboard(qapp: QApplication) -> None:
    with real_language("de"):
        texts = QtTexts(qapp)
        qapp.installTranslator(texts)
        assert shortcut_name("Ctrl+K") == "Strg+K"
        assert shortcut_name("Esc") == "Esc"
        qapp.removeTranslator(texts)
    with real_language("fr"):
        texts = QtTexts(qapp)
        qapp.installTranslator(texts)
        assert shortcut_name("Ctrl+K") == "Ctrl+K"
        assert shortcut_name("Esc") == "Échap"
        qapp.removeTranslator(texts)

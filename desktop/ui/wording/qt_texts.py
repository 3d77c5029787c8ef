"""The texts that Qt itself shows in this app: the menu of its text fields, and names of keys."""

from __future__ import annotations

from PySide6.QtCore import QTranslator

from desktop.services.system.translation import translatable, translate

_TEXTS = {
    "&Undo": translatable("&Undo"),
    "&Redo": translatable("&Redo"),
    "Cu&t": translatable("Cu&t"),
    "&Copy": translatable("&Copy"),
    "&Paste": translatable("&Paste"),
    "Delete": translatable("Delete"),
    "Select All": translatable("Select All"),
    # The names of keys in menus and hints; Qt still understands the English ones.
    "Ctrl": translatable("Ctrl"),
    "Shift": translatable("Shift"),
    "Alt": translatable("Alt"),
    "Esc": translatable("Esc"),
    "Del": translatable("Del"),
}


class QtTexts(QTranslator):
    """Translates texts of Qt with our catalogs; Qt's own would take 220 kB for each language."""

    def translate(
        self,
        context: str,  # noqa: ARG002 - Qt calls it
        sourceText: str,  # noqa: N803 - as Qt names it
        disambiguation: str | None = None,  # noqa: ARG002
        n: int = -1,  # noqa: ARG002
    ) -> str:
        """Return the translation; texts that the app does not show stay in English."""
        return translate(_TEXTS.get(sourceText, sourceText))

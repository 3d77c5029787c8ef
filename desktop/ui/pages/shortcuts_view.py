"""The page that lists the keyboard shortcuts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QLabel, QSizePolicy

from desktop.services.system.translation import translatable, translate
from desktop.ui.kit.widgets import (
    Card,
    Page,
    add_row,
    label,
    shortcut_name,
)

if TYPE_CHECKING:
    from collections.abc import Callable


_UP_TO = "…"  # between the first and the last of several keys
# What it does, and the keys that do it.
_SHORTCUTS = (
    (translatable("Copy the code, the token or the details"), ("Ctrl+C",)),
    (translatable("Find a profile"), ("Ctrl+K",)),
    (translatable("Switch to a profile by its position"), ("Ctrl+1", _UP_TO, "Ctrl+9")),
    (translatable("Go back or cancel"), ("Esc",)),
    (translatable("Settings"), ("Ctrl+,",)),
    (translatable("Lock now"), ("Ctrl+L",)),
    (translatable("Close the window"), (QKeySequence.StandardKey.Close,)),
    (translatable("Quit"), ("Ctrl+Q",)),
    (translatable("Keyboard shortcuts"), ("F1", "Ctrl+/")),
)


class ShortcutsView(Page):
    """A row for each shortcut, with its keys at the end."""

    def __init__(self, *, go_back: Callable[[], object]) -> None:
        super().__init__(translate("Keyboard shortcuts"), go_back=go_back)
        card = Card()
        for name, keys in _SHORTCUTS:
            shown = [key if key == _UP_TO else shortcut_name(key) for key in keys]
            text = label(translate(name))
            spoken = translate("{name}: {value}", name=text.text(), value=" ".join(shown))
            text.setAccessibleName(spoken)
            row = add_row(card.column, text, *map(_key, shown))
            row.setStretch(0, 1)
        self.column.addWidget(card)
        self.column.addStretch(1)
        self.footer_row.addStretch(1)


def _key(name: str) -> QLabel:
    made = QLabel(name)
    made.setProperty("role", "muted" if name == _UP_TO else "key")
    made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return made

"""The page that lists the keyboard shortcuts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QLabel, QSizePolicy

from desktop.services.system.translation import translatable, translate
from desktop.ui.kit.widgets import (
    Button,
    Card,
    View,
    add_row,
    fit_to_text,
    label,
    shortcut_name,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from desktop.services.model.states import State

# What it does, and the keys that do it.
_SHORTCUTS = (
    (translatable("Copy the code, the token or the details"), ("Ctrl+C",)),
    (translatable("Find a profile"), ("Ctrl+K",)),
    (translatable("Switch to a profile by its position"), ("Ctrl+1", "Ctrl+9")),
    (translatable("Go back or cancel"), ("Esc",)),
    (translatable("Settings"), ("Ctrl+,",)),
    (translatable("Lock now"), ("Ctrl+L",)),
    (translatable("Close the window"), (QKeySequence.StandardKey.Close,)),
    (translatable("Quit"), ("Ctrl+Q",)),
    (translatable("Keyboard shortcuts"), ("F1", "Ctrl+/")),
)


class ShortcutsView(View):
    """A row for each shortcut, with its keys at the end."""

    def __init__(self, *, close: Callable[[], object]) -> None:
        super().__init__()
        card = Card()
        for name, keys in _SHORTCUTS:
            shown = [shortcut_name(key) for key in keys]
            text = label(translate(name))
            spoken = translate("{name}: {value}", name=text.text(), value=" ".join(shown))
            text.setAccessibleName(spoken)
            row = add_row(card.column, text, *map(_key, shown))
            row.setStretch(0, 1)
        self.column.addWidget(label(translate("Keyboard shortcuts"), "title"))
        self.column.addWidget(card)
        self.column.addStretch(1)
        self._back = fit_to_text(Button(translate("Back"), close, "quiet"))
        self.footer_row.addWidget(self._back)
        self.footer_row.addStretch(1)

    def shows(self, _state: State) -> bool:
        return True

    def show_state(self, _state: State, _at: datetime) -> None:
        """Do nothing: the page does not depend on the state."""

    def primary(self) -> Button:
        return self._back


def _key(name: str) -> QLabel:
    made = QLabel(name)
    made.setProperty("role", "key")
    made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return made

"""A password in a form: typed once, kept by the keyring, never shown again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.services.profile_editor import editor_wording
from desktop.ui.kit.inputs import Field, TextInput
from desktop.ui.kit.widgets import Button, add_row, fit_to_text, label

if TYPE_CHECKING:
    from collections.abc import Callable


class PasswordField(QWidget):
    """What is stored is told, and can be replaced or removed; it is never read into here."""

    def __init__(self, name: str, about: str, *, changed: Callable[[], object]) -> None:
        super().__init__()
        self._stored = False
        self._is_removed = False
        self._changed = changed
        self._line = TextInput(secret=True)
        self.field = Field(name, self._line, about)
        self.field.on_change(changed)
        self._stored_row = QWidget()
        self._stored_note = label(editor_wording.STORED, "muted")
        self._replace = fit_to_text(Button("Replace", self._on_replace, "link"))
        self._remove = fit_to_text(Button("Remove", self._on_remove, "link"))
        for button in (self._replace, self._remove):
            button.setAccessibleName(f"{button.text()}: {name}")
        kept = QVBoxLayout(self._stored_row)
        kept.setContentsMargins(0, 0, 0, 0)
        kept.setSpacing(5)
        kept.addWidget(label(name, "heading"))
        add_row(kept, self._stored_note, self._replace, self._remove).setStretch(0, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.field)
        column.addWidget(self._stored_row)
        self._show()

    @property
    def new_value(self) -> str | None:
        """What to store; empty to remove what is stored, `None` to leave everything as it is."""
        return self.typed or ("" if self._is_removed else None)

    @property
    def typed(self) -> str:
        """What was typed, for a check before it is saved."""
        return self._line.text()

    @property
    def is_stored(self) -> bool:
        """Whether the keyring has one that is to stay."""
        return self._stored and not self._is_removed

    def fill(self, password: str) -> None:
        """Be filled from a client model that was pasted."""
        self._is_removed = self._is_removed or self._stored
        self._line.setText(password)
        self._show()

    def show_stored(self, *, stored: bool) -> None:
        """Tell whether the keyring has one; what was typed is forgotten."""
        self._stored = stored
        self._is_removed = False
        self._line.show_value("")
        self._show()

    def require_new(self) -> None:
        """What is stored is for another client or server: another one is needed, or none."""
        self._is_removed = True
        self._show()
        self.field.show_fault(editor_wording.ENTER_SECRET_AGAIN)
        self._line.setFocus()

    def _on_replace(self) -> None:
        self._is_removed = True
        self._show()
        self._line.setFocus()
        self._changed()

    def _on_remove(self) -> None:
        self._is_removed = True
        self._show()
        self.field.set_help(editor_wording.REMOVED_WHEN_SAVED)
        self._line.setFocus()
        self._changed()

    def _show(self) -> None:
        shown = self.is_stored and not self.typed
        self._stored_row.setVisible(shown)
        self.field.setVisible(not shown)

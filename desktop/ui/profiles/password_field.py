"""A secret in a form: typed once, kept in the keyring, never shown again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.services.profile_editor import editor_wording
from desktop.services.system.translation import translate
from desktop.ui.kit.inputs import Field, TextInput, put_after
from desktop.ui.kit.widgets import Button, add_row, fit_to_text, label

if TYPE_CHECKING:
    from collections.abc import Callable


class PasswordField(QWidget):
    """Replaces or removes a stored secret, which is never read."""

    def __init__(self, name: str, about: str, *, changed: Callable[[], object]) -> None:
        super().__init__()
        self._name = name
        self._stored = False
        self._is_removed = False
        self._changed = changed
        self._line = TextInput(secret=True)
        self.field = Field(name, self._line, about)
        self.field.on_change(changed)
        self._stored_row: _StoredRow | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self.field)

    @property
    def new_value(self) -> str | None:
        """The secret to store; empty to remove the stored one, None to change nothing."""
        return self.typed or ("" if self._is_removed else None)

    @property
    def typed(self) -> str:
        """The input, which a check uses before it is saved."""
        return self._line.text()

    @property
    def is_stored(self) -> bool:
        """Whether the keyring has a secret that is to be kept."""
        return self._stored and not self._is_removed

    def rename(self, name: str) -> None:
        """Call the secret `name`, the term of its provider."""
        if name == self._name:
            return
        self._name = name
        self.field.heading.setText(name)
        self._line.setAccessibleName(name)
        if self._stored_row is not None:
            self._stored_row.rename(name)

    def fill(self, password: str) -> None:
        """Enter a secret from pasted JSON."""
        self._is_removed = self._is_removed or self._stored
        self._line.setText(password)
        self._show()

    def show_stored(self, *, stored: bool) -> None:
        """Show whether the keyring has a secret, and forget the input."""
        self._stored = stored
        self._is_removed = False
        self._line.show_value("")
        self._show()

    def require_new(self) -> None:
        """Ask for the secret again: the stored one belongs to another client or server."""
        self._is_removed = True
        self._show()
        self.field.show_fault(translate(editor_wording.ENTER_SECRET_AGAIN))
        self._line.setFocus()

    def _on_replace(self) -> None:
        self._is_removed = True
        self._show()
        self._line.setFocus()
        self._changed()

    def _on_remove(self) -> None:
        self._is_removed = True
        self._show()
        self.field.set_help(translate(editor_wording.REMOVED_WHEN_SAVED))
        self._line.setFocus()
        self._changed()

    def _show(self) -> None:
        shown = self.is_stored and not self.typed
        if shown and self._stored_row is None:
            self._stored_row = _StoredRow(self._name, self._on_replace, self._on_remove)
            self._column.addWidget(self._stored_row)
            put_after(self._line, self._stored_row)
        if self._stored_row is not None:
            self._stored_row.setVisible(shown)
        self.field.setVisible(not shown)


class _StoredRow(QWidget):
    """Says that a secret is stored, and offers to replace or remove it."""

    def __init__(
        self, name: str, replace: Callable[[], object], remove: Callable[[], object]
    ) -> None:
        super().__init__()
        self._heading = label("", "heading")
        note = label(translate(editor_wording.STORED), "muted")
        self._replace = fit_to_text(Button(translate("Replace"), replace, "link"))
        self._remove = fit_to_text(Button(translate("Remove"), remove, "link"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        column.addWidget(self._heading)
        add_row(column, note, self._replace, self._remove).setStretch(0, 1)
        self.rename(name)

    def rename(self, name: str) -> None:
        self._heading.setText(name)
        self._replace.setAccessibleName(translate("Replace: {name}", name=name))
        self._remove.setAccessibleName(translate("Remove: {name}", name=name))

"""The technical details of a failure, folded until someone needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.services.system.translation import translate
from desktop.ui.kit.fact_rows import FactRows
from desktop.ui.kit.widgets import Button, add_row, fit_to_text, scroll_into_view

if TYPE_CHECKING:
    from collections.abc import Callable


class TechnicalDetails(QWidget):
    """A button that opens a card with names and values, and copies a report for support."""

    def __init__(self, facts: tuple[tuple[str, str], ...], *, copy: Callable[[], object]) -> None:
        super().__init__()
        self._copy_report = copy
        self._facts = facts
        self._toggle = fit_to_text(Button("", self._on_toggle, "link"))
        self._toggle.setProperty("subtle", "true")
        self._card = FactRows("", stacked=True, selectable=True)
        self._copy = fit_to_text(Button(translate("Copy details"), self.copy, "link"))
        add_row(self._card.column, self._copy).addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        row = add_row(column, self._toggle)
        row.insertStretch(0, 1)
        row.addStretch(1)
        column.addWidget(self._card)
        self._set_open(is_open=False)

    def copy(self) -> None:
        """Copy the report, opening the details that it contains."""
        self._set_open(is_open=True)
        self._copy_report()
        self._copy.acknowledge(translate("Copied"))

    def close_details(self) -> bool:
        """Fold the details; returns whether they were open."""
        was_open = not self._card.isHidden()
        self._set_open(is_open=False)
        return was_open

    def _on_toggle(self) -> None:
        self._set_open(is_open=self._card.isHidden())

    def _set_open(self, *, is_open: bool) -> None:
        if is_open:  # not before: Orca 43 misses what matters among the names of all rows
            self._card.show_rows(self._facts)
        self._card.setVisible(is_open)
        name = translate("Technical details")
        folded = "◂" if self.layoutDirection() == Qt.LayoutDirection.RightToLeft else "▸"
        self._toggle.setText(f"{'▾' if is_open else folded}  {name}")
        self._toggle.setAccessibleName(name)
        if is_open:
            QTimer.singleShot(0, self._card, lambda: scroll_into_view(self._card))

"""Names and values, in rows."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from desktop.services.system.translation import translate
from desktop.ui.kit.widgets import Card, label

_BETWEEN_COLUMNS = 16


class FactRows(Card):
    """A heading, a note, and rows; each name is beside its value or, if `stacked`, above it.

    Without `framed` it is part of another card. The mouse can select the values that are
    `selectable`.
    """

    def __init__(
        self,
        heading: str,
        *,
        stacked: bool = False,
        framed: bool = True,
        selectable: bool = False,
    ) -> None:
        super().__init__(spacing=8)
        self._stacked = stacked
        self._selectable = selectable
        self._shown: tuple[tuple[str, str], ...] | None = None
        self._note = label("", "muted")
        self._table = QWidget()
        if not framed:
            self.setProperty("card", "false")
            self.column.setContentsMargins(0, 0, 0, 0)
        if heading:
            self.column.addWidget(label(heading, "heading"))
        self.column.addWidget(self._note)
        self.column.addWidget(self._table)
        self._note.hide()

    def show_note(self, text: str) -> None:
        """Show a note above the rows; an empty text hides it."""
        self._note.setText(text)
        self._note.setVisible(bool(text))

    def show_rows(self, rows: tuple[tuple[str, str], ...]) -> None:
        """Show `rows`, if they have changed."""
        if rows == self._shown:
            return
        self._shown = rows
        self._table.deleteLater()
        self._table = QWidget()
        grid = QGridLayout(self._table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(_BETWEEN_COLUMNS)
        grid.setVerticalSpacing(0 if self._stacked else 6)
        grid.setColumnStretch(0 if self._stacked else 1, 1)
        for number, (name, value) in enumerate(rows):
            self._add(grid, number, name=name, value=value)
        self.column.addWidget(self._table)
        self._table.setVisible(bool(rows))

    def _add(self, grid: QGridLayout, number: int, *, name: str, value: str) -> None:
        top = Qt.AlignmentFlag.AlignTop
        named, shown = label(name, "muted"), label(value)
        shown.setAccessibleName(translate("{name}: {value}", name=name, value=value))
        if self._selectable:
            shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        if self._stacked:
            shown.setContentsMargins(0, 0, 0, 8)
            grid.addWidget(named, 2 * number, 0, top)
            grid.addWidget(shown, 2 * number + 1, 0, top)
        else:
            named.setWordWrap(False)
            grid.addWidget(named, number, 0, top)
            grid.addWidget(shown, number, 1, top)

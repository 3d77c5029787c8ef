"""Names and values, in rows."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from desktop.services.system.translation import translate
from desktop.ui.kit.widgets import Card, Label, add_heading, label, scroll_into_view
from desktop.ui.kit.word_breaks import unbroken

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
        super().__init__(spacing=8, plain=not framed)
        self._stacked = stacked
        self._selectable = selectable
        self._shown: tuple[tuple[str, str], ...] | None = None
        self._values: list[_Value] = []
        self._note = label("", "muted")
        self._table = QWidget()
        if heading:
            add_heading(self, heading)
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
        self._table.hide()  # until then, it would take the space between two
        self._table.deleteLater()
        self._table = QWidget()
        self._values = []
        grid = QGridLayout(self._table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(_BETWEEN_COLUMNS)
        grid.setVerticalSpacing(0 if self._stacked else 6)
        grid.setColumnStretch(0 if self._stacked else 1, 1)
        for number, (name, value) in enumerate(rows):
            self._add(grid, number, name=name, value=value)
        self.column.addWidget(self._table)
        self._table.setVisible(bool(rows))
        if self._values:
            self._put_in_tab_order(self._values[0])

    def _put_in_tab_order(self, value: QWidget) -> None:
        """Let Tab reach `value` where these rows are; it was made later than what is below."""
        before = self.previousInFocusChain()
        while (
            before is not None
            and before is not self
            and (before.focusPolicy() == Qt.FocusPolicy.NoFocus or self.isAncestorOf(before))
        ):
            before = before.previousInFocusChain()
        if before is not None and before is not self:
            self.setTabOrder(before, value)

    def _add(self, grid: QGridLayout, number: int, *, name: str, value: str) -> None:
        top = Qt.AlignmentFlag.AlignTop
        named = label(name, "muted")
        shown = _Value(translate("{name}: {value}", name=name, value=value), self._values)
        shown.is_copied = self._selectable
        shown.setText(value)
        if self._selectable:
            shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        if self._stacked:
            named.setContentsMargins(0, 8 if number else 0, 0, 0)
            grid.addWidget(named, 2 * number, 0, top)
            grid.addWidget(shown, 2 * number + 1, 0, top)
        else:
            named.setWordWrap(False)
            grid.addWidget(named, number, 0, top)
            grid.addWidget(shown, number, 1, top)


class _Value(Label):
    """A value that is read with the keyboard: Tab gets to the first, arrow keys to the others."""

    def __init__(self, name: str, values: list["_Value"]) -> None:
        super().__init__()
        self._values = values
        self._place = len(values)
        values.append(self)
        self.setProperty("textFormat", "PlainText")
        self.setProperty("fact", "true")
        self.setWordWrap(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus if self._place else Qt.FocusPolicy.TabFocus)
        self._name = unbroken(name)
        self.setAccessibleName(self._name)

    def setText(self, text: str) -> None:
        """Show `text`; the name has it, too."""
        super().setText(text)
        self.setAccessibleName(self._name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go to the value above or below."""
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        place = self._place + steps.get(Qt.Key(event.key()), 0)
        if place != self._place and 0 <= place < len(self._values):
            self._values[place].setFocus(Qt.FocusReason.TabFocusReason)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        scroll_into_view(self)

"""Locked: whose window it is, and the button that unlocks. Nothing else is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.services.model.states import Locked, State
from desktop.services.system.translation import translate
from desktop.ui.kit.padlock import Padlock
from desktop.ui.kit.widgets import Button, Card, View, add_row, label
from desktop.ui.wording import window_texts

if TYPE_CHECKING:
    from datetime import datetime

    from desktop.ui.kit.theme import Theme
    from desktop.ui.views.actions import Actions


class LockedView(View):
    """A padlock, a line that says what is locked, and one button."""

    def __init__(self, actions: Actions, theme: Theme) -> None:
        super().__init__()
        card = Card(plain=True)
        row = add_row(card.column, Padlock(theme))
        row.insertStretch(0, 1)
        row.addStretch(1)
        self._text = label("", "subtitle", centered=True)
        self._problem = label("", "muted", centered=True)
        self._unlock = Button(translate("Unlock"), actions.locking.unlock, "primary")
        title = label(translate(window_texts.LOCKED), "title", centered=True)
        for widget in (title, self._text, self._unlock, self._problem):
            card.column.addWidget(widget)
        self.column.addStretch(1)
        self.column.addWidget(card)
        self.column.addStretch(1)

    def shows(self, state: State) -> bool:
        return isinstance(state, Locked)

    def show_state(self, state: Locked, _at: datetime) -> None:
        self._text.setText(translate(window_texts.locked_text(state)))
        problem = window_texts.unlock_problem(state)
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))

    def primary(self) -> Button:
        """Unlocking."""
        return self._unlock

"""What the server says when it is asked: who one is, and what one has granted."""

from collections.abc import Callable

from desktop.services.model.states import Revocation
from desktop.ui.kit.fact_rows import FactRows
from desktop.ui.kit.warning_card import WarningCard
from desktop.ui.kit.widgets import Button, Card, add_row, label, quiet
from desktop.ui.pages.server_query import Said
from desktop.ui.views.actions import Actions
from desktop.ui.views.sign_out_button import LeaveButton, Words
from desktop.ui.wording import page_texts


class AskedCard(Card):
    """A heading, a button that asks, and the answer once there is one."""

    def __init__(self, heading: str, ask: Callable[[], None]) -> None:
        super().__init__(spacing=8)
        self._send = ask
        self._asking = False
        self._rows = FactRows("", stacked=True, framed=False)
        self._trouble = WarningCard()
        self._ask = quiet(Button("Ask the server", self._press, "link"))
        self._ask.setAccessibleDescription(heading)
        add_row(self.column, label(heading, "heading"), self._ask).setStretch(0, 1)
        self.column.addWidget(self._rows)
        self.column.addWidget(self._trouble)
        self._rows.hide()

    def show_answer(self, answer: Said) -> None:
        """Show what the server said."""
        self._asking = False
        self._ask.release()
        self._rows.show_rows(answer.rows)
        self._rows.setVisible(bool(answer.rows))
        self._trouble.show_text(answer.trouble, answer.facts)

    def _press(self) -> None:
        if not self._asking:
            self._asking = True
            self._ask.hold("Asking…")
            self._send()


class GrantCard(AskedCard):
    """What has been granted to this app, and the button that takes it back; it asks before.

    It is only there where the server keeps such grants.
    """

    def __init__(self, actions: Actions, ask: Callable[[], None]) -> None:
        super().__init__(page_texts.GRANTED, ask)
        self._actions = actions
        self._revoke = LeaveButton(actions, _WORDS)
        self.column.insertWidget(1, label(page_texts.ABOUT_GRANT, "muted"))
        add_row(self.column, self._revoke).insertStretch(0, 1)

    def show_offer(self, *, leaving: bool) -> None:
        """Be there where a grant can be revoked; nothing more to press once one is `leaving`."""
        self.setVisible(self._actions.revocation_offered() is Revocation.GRANT_REVOKED)
        self._revoke.show_offer(leaving=leaving)

    def give_up(self) -> bool:
        """Take the question back; whether there was one."""
        return self._revoke.give_up()


_WORDS = Words("Revoke", page_texts.ASK_ABOUT_GRANT, page_texts.SPOKEN_ASK_ABOUT_GRANT)

"""What the server says when it is asked: who one is, and what one has granted."""

from collections.abc import Callable

from desktop.services.model.states import Revocation
from desktop.ui.kit.fact_rows import FactRows
from desktop.ui.kit.warning_card import WarningCard
from desktop.ui.kit.widgets import Button, Card, add_row, fit_to_text, label
from desktop.ui.pages.server_query import ServerAnswer
from desktop.ui.views.actions import Actions
from desktop.ui.views.sign_out_button import ButtonLabels, SignOutButton
from desktop.ui.wording import page_texts


class ServerAnswerCard(Card):
    """A heading, a button that asks, and the answer once there is one."""

    def __init__(self, heading: str, ask: Callable[[], None]) -> None:
        super().__init__(spacing=8)
        self._query = ask
        self._is_waiting = False
        self._rows = FactRows("", stacked=True, framed=False)
        self._trouble = WarningCard()
        self._query_button = fit_to_text(Button("Ask the server", self._press, "link"))
        self._query_button.setAccessibleDescription(heading)
        add_row(self.column, label(heading, "heading"), self._query_button).setStretch(0, 1)
        self.column.addWidget(self._rows)
        self.column.addWidget(self._trouble)
        self._rows.hide()

    def show_answer(self, answer: ServerAnswer) -> None:
        """Show what the server said."""
        self._is_waiting = False
        self._query_button.restore_text()
        self._rows.show_rows(answer.rows)
        self._rows.setVisible(bool(answer.rows))
        self._trouble.show_text(answer.trouble, answer.facts)

    def _press(self) -> None:
        if not self._is_waiting:
            self._is_waiting = True
            self._query_button.replace_text("Asking…")
            self._query()


class GrantCard(ServerAnswerCard):
    """What has been granted to this app, and the button that takes it back; it asks before.

    It is only there where the server keeps such grants.
    """

    def __init__(self, actions: Actions, ask: Callable[[], None]) -> None:
        super().__init__(page_texts.GRANTED, ask)
        self._actions = actions
        self._revoke = SignOutButton(actions, _REVOKE_LABELS)
        self.column.insertWidget(1, label(page_texts.ABOUT_GRANT, "muted"))
        add_row(self.column, self._revoke).insertStretch(0, 1)

    def refresh(self, *, leaving: bool) -> None:
        """Be there where a grant can be revoked; nothing more to press once one is `leaving`."""
        self.setVisible(self._actions.revocation_offered() is Revocation.GRANT_REVOKED)
        self._revoke.refresh(leaving=leaving)

    def cancel_question(self) -> bool:
        """Take the question back; whether there was one."""
        return self._revoke.cancel_question()


_REVOKE_LABELS = ButtonLabels("Revoke", page_texts.CONFIRM_REVOKE, page_texts.SPOKEN_CONFIRM_REVOKE)

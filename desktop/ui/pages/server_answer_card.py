"""The cards that load something from the server: the account, and what the app is granted."""

from collections.abc import Callable

from desktop.services.model.states import Revocation
from desktop.services.system.translation import translatable, translate
from desktop.ui.kit.fact_rows import FactRows
from desktop.ui.kit.warning_card import WarningCard
from desktop.ui.kit.widgets import Button, Card, add_row, fit_to_text, label
from desktop.ui.pages.server_query import ServerAnswer
from desktop.ui.views.actions import Actions
from desktop.ui.views.sign_out_button import ButtonLabels, SignOutButton
from desktop.ui.wording import page_texts

_REVOKE_LABELS = ButtonLabels(
    translatable("Revoke"), page_texts.CONFIRM_REVOKE, page_texts.SPOKEN_CONFIRM_REVOKE
)


class ServerAnswerCard(Card):
    """A heading, a button that calls `query`, and the answer once there is one."""

    def __init__(self, heading: str, query: Callable[[], None]) -> None:
        super().__init__(spacing=8)
        self._query = query
        self._is_waiting = False
        self._rows = FactRows("", stacked=True, framed=False)
        self._trouble = WarningCard()
        self._query_button = fit_to_text(Button(translate("Load"), self._press, "link"))
        self._query_button.setAccessibleDescription(heading)
        title = label(heading, "heading", reads_as="Heading")
        add_row(self.column, title, self._query_button).setStretch(0, 1)
        self.column.addWidget(self._rows)
        self.column.addWidget(self._trouble)
        self._rows.hide()

    def show_answer(self, answer: ServerAnswer) -> None:
        self._is_waiting = False
        self._query_button.restore_text()
        self._rows.show_rows(answer.rows)
        self._rows.setVisible(bool(answer.rows))
        self._trouble.show_text(answer.trouble, answer.facts)

    def _press(self) -> None:
        if not self._is_waiting:
            self._is_waiting = True
            self._query_button.replace_text(translate("Loading…"))
            self._query()


class GrantCard(ServerAnswerCard):
    """What this app has been granted, with a button that revokes it after a confirmation.

    Visible only for servers that keep such grants.
    """

    def __init__(self, actions: Actions, query: Callable[[], None]) -> None:
        super().__init__(translate(page_texts.GRANTED), query)
        self._actions = actions
        self._revoke = SignOutButton(actions, _REVOKE_LABELS)
        self.column.insertWidget(1, label(translate(page_texts.ABOUT_GRANT), "muted"))
        add_row(self.column, self._revoke).insertStretch(0, 1)

    def refresh(self, *, signing_out: bool) -> None:
        """Show the card if grants can be revoked; disable the button while signing out."""
        self.setVisible(self._actions.revocation_offered() is Revocation.GRANT_REVOKED)
        self._revoke.refresh(signing_out=signing_out)

    def cancel_question(self) -> bool:
        return self._revoke.cancel_question()

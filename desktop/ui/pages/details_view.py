"""The details page: all that is known of the token, and the token itself to who asks for it."""

from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from desktop.services.model.states import SignedIn, State
from desktop.services.token.details import ScopeStatus, TokenDetails
from desktop.ui.kit.fact_rows import FactRows
from desktop.ui.kit.widgets import Button, Card, View, fit_to_text, label
from desktop.ui.pages.revealed_token import TokenReveal
from desktop.ui.pages.server_answer_card import GrantCard, ServerAnswerCard
from desktop.ui.pages.server_query import ServerAnswer
from desktop.ui.views.actions import Actions, PageActions
from desktop.ui.wording import page_texts


class DetailsView(View):
    """Cards of names and values, drawn anew when the token is another one."""

    def __init__(self, actions: Actions, pages: PageActions) -> None:
        super().__init__()
        self._actions = actions
        self._pages = pages
        self._state: SignedIn | None = None
        self._times = FactRows("Times")
        self._scopes = _ScopesCard()
        self._parties = FactRows("Client and server", stacked=True)
        self._claims = FactRows("Claims", stacked=True)
        self._recipients = FactRows(page_texts.RECIPIENTS)
        self.reveal = TokenReveal(actions, pages)
        self._userinfo = ServerAnswerCard("Who am I", pages.query_userinfo)
        self._grant = GrantCard(actions, pages.query_app_grant)
        self.column.addWidget(label("Details", "title"))
        for card in (
            self._times,
            self._scopes,
            self._userinfo,
            self._grant,
            self._recipients,
            self._parties,
            self._claims,
            self.reveal,
        ):
            self.column.addWidget(card)
        self.column.addStretch(1)
        self._back = fit_to_text(Button("Back", pages.close_page, "quiet"))
        self._copy = fit_to_text(Button("Copy details", self.copy, "quiet"))
        self.footer_row.addWidget(self._back)
        self.footer_row.addStretch(1)
        self.footer_row.addWidget(self._copy)
        self.show_recipients()

    def shows(self, state: State) -> bool:
        """Only what is known of a token."""
        return isinstance(state, SignedIn)

    def show_state(self, state: SignedIn, _at: datetime) -> None:
        """Show what is known; nothing happens while the state is the same."""
        if state is self._state:
            return
        before, self._state = self._state, state
        if before is not None and before.issued_at != state.issued_at:
            self.reveal.hide_token()  # it is no longer the one that is shown
        self._grant.refresh(leaving=state.signing_out)
        details = self._pages.details(state)
        if details is not None:
            self._show_details(details)

    def show_userinfo(self, answer: ServerAnswer) -> None:
        """Show what the server said."""
        self._userinfo.show_answer(answer)

    def show_app_grant(self, answer: ServerAnswer) -> None:
        """Show what the server said of the grant."""
        self._grant.show_answer(answer)

    def step_back(self) -> bool:
        """Take a question back; whether there was one."""
        return self._grant.cancel_question()

    def show_recipients(self) -> None:
        """Show which programs got the token of late."""
        recipients = self._pages.recipients()
        self._recipients.show_note(page_texts.about_recipients(recipients))
        self._recipients.show_rows(page_texts.recipient_rows(recipients))

    def primary(self) -> Button:
        """Going back: nothing here is to be pressed by chance."""
        return self._back

    def copy(self) -> None:
        """Copy the details, without secrets."""
        self._actions.copy_details()
        self._copy.acknowledge("Copied")

    def _show_details(self, details: TokenDetails) -> None:
        self._times.show_rows(page_texts.times(details))
        self._scopes.show_scopes(details.scopes)
        self._parties.show_rows(page_texts.parties(details))
        self._claims.show_note(page_texts.about_claims(details))
        self._claims.show_rows(
            tuple((claim.name, page_texts.claim_value(claim)) for claim in details.claims)
        )


class _ScopesCard(Card):
    """What was asked for beside what was granted; a difference has a sign and a word of its own."""

    def __init__(self) -> None:
        super().__init__(spacing=8)
        self._shown: tuple[ScopeStatus, ...] | None = None
        self._table = QWidget()
        self.column.addWidget(label("Scopes", "heading"))
        self.column.addWidget(self._table)

    def show_scopes(self, scopes: tuple[ScopeStatus, ...]) -> None:
        """A row for each."""
        if scopes == self._shown:
            return
        self._shown = scopes
        self._table.deleteLater()
        self._table = QWidget()
        grid = QGridLayout(self._table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        for column, heading in enumerate(("Asked for", "Granted")):
            grid.addWidget(label(heading, "muted"), 0, column)
            grid.setColumnStretch(column, 1)
        for number, scope in enumerate(scopes, 1):
            role = "" if scope.requested is not False and scope.granted else "difference"
            for column, text in enumerate(page_texts.scope_cells(scope)):
                cell = label(text, role)
                cell.setAccessibleName(page_texts.spoken_scope(scope))
                grid.addWidget(cell, number, column, Qt.AlignmentFlag.AlignTop)
        self.column.addWidget(self._table)

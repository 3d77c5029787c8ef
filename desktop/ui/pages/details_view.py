"""The details page: everything known about the token, and the token itself on request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from desktop.services.model.states import SignedIn, State
from desktop.services.system.translation import translate
from desktop.ui.kit.fact_rows import FactRows
from desktop.ui.kit.widgets import Button, Card, Page, add_heading, fit_to_text, label
from desktop.ui.pages.revealed_token import TokenReveal
from desktop.ui.pages.server_answer_card import GrantCard, ServerAnswerCard
from desktop.ui.wording import page_texts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from desktop.services.token.details import ScopeStatus, TokenDetails
    from desktop.ui.pages.details_controller import DetailsController
    from desktop.ui.pages.server_query import ServerAnswer
    from desktop.ui.views.actions import Actions


_MOST_SCOPES = 100  # each takes half a millisecond; what is copied has all scopes


class DetailsView(Page):
    """Cards of names and values, updated when the token changes."""

    def __init__(self, actions: Actions, controller: DetailsController) -> None:
        super().__init__(translate("Details"), go_back=controller.close_page)
        self._actions = actions
        self._controller = controller
        self._state: SignedIn | None = None
        self._times = FactRows(translate("Times"))
        self._exchanged = FactRows(translate(page_texts.EXCHANGED))
        self._scopes = _ScopesCard()
        self._parties = FactRows(translate("Client and server"), stacked=True)
        self._claims = FactRows(translate("Claims"), stacked=True)
        self._recipients = FactRows(translate(page_texts.RECIPIENTS))
        self.reveal = TokenReveal(actions, controller)
        self._userinfo = ServerAnswerCard(translate("Account"), controller.query_userinfo)
        self._grant = GrantCard(actions, controller.query_app_grant)
        for card in (
            self._times,
            self._exchanged,
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
        self._copy = fit_to_text(Button(translate("Copy details"), self.copy, "quiet"))
        self.footer_row.addStretch(1)
        self.footer_row.addWidget(self._copy)
        self.show_recipients()

    def shows(self, state: State) -> bool:
        return isinstance(state, SignedIn)

    def show_state(self, state: SignedIn, _at: datetime) -> None:
        """Show the details of the token; do nothing while the state is the same."""
        if state is self._state:
            return
        before, self._state = self._state, state
        if before is not None and before.issued_at != state.issued_at:
            self.reveal.hide_token()  # the revealed token is not the current one
        self._grant.refresh(signing_out=state.signing_out)
        details = self._controller.token_details(state)
        if details is not None:
            self._show_details(details)

    def show_userinfo(self, answer: ServerAnswer) -> None:
        self._userinfo.show_answer(answer)

    def show_app_grant(self, answer: ServerAnswer) -> None:
        self._grant.show_answer(answer)

    def step_back(self) -> bool:
        return self._grant.cancel_question()

    def show_recipients(self) -> None:
        recipients = self._controller.recipients()
        self._recipients.show_note(page_texts.about_recipients(recipients))
        self._recipients.show_rows(page_texts.recipient_rows(recipients))

    def copy(self) -> None:
        self._actions.copy_details()
        self._copy.acknowledge(translate("Copied"))

    def _show_details(self, details: TokenDetails) -> None:
        self._times.show_rows(page_texts.times(details))
        self._exchanged.show_rows(page_texts.exchanged_rows(details))
        self._exchanged.setVisible(bool(details.exchanged))
        self._scopes.show_scopes(details.scopes)
        self._parties.show_rows(page_texts.parties(details))
        self._claims.show_note(page_texts.about_claims(details))
        self._claims.show_rows(
            tuple((claim.name, page_texts.claim_value(claim)) for claim in details.claims)
        )


class _ScopesCard(Card):
    """Requested and granted scopes side by side; differences are marked with a sign and words.

    Of very many scopes the first are shown, and differences before the others.
    """

    def __init__(self) -> None:
        super().__init__(spacing=8)
        self._shown: tuple[ScopeStatus, ...] | None = None
        self._table = QWidget()
        add_heading(self, translate("Scopes"))
        self.column.addWidget(self._table)

    def show_scopes(self, scopes: tuple[ScopeStatus, ...]) -> None:
        if scopes == self._shown:
            return
        self._shown = scopes
        self._table.deleteLater()
        self._table = QWidget()
        grid = QGridLayout(self._table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        for column, heading in enumerate((translate("Requested"), translate("Granted"))):
            grid.addWidget(label(heading, "muted"), 0, column)
            grid.setColumnStretch(column, 1)
        for number, scope in enumerate(_most_important(scopes), 1):
            role = "difference" if _differs(scope) else ""
            for column, text in enumerate(page_texts.scope_cells(scope)):
                cell = label(text, role)
                cell.setAccessibleName(page_texts.spoken_scope(scope))
                grid.addWidget(cell, number, column, Qt.AlignmentFlag.AlignTop)
        if len(scopes) > _MOST_SCOPES:
            more = label(page_texts.more_scopes(len(scopes) - _MOST_SCOPES), "muted")
            grid.addWidget(more, _MOST_SCOPES + 1, 0, 1, 2)
        self.column.addWidget(self._table)


def _differs(scope: ScopeStatus) -> bool:
    return scope.requested is False or not scope.granted


def _most_important(scopes: tuple[ScopeStatus, ...]) -> Sequence[ScopeStatus]:
    if len(scopes) <= _MOST_SCOPES:
        return scopes
    return sorted(scopes, key=lambda scope: not _differs(scope))[:_MOST_SCOPES]

"""Signed in: the token one click away, what there is to be warned of, and what it allows."""

from datetime import datetime

from desktop.services.profiles import Profile
from desktop.services.scopes import load_guide
from desktop.services.states import SignedIn, State
from desktop.ui import texts
from desktop.ui.actions import Actions
from desktop.ui.copying import CopyProgress
from desktop.ui.leaving_texts import sign_out_tip
from desktop.ui.scopes_card import ScopesCard
from desktop.ui.theme import Theme
from desktop.ui.token_card import TokenCard
from desktop.ui.warning_card import WarningCard
from desktop.ui.widgets import Button, View, has_ring, label, quiet, set_tip


class SignedInView(View):
    """The token, warnings where there are any, the scopes, and the account in the footer."""

    def __init__(self, actions: Actions, theme: Theme, *, profile: Profile | None) -> None:
        super().__init__()
        self._actions = actions
        self._token = TokenCard(actions, theme)
        self._not_renewed = WarningCard()
        self._clock = WarningCard()
        self._save = Button("Try to save it again", actions.save_again, "link")
        self._not_saved = WarningCard(self._save)
        self._scopes = ScopesCard(load_guide(profile.scope_guide if profile else ""))
        self._account = label("", "muted")
        self._details = quiet(Button("Details", actions.open_details, "quiet"))
        self._leave = quiet(Button("Sign out", actions.sign_out, "quiet"))
        for panel in (
            self._token,
            self._not_renewed,
            self._clock,
            self._not_saved,
            self._scopes,
        ):
            self.column.addWidget(panel)
        self.column.addStretch(1)
        self.footer_row.addWidget(self._account, 1)
        self.footer_row.addWidget(self._details)
        self.footer_row.addWidget(self._leave)

    def shows(self, state: State) -> bool:
        """Only this state."""
        return isinstance(state, SignedIn)

    def show_state(self, state: SignedIn, at: datetime) -> None:
        """Show `state` as it is at `at`."""
        self._token.show_state(state, at)
        self._not_renewed.show_text(texts.not_renewed(state, at), texts.facts(state.trouble))
        self._clock.show_text(texts.clock_warning(state))
        self._scopes.show_state(state)
        saving, ringed = self._save.hasFocus(), has_ring(self._save)
        self._not_saved.show_text(texts.not_saved(state.not_saved) if state.not_saved else "")
        if saving and state.not_saved is None:
            # Otherwise Qt would put the keyboard on the next button: that is Sign out.
            self.primary().take_focus(ringed=ringed)
        self._account.setText(texts.account(state))
        set_tip(self._account, texts.account(state))
        self._leave.setEnabled(not state.leaving)
        set_tip(self._leave, sign_out_tip(self._actions.revocation_offered()))

    def primary(self) -> Button:
        """Copying the token, or signing in again once nothing else helps."""
        return self._token.primary()

    def copy(self) -> None:
        """Copy the token."""
        self._token.copy()

    def show_copy(self, progress: CopyProgress) -> None:
        """Show what comes of a wish to copy."""
        self._token.show_copy(progress)

    def step_back(self) -> bool:
        """Give up a copy that waits for its token; whether there was one."""
        return self._token.give_up_copying()

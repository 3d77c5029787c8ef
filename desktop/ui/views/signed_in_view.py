"""Signed in: the token one click away, warnings, and what the token allows."""

from datetime import datetime

from desktop.services.model.profile import Profile
from desktop.services.model.scopes import load_scope_guide
from desktop.services.model.states import SignedIn, State
from desktop.services.system.translation import translate
from desktop.ui.kit.copy_progress import CopyProgress
from desktop.ui.kit.theme import Theme
from desktop.ui.kit.warning_card import WarningCard
from desktop.ui.kit.widgets import Button, View, fit_to_text, has_focus_ring, say
from desktop.ui.views.account_row import AccountRow
from desktop.ui.views.actions import Actions
from desktop.ui.views.scopes_card import ScopesCard
from desktop.ui.views.sign_out_button import SignOutButton
from desktop.ui.views.token_card import TokenCard
from desktop.ui.wording import window_texts


class SignedInView(View):
    """Who is signed in, the token, warnings if there are any, and the scopes."""

    def __init__(self, actions: Actions, theme: Theme, *, profile: Profile | None) -> None:
        super().__init__()
        self._actions = actions
        self._account = AccountRow(theme)
        self._token = TokenCard(actions, theme, profile)
        self._sign_in_again = Button(translate("Sign in again"), actions.sign_in, "link")
        self._not_renewed = WarningCard(self._sign_in_again)
        self._clock = WarningCard()
        self._save_button = Button(translate("Save again"), self._save_again, "link")
        # Why the token is not saved, and why it was not when saving was retried.
        self._save_error: Exception | None = None
        self._retried_error: Exception | None = None
        self._not_saved = WarningCard(self._save_button)
        self._scopes = ScopesCard(load_scope_guide(profile.scope_guide if profile else ""))
        self._details = fit_to_text(Button(translate("Details"), self._open_details, "link"))
        self._sign_out = SignOutButton(actions)
        # The question leaves no room for anything else.
        self._sign_out.asking.connect(self._make_room)
        self.column.addStretch(1)
        for panel in (
            self._account,
            self._token,
            self._not_renewed,
            self._clock,
            self._not_saved,
            self._scopes,
        ):
            self.column.addWidget(panel)
        self.column.addStretch(1)
        self.footer_row.addWidget(self._details)
        self.footer_row.addStretch()
        self.footer_row.addWidget(self._sign_out)

    def shows(self, state: State) -> bool:
        return isinstance(state, SignedIn)

    def show_state(self, state: SignedIn, at: datetime) -> None:
        self._token.show_state(state, at)
        self._offer_sign_in(state, at)  # before the card may go, and the focus with it
        self._not_renewed.show_text(
            window_texts.not_renewed(state, at), window_texts.facts(state.trouble)
        )
        self._clock.show_text(window_texts.clock_warning(state))
        self._scopes.show_state(state)
        self._show_not_saved(state)
        self._account.show_state(state)
        self._sign_out.refresh(signing_out=state.signing_out)

    def primary(self) -> Button:
        """Copying the token, or signing in again once nothing else helps."""
        return self._token.primary()

    def copy(self) -> None:
        self._token.copy()

    def show_copy(self, progress: CopyProgress) -> None:
        self._token.show_copy(progress)

    def step_back(self) -> bool:
        return (
            self._sign_out.cancel_question()
            or self._token.cancel_copy()
            or self._scopes.close_list()
        )

    def _offer_sign_in(self, state: SignedIn, at: datetime) -> None:
        # Once the token has expired, the primary button does it.
        offered = state.is_renewal_refused and not state.is_over(at) and not state.signing_out
        if not offered and self._sign_in_again.hasFocus():
            self.primary().take_focus(ringed=has_focus_ring(self._sign_in_again))
        self._sign_in_again.setVisible(offered)

    def _show_not_saved(self, state: SignedIn) -> None:
        error = self._save_error = state.save_error
        can_save = error is not None and not state.signing_out
        if not can_save and self._save_button.hasFocus():
            # Otherwise Qt would focus the next button, which is Sign out.
            self.primary().take_focus(ringed=has_focus_ring(self._save_button))
        self._save_button.setEnabled(can_save)
        self._not_saved.show_text(window_texts.not_saved(error) if error else "")
        if self._retried_error is not None and error is not self._retried_error:
            self._retried_error = None
            if error is not None:
                still_not_saved = window_texts.still_not_saved(error)
                self._save_button.acknowledge(still_not_saved)
                say(self, still_not_saved)

    def _save_again(self) -> None:
        self._retried_error = self._save_error
        self._actions.save_again()

    def _open_details(self) -> None:
        if not has_focus_ring(self._details):
            # After the page the focus returns to where it was. Mouse users cannot see it, so the
            # next key must not reach Sign out.
            self.primary().take_focus(ringed=False)
        self._actions.open_details()

    def _make_room(self, asking: bool) -> None:  # noqa: FBT001 - as Qt emits it
        self._details.setVisible(not asking)
        self.footer.arrange()

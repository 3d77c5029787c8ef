"""Signed out: the profile, and the button that signs in."""

from datetime import datetime

from desktop.services.model.profile import Profile
from desktop.services.model.states import Revocation, SignedOut, State
from desktop.services.system.translation import translate
from desktop.services.wording.sign_out_texts import signed_out_message
from desktop.ui.kit.fitted_label import FittedLabel
from desktop.ui.kit.warning_card import WarningCard
from desktop.ui.kit.widgets import (
    Button,
    Card,
    View,
    fit_to_text,
    has_focus_ring,
    label,
    set_style_property,
)
from desktop.ui.views.actions import Actions
from desktop.ui.wording import window_texts


class SignedOutView(View):
    """One card with the profile and one primary action."""

    def __init__(self, actions: Actions, profile: Profile | None) -> None:
        super().__init__()
        card = Card(plain=True)
        self._note = label("", "subtitle", centered=True)
        self._actions = actions
        self._is_revoking = False
        self._revoke_button = Button(translate("Revoke again"), self._revoke_again, "link")
        self._not_revoked = WarningCard(self._revoke_button)
        title, place = FittedLabel("title", centered=True), FittedLabel("subtitle", centered=True)
        title.setText(
            translate("Sign in to {profile}", profile=profile.name)
            if profile
            else translate("Sign in")
        )
        place.setText(profile.provider_label if profile else "")
        self._sign_in = Button(translate("Sign in"), actions.sign_in, "primary")
        client = label(window_texts.client(profile) if profile else "", "muted", centered=True)
        for widget in (title, place, client, self._note, self._sign_in):
            card.column.addWidget(widget)
        self.column.addStretch(1)
        self.column.addWidget(card)
        self.column.addWidget(self._not_revoked)
        self.column.addStretch(1)
        self.footer_row.addStretch(1)
        profiles = Button(translate("Profiles"), actions.manage_profiles, "quiet")
        self.footer_row.addWidget(fit_to_text(profiles))

    def shows(self, state: State) -> bool:
        return isinstance(state, SignedOut)

    def show_state(self, state: SignedOut, _at: datetime) -> None:
        self._sign_in.replace_text(window_texts.sign_in(state, self._sign_in.fits_narrowest))
        done = signed_out_message(state)
        is_settled = state.revocation not in {Revocation.FAILED, Revocation.UNDER_WAY}
        self._note.setText(done if is_settled else "")
        self._note.setVisible(bool(done) and is_settled)
        trying, ringed = self._revoke_button.hasFocus(), has_focus_ring(self._revoke_button)
        self._not_revoked.show_text(
            "" if is_settled else done, window_texts.facts(state.revocation_error)
        )
        if trying and is_settled:
            self._sign_in.take_focus(ringed=ringed)
        self._is_revoking = state.revocation is Revocation.UNDER_WAY
        # Disabling the button would move the focus elsewhere.
        set_style_property(self._revoke_button, "busy", "true" if self._is_revoking else "false")
        if self._is_revoking:
            self._revoke_button.replace_text(translate("Revoking…"))
        else:
            self._revoke_button.restore_text()

    def primary(self) -> Button:
        """Signing in."""
        return self._sign_in

    def _revoke_again(self) -> None:
        if not self._is_revoking:
            self._actions.revoke_again()

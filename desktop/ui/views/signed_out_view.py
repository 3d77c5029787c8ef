"""Signed out: who you will sign in as, and the button that does it."""

from datetime import datetime

from desktop.services.model.profile import Profile
from desktop.services.model.states import Revocation, SignedOut, State
from desktop.services.wording.sign_out_texts import signed_out
from desktop.ui.kit.fitted_label import FittedLabel
from desktop.ui.kit.warning_card import WarningCard
from desktop.ui.kit.widgets import Button, Card, View, has_ring, label, quiet
from desktop.ui.views.actions import Actions
from desktop.ui.wording import window_texts


class SignedOutView(View):
    """One card with the profile and one primary action."""

    def __init__(self, actions: Actions, profile: Profile | None) -> None:
        super().__init__()
        card = Card()
        self._note = label("", "subtitle", centred=True)
        self._actions = actions
        self._under_way = False
        self._again = Button("Tell the server again", self._tell_again, "link")
        self._not_told = WarningCard(self._again)
        title, place = FittedLabel("title", centred=True), FittedLabel("subtitle", centred=True)
        title.setText(f"Sign in to {profile.name}" if profile else "Sign in")
        place.setText(profile.place if profile else "")
        self._sign_in = Button("Sign in", actions.sign_in, "primary")
        client = label(window_texts.client(profile) if profile else "", "muted", centred=True)
        for widget in (title, place, client, self._note, self._sign_in):
            card.column.addWidget(widget)
        self.column.addWidget(card)
        self.column.addWidget(self._not_told)
        self.column.addStretch(1)
        self.footer_row.addStretch(1)
        self.footer_row.addWidget(quiet(Button("Profiles", actions.manage_profiles, "quiet")))

    def shows(self, state: State) -> bool:
        """Only this state."""
        return isinstance(state, SignedOut)

    def show_state(self, state: SignedOut, _at: datetime) -> None:
        """Show what has just been done, and what could not be."""
        done = signed_out(state)
        told = state.revocation not in {Revocation.FAILED, Revocation.UNDER_WAY}
        self._note.setText(done if told else "")
        self._note.setVisible(bool(done) and told)
        trying, ringed = self._again.hasFocus(), has_ring(self._again)
        self._not_told.show_text("" if told else done, window_texts.facts(state.not_revoked))
        if trying and told:
            self._sign_in.take_focus(ringed=ringed)
        self._under_way = state.revocation is Revocation.UNDER_WAY
        # Not disabled meanwhile: the keyboard would go elsewhere.
        if self._under_way:
            self._again.hold("Telling the server…")
        else:
            self._again.release()

    def primary(self) -> Button:
        """Signing in."""
        return self._sign_in

    def _tell_again(self) -> None:
        if not self._under_way:
            self._actions.revoke_again()

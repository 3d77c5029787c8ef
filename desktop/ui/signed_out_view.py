"""Signed out: who you will sign in as, and the button that does it."""

from datetime import datetime

from desktop.services.profiles import Profile
from desktop.services.states import SignedOut, State
from desktop.ui import texts
from desktop.ui.actions import Actions
from desktop.ui.widgets import Button, Card, View, label, quiet


class SignedOutView(View):
    """One card with the profile and one primary action."""

    def __init__(self, actions: Actions, profile: Profile | None) -> None:
        super().__init__()
        card = Card()
        self._note = label("", "subtitle", centred=True)
        title = label(f"Sign in to {profile.name}" if profile else "Sign in", "title", centred=True)
        place = label(profile.place if profile else "", "subtitle", centred=True)
        self._sign_in = Button("Sign in", actions.sign_in, "primary")
        client = label(texts.client(profile) if profile else "", "muted", centred=True)
        for widget in (title, place, client, self._note, self._sign_in):
            card.column.addWidget(widget)
        self.column.addWidget(card)
        self.column.addStretch(1)
        self.footer_row.addStretch(1)
        self.footer_row.addWidget(quiet(Button("Change profile", actions.open_profiles, "quiet")))

    def shows(self, state: State) -> bool:
        """Only this state."""
        return isinstance(state, SignedOut)

    def show_state(self, state: SignedOut, _at: datetime) -> None:
        """Show what has just been done."""
        self._note.setVisible(state.removed_at is not None)
        self._note.setText(_removed(state))

    def primary(self) -> Button:
        """Signing in."""
        return self._sign_in


def _removed(state: SignedOut) -> str:
    text = "You are signed out. The token was removed from this computer"
    if state.valid_until is None:
        return f"{text}."
    # Minutes are enough, in the zone of the person; the day where it is not today.
    end = state.valid_until.astimezone()
    today = state.removed_at is not None and end.date() == state.removed_at.astimezone().date()
    day = "" if today else f" on {end.day} {end:%B}"
    return f"{text}; copies of it stay valid until {end:%H:%M}{day}."

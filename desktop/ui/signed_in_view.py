"""Signed in: the countdown, the token one click away, and what it allows."""

from datetime import datetime

from PySide6.QtCore import Qt

from desktop.services.profiles import Profile
from desktop.services.scopes import Guide, describe, load_guide
from desktop.services.states import SignedIn, State
from desktop.ui import texts
from desktop.ui.actions import Actions
from desktop.ui.flow_layout import FlowLayout
from desktop.ui.long_words import breakable
from desktop.ui.ring import Ring
from desktop.ui.theme import Theme
from desktop.ui.widgets import Button, Card, View, has_ring, label, quiet, row, set_tip

_LONGEST_CHIP = 30  # characters that fit one line of the narrowest window


class SignedInView(View):
    """The ring, one primary action, and the scopes."""

    def __init__(self, actions: Actions, theme: Theme, *, profile: Profile | None) -> None:
        super().__init__()
        self._actions = actions
        self._ring = Ring(theme)
        self._copy = Button("Copy token", self._copy_token, "primary")
        self._again = Button("Sign in again", actions.sign_in, "primary")
        self._not_saved = _NotSavedCard(actions)
        self._scopes = _ScopesCard(load_guide(profile.scope_guide if profile else ""))
        self._account = label("", "muted")
        self._again.hide()
        card = Card()
        for widget in (self._ring, self._copy, self._again):
            card.column.addWidget(widget)
        for panel in (card, self._not_saved, self._scopes):
            self.column.addWidget(panel)
        self.column.addStretch(1)
        self.footer_row.addWidget(self._account, 1)
        self._leave = quiet(Button("Sign out", actions.sign_out, "quiet"))
        self.footer_row.addWidget(self._leave)

    def shows(self, state: State) -> bool:
        """Only this state."""
        return isinstance(state, SignedIn)

    def show_state(self, state: SignedIn, at: datetime) -> None:
        """Show `state` as it is at `at`."""
        time, words, share, color = texts.ring(state, at)
        self._ring.show_time(time, words, share=share, color=color)
        expired = state.remaining(at) == 0
        if self._again.isHidden() == expired:
            self._swap_primary(expired=expired)
        self._leave.setEnabled(not state.leaving)
        self._copy.setEnabled(not state.leaving)
        self._again.setEnabled(not state.leaving)
        self._scopes.show_state(state)
        saving, ringed = self._not_saved.save.hasFocus(), has_ring(self._not_saved.save)
        self._not_saved.show_state(state.not_saved)
        if saving and state.not_saved is None:
            # Otherwise Qt would put the keyboard on the next button: that is Sign out.
            self.primary().take_focus(ringed=ringed)
        self._account.setText(texts.account(state))
        set_tip(self._account, texts.account(state))

    def primary(self) -> Button:
        """Copying the token, or signing in again once it has expired."""
        return self._copy if self._again.isHidden() else self._again

    def copy(self) -> None:
        """Copy the token."""
        self._copy_token()

    def _swap_primary(self, *, expired: bool) -> None:
        had_focus, ringed = self.primary().hasFocus(), has_ring(self.primary())
        self._again.setVisible(expired)
        self._copy.setVisible(not expired)
        if had_focus:
            self.primary().take_focus(ringed=ringed)

    def _copy_token(self) -> None:
        copied = self._actions.copy_token()
        self.primary().acknowledge(
            "Copied, cleared in 30 s" if copied else "There is no valid token"
        )


class _ScopesCard(Card):
    """The scopes as chips; those of high impact are marked, those not granted are named."""

    def __init__(self, guide: Guide) -> None:
        super().__init__(spacing=8)
        self._guide = guide
        self._shown: tuple[tuple[str, ...], tuple[str, ...]] | None = None
        self._summary = label("", "muted")
        self._summary.setWordWrap(False)
        self._missing = label("", "muted")
        self._chips = FlowLayout()
        heading = row(label("Scopes", "heading"), self._summary)
        heading.setStretch(0, 1)
        self.column.addLayout(heading)
        self.column.addLayout(self._chips)
        self.column.addWidget(self._missing)

    def show_state(self, state: SignedIn) -> None:
        """Show the scopes of `state`; nothing happens while they are the same."""
        shown = (state.scope, state.requested_scope)
        if shown == self._shown:
            return
        self._shown = shown
        while (item := self._chips.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.deleteLater()
        described = [describe(scope, self._guide) for scope in state.scope]
        for words in described:
            chip = label(breakable(words.scope, longest=_LONGEST_CHIP))
            chip.setWordWrap(len(words.scope) > _LONGEST_CHIP)
            chip.setProperty("chip", "high" if words.high_impact else "plain")
            set_tip(chip, f"{words.text}{' (high impact)' if words.high_impact else ''}")
            self._chips.addWidget(chip)
        high = sum(words.high_impact for words in described)
        self._summary.setText(texts.scope_summary(len(described), high))
        missing = [scope for scope in state.requested_scope if scope not in state.scope]
        self._missing.setVisible(bool(missing))
        self._missing.setText(f"Asked for, not granted: {', '.join(missing)}")


class _NotSavedCard(Card):
    """That the token is not in the keyring, and why."""

    def __init__(self, actions: Actions) -> None:
        super().__init__(spacing=8)
        self._error: Exception | None = None
        self._text = label("", "warning")
        self.column.addWidget(self._text)
        self.save = quiet(Button("Try to save it again", actions.save_again, "link"))
        self.column.addWidget(self.save, alignment=Qt.AlignmentFlag.AlignRight)

    def show_state(self, error: Exception | None) -> None:
        """Show why the token is not saved; hidden when it is."""
        self.setVisible(error is not None)
        if error is not None and error is not self._error:
            self._text.setText(texts.not_saved(error))
        self._error = error

"""The token: how long it lives, what becomes of it, and the ways to take it along."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from PySide6.QtCore import QTimer

from desktop.services.model.copy_formats import CopyFormat
from desktop.services.model.policy import NO_POLICY, Policy
from desktop.services.model.states import SignedIn
from desktop.ui.kit.copy_progress import Copied, Copying, CopyProgress, NotCopied
from desktop.ui.kit.menu_button import MenuButton
from desktop.ui.kit.theme import Theme
from desktop.ui.kit.widgets import Button, ButtonRow, Card, has_focus_ring, label, set_tooltip
from desktop.ui.views.actions import Actions
from desktop.ui.views.ring import Ring
from desktop.ui.wording import window_texts

_WAITING_DELAY = 150  # milliseconds: what takes no longer is not worth a word


class TokenCard(Card):
    """The ring, a line below it, one primary action, and a row of others."""

    def __init__(self, actions: Actions, theme: Theme, *, policy: Policy = NO_POLICY) -> None:
        super().__init__()
        self._actions = actions
        self._policy = policy
        self._ring = Ring(theme)
        self._status = label("", "muted", centred=True)
        self._copy = Button("Copy token", partial(self._request_copy, CopyFormat.TOKEN), "primary")
        self._sign_in = Button("Sign in again", actions.sign_in, "primary")
        self._copy_as = MenuButton("Copy as…", self._formats())
        self._renew = Button("Renew now", self._renew_now)
        self._cancel = Button("Cancel", actions.cancel_copy)
        # What is longer than a button: something to add, or why nothing was copied.
        self._problem = label("", "warning")
        self._row = ButtonRow(self._copy_as, self._renew, self._cancel)
        self._waiting_button: Button | None = None  # the button whose copy waits for the token
        self._pressed: Button = self._copy
        self._renews_first = False
        self._state: SignedIn | None = None
        self._state_before_renewal: SignedIn | None = None  # what was shown when that was asked for
        self._waiting_timer = QTimer(self, singleShot=True, interval=_WAITING_DELAY)
        self._waiting_timer.timeout.connect(self._show_waiting)
        for hidden in (self._sign_in, self._cancel, self._problem):
            hidden.hide()
        if not self._formats():
            self._copy_as.hide()
        for widget in (self._ring, self._status, self._copy, self._sign_in, self._row):
            self.column.addWidget(widget)
        self.column.addWidget(self._problem)

    def show_state(self, state: SignedIn, at: datetime) -> None:
        """Show `state` as it is at `at`."""
        self._state = state
        time, words, share, color = window_texts.ring(state, at)
        self._ring.show_time(time, words, share=share, color=color)
        self._ring.set_busy(busy=state.renewing)
        line = window_texts.renewal_status(state, at)
        self._status.setText(line)
        self._status.setVisible(bool(line))
        # What can be renewed is renewed by whoever needs it next: it is still there to be copied.
        over = state.is_expired(at) and not state.renewable
        if self._sign_in.isHidden() == over:
            self._swap_primary(over=over)
        for button in (self._copy, self._sign_in, self._copy_as):
            button.setEnabled(not state.signing_out)
        self._update_renew_button(window_texts.why_not_renew(state))
        self._acknowledge_renewal(state)
        self._update_problem()
        self._renews_first = state.renewing or state.is_expired(at)
        if self._renews_first:
            self._show_waiting()

    def primary(self) -> Button:
        """Copying the token, or signing in again once nothing else helps."""
        return self._copy if self._sign_in.isHidden() else self._sign_in

    def copy(self) -> None:
        """Copy the token."""
        self._request_copy(CopyFormat.TOKEN)

    def show_copy(self, progress: CopyProgress) -> None:
        """Show on the button that was pressed what comes of it; what is longer, below."""
        match progress:
            case Copying():
                self._show_problem()
                self._set_waiting_button(self._button_for(progress.format))
            case Copied():
                self._set_waiting_button(None)
                seconds = f"{progress.clear_after:.0f} s"
                self._button_for(progress.format).acknowledge(
                    f"Copied, cleared in {seconds}", f"Copied, {seconds}", "Copied"
                )
                self._show_problem()
            case NotCopied():
                pressed = self._waiting_button or self._pressed
                self._set_waiting_button(None)
                if progress.text:
                    pressed.acknowledge("Not copied")
                self._show_problem(why_not=progress.text)

    def cancel_copy(self) -> bool:
        """Wait no longer for a token that was to be copied; whether one was waited for."""
        waiting = self._waiting_button is not None
        if waiting:
            self._actions.cancel_copy()
        return waiting

    def _formats(self) -> dict[str, Callable[[], object]]:
        forbidden = {CopyFormat.TOKEN.name, *self._policy.forbidden_formats}
        others = (each for each in CopyFormat if each.name not in forbidden)
        return {each.value: partial(self._request_copy, each) for each in others}

    def _button_for(self, copied: CopyFormat) -> Button:
        return self.primary() if copied is CopyFormat.TOKEN else self._copy_as

    def _request_copy(self, wanted: CopyFormat) -> None:
        if self._waiting_button is None:
            self._pressed = self._button_for(wanted)
            self._actions.copy_token(wanted)

    def _set_waiting_button(self, button: Button | None) -> None:
        """Let `button` wait for the token, or none any more."""
        before, self._waiting_button = self._waiting_button, button
        if before is not None and before is not button:
            before.restore_text()
        if button is None:
            self._waiting_timer.stop()
            self._swap_renew_and_cancel(waiting=False)
        elif self._renews_first:
            self._show_waiting()
        else:
            self._waiting_timer.start()

    def _show_waiting(self) -> None:
        """Say what is waited for, and offer to cancel in place of renewing."""
        if self._waiting_button is not None:
            self._waiting_button.replace_text(
                "Renewing first…" if self._renews_first else "Copying…"
            )
            self._swap_renew_and_cancel(waiting=True)

    def _swap_renew_and_cancel(self, *, waiting: bool) -> None:
        leaving, coming = (self._renew, self._cancel) if waiting else (self._cancel, self._renew)
        had_focus, ringed = leaving.hasFocus(), has_focus_ring(leaving)
        coming.setVisible(True)
        if had_focus:
            successor = coming if coming.isEnabled() else self.primary()
            successor.take_focus(ringed=ringed)
        leaving.setVisible(False)

    def _show_problem(self, *, why_not: str = "") -> None:
        self._problem.setText(why_not)
        self._update_problem()

    def _update_problem(self) -> None:
        text, state = self._problem.text(), self._state
        # A renewal that fails is told below, for as long as it does: once is enough.
        is_shown_below = state is not None and window_texts.repeats_not_renewed(text, state)
        self._problem.setVisible(bool(text) and not is_shown_below)

    def _renew_now(self) -> None:
        self._state_before_renewal = self._state
        self._actions.renew()

    def _acknowledge_renewal(self, state: SignedIn) -> None:
        before = self._state_before_renewal
        if before is None or state.renewing:
            return
        if state.issued_at != before.issued_at:
            self._renew.acknowledge("Renewed")
        if state is not before:
            self._state_before_renewal = None

    def _update_renew_button(self, why_not: str) -> None:
        if why_not and self._renew.hasFocus():
            # Otherwise Qt would put the keyboard on the next button: that is not what was pressed.
            self.primary().take_focus(ringed=has_focus_ring(self._renew))
        self._renew.setEnabled(not why_not)
        set_tooltip(self._renew, why_not or "Ask for a new token now")

    def _swap_primary(self, *, over: bool) -> None:
        old = self.primary()
        had_focus = any(each.hasFocus() for each in (old, self._copy_as, self._renew))
        ringed = has_focus_ring(self.focusWidget()) if had_focus else False
        self._sign_in.setVisible(over)
        self._copy.setVisible(not over)
        if had_focus:
            self.primary().take_focus(ringed=ringed)
        self._row.setVisible(not over)

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
from desktop.ui.kit.widgets import Button, ButtonRow, Card, has_ring, label, set_tip
from desktop.ui.views.actions import Actions
from desktop.ui.views.ring import Ring
from desktop.ui.wording import window_texts

_NO_TIME = 150  # milliseconds: what takes no longer is not worth a word


class TokenCard(Card):
    """The ring, a line below it, one primary action, and a row of others."""

    def __init__(self, actions: Actions, theme: Theme, *, policy: Policy = NO_POLICY) -> None:
        super().__init__()
        self._actions = actions
        self._policy = policy
        self._ring = Ring(theme)
        self._status = label("", "muted", centred=True)
        self._copy = Button("Copy token", partial(self._ask_for, CopyFormat.TOKEN), "primary")
        self._again = Button("Sign in again", actions.sign_in, "primary")
        self._copy_as = MenuButton("Copy as…", self._formats())
        self._renew = Button("Renew now", self._renew_now)
        self._cancel = Button("Cancel", actions.cancel_copy)
        # What is longer than a button: something to add, or why nothing was copied.
        self._why_not = label("", "warning")
        self._row = ButtonRow(self._copy_as, self._renew, self._cancel)
        self._copying: Button | None = None  # the button whose copy waits for the token
        self._pressed: Button = self._copy
        self._renews_first = False
        self._state: SignedIn | None = None
        self._to_be_renewed: SignedIn | None = None  # what was shown when that was asked for
        self._soon = QTimer(self, singleShot=True, interval=_NO_TIME)
        self._soon.timeout.connect(self._tell_of_waiting)
        for hidden in (self._again, self._cancel, self._why_not):
            hidden.hide()
        if not self._formats():
            self._copy_as.hide()
        for widget in (self._ring, self._status, self._copy, self._again, self._row):
            self.column.addWidget(widget)
        self.column.addWidget(self._why_not)

    def show_state(self, state: SignedIn, at: datetime) -> None:
        """Show `state` as it is at `at`."""
        self._state = state
        time, words, share, color = window_texts.ring(state, at)
        self._ring.show_time(time, words, share=share, color=color)
        self._ring.set_busy(busy=state.renewing)
        line = window_texts.status(state, at)
        self._status.setText(line)
        self._status.setVisible(bool(line))
        # What can be renewed is renewed by whoever needs it next: it is still there to be copied.
        over = state.remaining(at) == 0 and not state.renewable
        if self._again.isHidden() == over:
            self._swap_primary(over=over)
        for button in (self._copy, self._again, self._copy_as):
            button.setEnabled(not state.leaving)
        self._offer_renewal(window_texts.why_not_renew(state))
        self._acknowledge_renewal(state)
        self._show_why_not()
        self._renews_first = state.renewing or state.remaining(at) == 0
        if self._renews_first:
            self._tell_of_waiting()

    def primary(self) -> Button:
        """Copying the token, or signing in again once nothing else helps."""
        return self._copy if self._again.isHidden() else self._again

    def copy(self) -> None:
        """Copy the token."""
        self._ask_for(CopyFormat.TOKEN)

    def show_copy(self, progress: CopyProgress) -> None:
        """Show on the button that was pressed what comes of it; what is longer, below."""
        match progress:
            case Copying():
                self._tell()
                self._wait(self._button_for(progress.format))
            case Copied():
                self._wait(None)
                seconds = f"{progress.clear_after:.0f} s"
                self._button_for(progress.format).acknowledge(
                    f"Copied, cleared in {seconds}", f"Copied, {seconds}", "Copied"
                )
                self._tell()
            case NotCopied():
                pressed = self._copying or self._pressed
                self._wait(None)
                if progress.text:
                    pressed.acknowledge("Not copied")
                self._tell(why_not=progress.text)

    def give_up_copying(self) -> bool:
        """Wait no longer for a token that was to be copied; whether one was waited for."""
        waiting = self._copying is not None
        if waiting:
            self._actions.cancel_copy()
        return waiting

    def _formats(self) -> dict[str, Callable[[], object]]:
        forbidden = {CopyFormat.TOKEN.name, *self._policy.forbidden_formats}
        others = (each for each in CopyFormat if each.name not in forbidden)
        return {each.value: partial(self._ask_for, each) for each in others}

    def _button_for(self, copied: CopyFormat) -> Button:
        return self.primary() if copied is CopyFormat.TOKEN else self._copy_as

    def _ask_for(self, wanted: CopyFormat) -> None:
        if self._copying is None:
            self._pressed = self._button_for(wanted)
            self._actions.copy_token(wanted)

    def _wait(self, button: Button | None) -> None:
        """Let `button` wait for the token, or none any more."""
        before, self._copying = self._copying, button
        if before is not None and before is not button:
            before.release()
        if button is None:
            self._soon.stop()
            self._swap_second(waiting=False)
        elif self._renews_first:
            self._tell_of_waiting()
        else:
            self._soon.start()

    def _tell_of_waiting(self) -> None:
        """Say what is waited for, and offer to cancel in place of renewing."""
        if self._copying is not None:
            self._copying.hold("Renewing first…" if self._renews_first else "Copying…")
            self._swap_second(waiting=True)

    def _swap_second(self, *, waiting: bool) -> None:
        leaving, coming = (self._renew, self._cancel) if waiting else (self._cancel, self._renew)
        had_focus, ringed = leaving.hasFocus(), has_ring(leaving)
        coming.setVisible(True)
        if had_focus:
            successor = coming if coming.isEnabled() else self.primary()
            successor.take_focus(ringed=ringed)
        leaving.setVisible(False)

    def _tell(self, *, why_not: str = "") -> None:
        self._why_not.setText(why_not)
        self._show_why_not()

    def _show_why_not(self) -> None:
        text, state = self._why_not.text(), self._state
        # A renewal that fails is told below, for as long as it does: once is enough.
        said = state is not None and window_texts.says_why_not_renewed(text, state)
        self._why_not.setVisible(bool(text) and not said)

    def _renew_now(self) -> None:
        self._to_be_renewed = self._state
        self._actions.renew()

    def _acknowledge_renewal(self, state: SignedIn) -> None:
        before = self._to_be_renewed
        if before is None or state.renewing:
            return
        if state.issued_at != before.issued_at:
            self._renew.acknowledge("Renewed")
        if state is not before:
            self._to_be_renewed = None

    def _offer_renewal(self, why_not: str) -> None:
        if why_not and self._renew.hasFocus():
            # Otherwise Qt would put the keyboard on the next button: that is not what was pressed.
            self.primary().take_focus(ringed=has_ring(self._renew))
        self._renew.setEnabled(not why_not)
        set_tip(self._renew, why_not or "Ask for a new token now")

    def _swap_primary(self, *, over: bool) -> None:
        old = self.primary()
        had_focus = any(each.hasFocus() for each in (old, self._copy_as, self._renew))
        ringed = has_ring(self.focusWidget()) if had_focus else False
        self._again.setVisible(over)
        self._copy.setVisible(not over)
        if had_focus:
            self.primary().take_focus(ringed=ringed)
        self._row.setVisible(not over)

"""The token: how long it is valid, what happens next, and how to copy it."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from PySide6.QtCore import QTimer

from desktop.services.model.copy_formats import COMMAND_FORMATS, CopyFormat
from desktop.services.model.policy import NO_POLICY
from desktop.services.model.profile import Profile
from desktop.services.model.states import SignedIn
from desktop.services.system.translation import translate
from desktop.services.token.api_services import services_of
from desktop.ui.kit.copy_progress import Cleared, Copied, Copying, CopyProgress, NotCopied
from desktop.ui.kit.menu_button import MenuButton
from desktop.ui.kit.theme import Theme
from desktop.ui.kit.widgets import (
    Button,
    ButtonRow,
    Card,
    has_focus_ring,
    label,
    name_shortcut,
    say,
    set_tooltip,
)
from desktop.ui.views.actions import Actions
from desktop.ui.views.copied_banner import StatusOrCopy
from desktop.ui.views.ring import Ring
from desktop.ui.wording import window_texts

_WAITING_DELAY = 150  # milliseconds: a shorter wait is not shown


class TokenCard(Card):
    """The ring, a line below it, one primary action, and a row of others."""

    def __init__(self, actions: Actions, theme: Theme, profile: Profile | None) -> None:
        super().__init__(plain=True)
        self._actions = actions
        self._policy = profile.policy if profile is not None else NO_POLICY
        self._ring = Ring(theme)
        self._status = StatusOrCopy(actions)
        self._copy = Button(
            translate("Copy token"), partial(self._request_copy, CopyFormat.TOKEN), "primary"
        )
        name_shortcut(self._copy, "Ctrl+C")
        self._sign_in = Button(translate("Sign in again"), actions.sign_in, "primary")
        self._copy_as = MenuButton(translate("Copy as…"), self._formats())
        self._renew = Button(translate("Renew now"), self._renew_now)
        self._cancel = Button(translate("Cancel"), actions.cancel_copy)
        self._problem = label("", "warning")  # why nothing was copied
        self._not_copied: NotCopied | None = None
        self._row = ButtonRow(self._copy_as, self._renew, self._cancel)
        self._waiting_button: Button | None = None  # whose copy waits for the token
        self._pressed: Button = self._copy
        self._renews_first = False
        self._state: SignedIn | None = None
        self._state_before_renewal: SignedIn | None = None  # the state when Renew now was clicked
        self._waiting_timer = QTimer(self, singleShot=True, interval=_WAITING_DELAY)
        self._waiting_timer.timeout.connect(self._show_waiting)
        for hidden in (self._sign_in, self._cancel, self._problem):
            hidden.hide()
        if not self._formats():
            self._copy_as.hide()
        if profile is not None:
            self._offer_services(profile)
        for widget in (self._ring, self._status, self._copy, self._sign_in, self._row):
            self.column.addWidget(widget)
        self.column.addWidget(self._problem)

    def show_state(self, state: SignedIn, at: datetime) -> None:
        self._state = state
        time, text, share, color = window_texts.ring(state, at)
        self._ring.show_time(time, text, share=share, color=color)
        self._ring.setAccessibleName(window_texts.spoken_ring(state, at))
        self._ring.set_busy(busy=state.renewing)
        self._status.show_status(state, at)
        # A token that can be renewed is renewed by the next copy, so it can still be copied.
        over = state.is_over(at)
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
        self._request_copy(CopyFormat.TOKEN)

    def show_copy(self, progress: CopyProgress) -> None:
        match progress:
            case Copying():
                self._show_problem(None)
                self._set_waiting_button(self._button_for(progress.format))
            case Copied():
                self._set_waiting_button(None)
                self._button_for(progress.format).acknowledge(translate("Copied"))
                self._status.show_copied(
                    window_texts.copied_as(progress.format), progress.clear_after
                )
                self._show_problem(None)
            case Cleared():
                clear_now = self._status.banner.clear_now
                if clear_now.hasFocus():
                    self.primary().take_focus(ringed=has_focus_ring(clear_now))
                self._status.hide_copied()
            case NotCopied():
                pressed = self._waiting_button or self._pressed
                self._set_waiting_button(None)
                if progress.text:
                    pressed.acknowledge(translate("Not copied"))
                self._show_problem(progress)

    def cancel_copy(self) -> bool:
        waiting = self._waiting_button is not None
        if waiting:
            self._actions.cancel_copy()
        return waiting

    def _formats(self) -> dict[str, Callable[[], object]]:
        forbidden = {CopyFormat.TOKEN.name, *self._policy.forbidden_formats}
        others = (each for each in CopyFormat if each.name not in forbidden)
        return {translate(each.value): partial(self._request_copy, each) for each in others}

    def _offer_services(self, profile: Profile) -> None:
        """Let people choose which API service copied commands call, where there are several."""
        names = [each.name for each in services_of(profile)]
        is_useful = any(each.name not in self._policy.forbidden_formats for each in COMMAND_FORMATS)
        if len(names) < 2 or not is_useful:
            return

        def current() -> str:
            chosen = self._actions.profiles.api_service
            return chosen if chosen in names else names[0]

        self._copy_as.add_choice(
            lambda: window_texts.called_service(current()),
            names,
            current=current,
            choose=self._actions.profiles.choose_api_service,
        )

    def _button_for(self, copied: CopyFormat) -> Button:
        return self.primary() if copied is CopyFormat.TOKEN else self._copy_as

    def _request_copy(self, wanted: CopyFormat) -> None:
        if self._waiting_button is None:
            self._pressed = self._button_for(wanted)
            self._actions.copy_token(wanted)

    def _set_waiting_button(self, button: Button | None) -> None:
        """Let `button` wait for the token, or no button."""
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
        """Show what the copy waits for, and Cancel in place of Renew now."""
        if self._waiting_button is not None:
            self._waiting_button.replace_text(
                translate("Renewing first…") if self._renews_first else translate("Copying…")
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

    def _show_problem(self, problem: NotCopied | None) -> None:
        self._not_copied = problem
        self._problem.setText(problem.text if problem is not None else "")
        self._update_problem()

    def _update_problem(self) -> None:
        problem, state = self._not_copied, self._state
        if problem is None:
            self._problem.hide()
            return
        trouble = state.trouble if state is not None else None
        # The card below shows why a renewal fails. The same reason is not shown twice.
        is_shown_below = trouble is not None and type(problem.error) is type(trouble)
        self._problem.setVisible(bool(problem.text) and not is_shown_below)

    def _renew_now(self) -> None:
        self._state_before_renewal = self._state
        self._actions.renew()

    def _acknowledge_renewal(self, state: SignedIn) -> None:
        before = self._state_before_renewal
        if before is None or state.renewing:
            return
        if state.issued_at != before.issued_at:
            self._renew.acknowledge(translate("Renewed"))
            say(self, translate("Renewed"))
        if state is not before:
            self._state_before_renewal = None

    def _update_renew_button(self, why_not: str) -> None:
        if why_not and self._renew.hasFocus():
            # Otherwise Qt would focus the next button, which was not the one that was pressed.
            self.primary().take_focus(ringed=has_focus_ring(self._renew))
        self._renew.setEnabled(not why_not)
        set_tooltip(self._renew, why_not or translate("Get a new token now"))

    def _swap_primary(self, *, over: bool) -> None:
        old = self.primary()
        had_focus = any(each.hasFocus() for each in (old, self._copy_as, self._renew))
        ringed = has_focus_ring(self.focusWidget()) if had_focus else False
        self._sign_in.setVisible(over)
        self._copy.setVisible(not over)
        if had_focus:
            self.primary().take_focus(ringed=ringed)
        self._row.setVisible(not over)

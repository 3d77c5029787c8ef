"""Which view shows which state. Each is loaded when it is first needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.services.states import AwaitingApproval, Failed, Requesting, SignedIn, SignedOut

if TYPE_CHECKING:
    from desktop.services.profiles import Profile
    from desktop.services.states import State
    from desktop.ui.actions import Actions
    from desktop.ui.theme import Theme
    from desktop.ui.widgets import View


def view_for(state: State, actions: Actions, *, theme: Theme, profile: Profile | None) -> View:
    """A new view for `state`; `profile` is not known while it cannot be loaded."""
    match state:
        case Requesting():
            from desktop.ui.starting_view import StartingView

            return StartingView(theme, actions.cancel)
        case SignedOut():
            from desktop.ui.signed_out_view import SignedOutView

            return SignedOutView(actions, profile)
        case AwaitingApproval():
            from desktop.ui.waiting_view import WaitingView

            return WaitingView(actions, theme)
        case SignedIn():
            from desktop.ui.signed_in_view import SignedInView

            return SignedInView(actions, theme, profile=profile)
        case Failed():
            from desktop.ui.failed_view import FailedView

            return FailedView(actions, state)

"""The view for each state. Each is imported when it is first needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.services.model.states import (
    AwaitingApproval,
    Failed,
    Locked,
    Requesting,
    SignedIn,
    SignedOut,
)
from desktop.ui.kit.reader_roles import unheard

if TYPE_CHECKING:
    from desktop.services.model.profile import Profile
    from desktop.services.model.states import State
    from desktop.ui.kit.theme import Theme
    from desktop.ui.kit.widgets import View
    from desktop.ui.views.actions import Actions


@unheard()
def view_for(state: State, actions: Actions, *, theme: Theme, profile: Profile | None) -> View:
    """Make the view for `state`; `profile` is None if it cannot be loaded."""
    match state:
        case Requesting():
            from desktop.ui.views.starting_view import StartingView

            return StartingView(theme, actions.cancel)
        case SignedOut():
            from desktop.ui.views.signed_out_view import SignedOutView

            return SignedOutView(actions, profile)
        case AwaitingApproval():
            from desktop.ui.views.waiting_view import WaitingView

            return WaitingView(actions, theme)
        case SignedIn():
            from desktop.ui.views.signed_in_view import SignedInView

            return SignedInView(actions, theme, profile=profile)
        case Failed():
            from desktop.ui.views.failed_view import FailedView

            return FailedView(actions, state, profile)
        case Locked():
            from desktop.ui.views.locked_view import LockedView

            return LockedView(actions, theme)

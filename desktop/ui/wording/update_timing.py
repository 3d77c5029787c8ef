"""What changes with a new state, and when time changes what is shown: pure functions, no Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.services.model.states import AwaitingApproval, Failed, SignedIn, SignedOut, State

if TYPE_CHECKING:
    from datetime import datetime

COUNTED_IN_DAYS = 2 * 86400.0  # seconds; from here on
_MINUTE, _HOUR = 60.0, 3600.0  # seconds
_LATE_SECOND, _LATE_MINUTE = 0.005, 0.5  # seconds after the change; too early would do it twice


def should_announce(before: State, state: State) -> bool:
    """Whether to announce `state`, which follows `before`."""
    if type(before) is not type(state):
        return True
    if isinstance(before, AwaitingApproval) and isinstance(state, AwaitingApproval):
        known = (before.user_code, before.approved, before.is_retrying_exchange)
        return known != (state.user_code, state.approved, state.is_retrying_exchange)
    if isinstance(before, SignedIn) and isinstance(state, SignedIn):
        return before.save_error is not state.save_error
    if isinstance(before, SignedOut) and isinstance(state, SignedOut):
        return before.revocation is not state.revocation
    return isinstance(state, Failed)


def is_renewal_failing(state: State) -> bool:
    """Whether a renewal is in trouble or being retried; the trouble is announced only once."""
    return isinstance(state, SignedIn) and (state.trouble is not None or state.renewing)


def may_be_profile_error(state: State) -> bool:
    """Whether the profile, as its file is now, may be the cause of `state`."""
    from desktop.oauth.errors import OAuthError
    from desktop.services.wording.messages import Remedy, advice_for

    if not isinstance(state, Failed):
        return False
    # A server error may come from an address in the profile that has been corrected since.
    remedies = advice_for(state.error).remedies
    by_profile = Remedy.OPEN_PROFILES in remedies or Remedy.EDIT_PROFILE in remedies
    return by_profile or isinstance(state.error, OAuthError)


def countdown(state: State, at: datetime) -> float | None:
    """Seconds until what `state` counts down to; `None` if it counts nothing."""
    match state:
        case AwaitingApproval():
            return max(0.0, (state.expires_at - at).total_seconds())
        case SignedIn():
            return state.remaining(at)
        case _:
            return None


def seconds_to_redraw(state: State, at: datetime, *, in_sight: bool) -> float | None:
    """Seconds until something visible changes; `None` if time changes nothing.

    The window counts seconds; the tray, without the window, minutes.
    """
    if not in_sight:
        return seconds_to_redraw_tray(state, at)
    left = countdown(state, at)
    if not left and isinstance(state, SignedIn) and state.next_at is not None:
        left = (state.next_at - at).total_seconds()  # until the retry
    # A countdown is rounded up to whole seconds.
    return left % 1 + _LATE_SECOND if left is not None and left > 0 else None


def seconds_to_redraw_tray(state: State, at: datetime) -> float | None:
    """The same for the tray: usually a minute or more."""
    left = countdown(state, at)
    if not left:
        return None
    return left % (_HOUR if left > COUNTED_IN_DAYS else _MINUTE) + _LATE_MINUTE

"""Which new states deserve attention: pure functions, no Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.services.model.states import AwaitingApproval, Failed, SignedIn, SignedOut

if TYPE_CHECKING:
    from desktop.services.model.states import State


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

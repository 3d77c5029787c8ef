"""When to redraw because of time alone: pure functions, no Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.services.model.states import AwaitingApproval, SignedIn, State
from desktop.ui.wording import tray_texts

if TYPE_CHECKING:
    from datetime import datetime

_LATE = 0.005  # seconds after the change


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
        return tray_texts.next_change(state, at)
    left = countdown(state, at)
    if not left and isinstance(state, SignedIn) and state.next_at is not None:
        left = (state.next_at - at).total_seconds()  # until the retry
    # A countdown is rounded up to whole seconds.
    return left % 1 + _LATE if left is not None and left > 0 else None

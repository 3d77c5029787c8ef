"""What the window says of a state at an instant: pure functions, no Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.services.durations import clock_words
from desktop.services.states import (
    AwaitingApproval,
    Failed,
    Requesting,
    SignedIn,
    SignedOut,
    State,
)
from desktop.ui.long_words import breakable

if TYPE_CHECKING:
    from datetime import datetime

    from desktop.services.messages import Advice
    from desktop.services.profiles import Profile

# Countdown marks that are read out, in seconds; in between a ticking clock stays silent.
_SPOKEN_MARKS = ((30, "30 seconds"), (60, "1 minute"), (300, "5 minutes"))

EXPIRED = "Your token has expired. Sign in again."
_DAY = 86400.0  # seconds
_COUNTED_IN_DAYS = 2 * _DAY  # from here on; hours and minutes would not fit the ring either

ENDING_SHARE = 0.2  # the ring changes colour under this share of the lifetime


def badge(state: State, at: datetime) -> tuple[str, str]:
    """The word in the corner and its kind: neutral, busy, good or bad."""
    match state:
        case SignedOut():
            return "Signed out", "neutral"
        case Requesting():
            return "Starting", "neutral"
        case AwaitingApproval():
            return "Waiting", "busy"
        case SignedIn() if state.remaining(at) == 0:
            return "Expired", "bad"
        case SignedIn():
            return "Signed in", "good"
        case Failed():
            return ("Not signed out", "bad") if state.still_saved else ("Signed out", "neutral")


def code_lifetime(state: AwaitingApproval, at: datetime) -> tuple[str, float]:
    """How long the code lives, in words and as a share of its lifetime."""
    left = min(state.lifetime, max(0.0, (state.expires_at - at).total_seconds()))
    return f"Code expires in {clock_words(left)}", left / state.lifetime


def asking(state: AwaitingApproval, at: datetime) -> str:
    """That the server is being asked, without jargon."""
    if state.approved:
        return "Approved. Saving the token in your keyring."
    left = (state.next_at - at).total_seconds()
    soon = f"next in {clock_count(left)}" if left > 0 else "asking now"
    if not state.asked:
        return f"First question to the server {'in ' + clock_count(left) if left > 0 else 'now'}."
    times = "once" if state.asked == 1 else f"{state.asked} times"
    return f"Asked {times}, {soon}."


def clock_count(seconds: float) -> str:
    """A short wait: "3 s", or a countdown from a minute on."""
    return f"{max(1, -int(-seconds // 1))} s" if seconds < 60 else clock_words(seconds)


def spoken_code(user_code: str) -> str:
    """The code letter by letter, for a screen reader."""
    names = {"-": "dash", " ": "space", ".": "dot", "_": "underscore"}
    return ", ".join(names.get(character, character) for character in user_code)


def ring(state: SignedIn, at: datetime) -> tuple[str, str, float, str]:
    """The countdown, the line below it, the share that is left, and the colour token."""
    left, lifetime = state.remaining(at), state.lifetime
    if left is None or lifetime is None:
        return "∞", "does not expire", 1.0, "good"
    if left == 0:
        return "0:00", "expired", 0.0, "bad"
    # A clock that was set back leaves more than there ever was.
    share = left / max(left, lifetime)
    return (
        clock_words(left) if left < _COUNTED_IN_DAYS else f"{int(left // _DAY)} days",
        "until it expires",
        share,
        "ending" if share < ENDING_SHARE else "good",
    )


def scope_summary(granted: int, high_impact: int) -> str:
    """How many scopes there are, and how many deserve a second look."""
    return f"{granted} granted" + (f" · {high_impact} high impact" if high_impact else "")


def account(state: SignedIn) -> str:
    """Who signed in: user and organization."""
    return breakable(" · ".join(filter(None, (state.user, state.organization))), longest=18)


def announcement(state: State, at: datetime) -> str:
    """What a screen reader says when `state` comes up; empty for what is no news."""
    match state:
        case AwaitingApproval():
            return _spoken_approval(state)
        case SignedIn() if state.remaining(at) == 0:
            return EXPIRED
        case SignedIn():
            who = f"Signed in{' as ' + state.user if state.user else ''}"
            return who if state.not_saved is None else f"{who}. {not_saved(state.not_saved)}"
        case SignedOut():
            return "Signed out"
        case Failed():
            advice = _advice_for(state.error, state.user_code)
            return f"{advice.title}. {advice.text}"
        case Requesting():
            return ""


def _spoken_approval(state: AwaitingApproval) -> str:
    if state.approved:
        return "Approved"
    warning = "" if state.host_is_known else f" {host(state)}"
    return f"Your code is {spoken_code(state.user_code)}. Approve it in your browser.{warning}"


def spoken_mark(before: float | None, after: float | None) -> str:
    """What a screen reader says when a countdown goes from `before` to `after` seconds.

    The end has its own words; a countdown that jumped, as after a sleep, is told where it is.
    """
    if before is None or after is None or after == 0:
        return ""
    for mark, words in _SPOKEN_MARKS:
        if after <= mark < before:
            return f"{words} left"
    return ""


def client(profile: Profile) -> str:
    """The client ID."""
    return f"Client {profile.client_id}"


def host(state: AwaitingApproval) -> str:
    """Where the link leads, and a warning when that is not a host of the profile."""
    if state.host_is_known:
        return f"{state.host}  ·  same host as your profile"
    return (
        f"The link leads to {state.host}, which is not the host of your profile. "
        "Approve there only if your administrator told you to."
    )


def trouble(error: Exception) -> str:
    """Why the last question brought no answer, and that this is no end."""
    return f"{_advice_for(error).title}. Your code stays valid: asking again by itself."


def not_saved(error: Exception) -> str:
    """Why the token is not in the keyring, and what follows from that."""
    return f"{_advice_for(error).title}. The token is not saved: it is gone when you quit."


COPYING_TITLE = "Copy token"
COPYING = "Copying the token…"
PRESS_TO_COPY = "Press Copy: your desktop wants to see a press before a program may copy."
COPY_REFUSED = "Your desktop did not take the copy. Press Copy to try it again."
CLIPBOARD_REFUSED = (
    "The clipboard did not take the token. Another program may be holding it: try again."
)


def copied(clear_after: float) -> str:
    """That it is on the clipboard, and for how many seconds."""
    return f"Copied, cleared in {clear_after:.0f} s"


def _advice_for(error: Exception, user_code: str = "") -> Advice:
    # The table of words knows the protocol, which is not loaded before the first paint.
    from desktop.services.messages import advice_for

    return advice_for(error, user_code=user_code)

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

if TYPE_CHECKING:
    from datetime import datetime

    from desktop.services.profiles import Profile

# Countdown marks that are read out, in seconds; in between a ticking clock stays silent.
_SPOKEN_MARKS = ((300, "5 minutes"), (60, "1 minute"), (30, "30 seconds"))

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
            return "Signed out", "neutral"


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
    if left is None or not lifetime:
        return "∞", "does not expire", 1.0, "good"
    if left == 0:
        return "0:00", "expired", 0.0, "bad"
    share = min(1.0, left / lifetime)
    return (
        clock_words(left),
        "until it expires",
        share,
        "ending" if share < ENDING_SHARE else "good",
    )


def scope_summary(granted: int, high_impact: int) -> str:
    """How many scopes there are, and how many deserve a second look."""
    return f"{granted} granted" + (f" · {high_impact} high impact" if high_impact else "")


def account(state: SignedIn) -> str:
    """Who signed in: user and organization."""
    return " · ".join(filter(None, (state.user, state.organization)))


def announcement(state: State, at: datetime) -> str:
    """What a screen reader says when `state` comes up; empty for what is no news."""
    match state:
        case AwaitingApproval() if state.approved:
            return "Approved"
        case AwaitingApproval():
            return f"Your code is {spoken_code(state.user_code)}. Approve it in your browser."
        case SignedIn() if state.remaining(at) == 0:
            return "Your token has expired. Sign in again."
        case SignedIn():
            return f"Signed in {'as ' + state.user if state.user else ''}".strip()
        case SignedOut():
            return "Signed out"
        case Requesting() | Failed():
            return ""


def spoken_mark(before: float | None, after: float | None) -> str:
    """What a screen reader says when a countdown goes from `before` to `after` seconds."""
    if before is None or after is None:
        return ""
    for mark, words in _SPOKEN_MARKS:
        if after <= mark < before:
            return f"{words} left"
    return ""


def client(profile: Profile) -> str:
    """The client ID, with places where a narrow window may break it."""
    return "Client " + profile.client_id.replace("-", "-\N{ZERO WIDTH SPACE}")


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
    # The table of words knows the protocol, which is not loaded before the first paint.
    from desktop.services.messages import advice_for

    return f"{advice_for(error).title}. Your code stays valid: asking again by itself."

"""What the window says of a state at an instant: pure functions, no Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.services.model.states import (
    AwaitingApproval,
    Failed,
    Requesting,
    SignedIn,
    SignedOut,
    State,
)
from desktop.services.wording.formats import format_countdown, format_duration, format_time
from desktop.services.wording.sign_out_texts import signed_out_message
from desktop.ui.kit.word_breaks import breakable

if TYPE_CHECKING:
    from datetime import datetime

    from desktop.services.model.profile import Profile
    from desktop.services.wording.messages import Advice

# Countdown marks that are read out, in seconds; in between a ticking clock stays silent.
_SPOKEN_MARKS = ((30, "30 seconds"), (60, "1 minute"), (300, "5 minutes"))

EXPIRED = "Your token has expired. Sign in again."
LAPSED = "Your token has expired. The next copy renews it."
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
        case SignedIn():
            return _token_badge(state, at)
        case Failed():
            return ("Not signed out", "bad") if state.still_saved else ("Signed out", "neutral")


def _token_badge(state: SignedIn, at: datetime) -> tuple[str, str]:
    expired = state.is_expired(at)
    if state.renewing:
        return "Renewing", "neutral" if expired else "good"
    if not expired:
        return "Signed in", "good"
    # What the next use renews is no end, and nothing to be alarmed about.
    return "Expired", "neutral" if state.renewable and state.trouble is None else "bad"


def approval(state: AwaitingApproval) -> tuple[str, str]:
    """What to do now: a title and a line below it."""
    if state.is_retrying_exchange:
        return "Approved in your browser", "The token is fetched once the server can be reached."
    if state.in_browser:
        return "Continue in your browser", "Sign in there. It comes back here by itself."
    return (
        "Approve this sign-in in your browser",
        "Check that the page shows this code, then approve.",
    )


def waiting(state: AwaitingApproval) -> str:
    """What is waited for."""
    if state.is_retrying_exchange:
        return "Waiting for the server"
    return "Approved" if state.approved else "Waiting for approval"


def caution(state: AwaitingApproval) -> str:
    """What to beware of."""
    if state.in_browser:
        return "Approve only what you started here."
    return "Never approve a code that someone sent you."


def code_lifetime(state: AwaitingApproval, at: datetime) -> tuple[str, float]:
    """How long the code lives, in words and as a share of its lifetime."""
    left = min(state.lifetime, max(0.0, (state.expires_at - at).total_seconds()))
    words = format_countdown(left)
    told = f"{words} left" if state.in_browser else f"Code expires in {words}"
    return told, left / state.lifetime


def polling_status(state: AwaitingApproval, at: datetime) -> str:
    """That the server is being asked, without jargon."""
    if state.approved:
        return "Approved. Saving the token in your keyring."
    left = (state.next_at - at).total_seconds()
    if state.is_retrying_exchange:
        return f"Trying again {'in ' + short_wait(left) if left > 0 else 'now'}."
    if state.in_browser:
        return "Only a browser on this computer can answer."
    soon = f"next in {short_wait(left)}" if left > 0 else "asking now"
    if not state.poll_count:
        return f"First question to the server {'in ' + short_wait(left) if left > 0 else 'now'}."
    times = "once" if state.poll_count == 1 else f"{state.poll_count} times"
    return f"Asked {times}, {soon}."


def short_wait(seconds: float) -> str:
    """A short wait: "3 s", or a countdown from a minute on."""
    if seconds >= 60:
        return format_countdown(seconds)
    return f"{max(1, -int(-seconds // 1))}\N{NO-BREAK SPACE}s"


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
        format_countdown(left) if left < _COUNTED_IN_DAYS else f"{int(left // _DAY)} days",
        "until it expires",
        share,
        "ending" if share < ENDING_SHARE else "good",
    )


def renewal_status(state: SignedIn, at: datetime) -> str:
    """What will become of the token by itself; empty for one that never expires."""
    if state.signing_out:
        return "Signing out…"
    if state.renewing:
        return "Renewing…"
    if state.trouble is not None:
        return f"Not renewed: {_advice_for(state.trouble).title}.{_trying_again(state, at)}"
    return _outlook(state, at)


def _outlook(state: SignedIn, at: datetime) -> str:
    left = state.remaining(at)
    if left is None:
        return ""
    if not state.renewable:
        return "Does not renew itself" if left else "Expired: sign in again"
    if left == 0:
        return "Expired: the next copy renews it"
    in_use = state.renews_at is not None
    return "Renews itself while it is in use" if in_use else "Not in use: the next copy renews it"


def _trying_again(state: SignedIn, at: datetime) -> str:
    if state.next_at is None:
        return ""
    left = (state.next_at - at).total_seconds()
    return f" Trying again {'in ' + short_wait(left) if left > 0 else 'now'}"


def why_not_renew(state: SignedIn) -> str:
    """Why the token cannot be renewed by hand now; empty if it can."""
    if state.signing_out:
        return "You are being signed out."
    if state.renewing:
        return "It is being renewed."
    if not state.renewable:
        return "The server gave nothing to renew it with: sign in again for another token."
    return ""


def not_renewed(state: SignedIn, at: datetime) -> str:
    """What to do about a renewal that fails, and how long there is time; empty for no trouble."""
    if state.trouble is None:
        return ""
    if not state.remaining(at) or state.expires_at is None:
        return _advice_for(state.trouble).text
    until = format_time(state.expires_at, now=at)
    return f"{_advice_for(state.trouble).text} Your token stays valid until {until}."


def repeats_not_renewed(text: str, state: SignedIn) -> bool:
    """Whether `text` is what is said of a renewal that fails anyway."""
    return state.trouble is not None and _advice_for(state.trouble).text in text


_CLOCK_TOLERANCE = 60.0  # seconds that no program minds


def clock_warning(state: SignedIn) -> str:
    """That this computer's clock is wrong, and what to do; empty where it is right enough."""
    if abs(state.clock_offset) <= _CLOCK_TOLERANCE:
        return ""
    where = "ahead of" if state.clock_offset > 0 else "behind"
    return (
        f"Your computer's clock is {format_duration(abs(state.clock_offset))} {where} the "
        "server's. "
        "Set it right: switch on automatic time in your system's settings. Until then programs "
        "here may take a good token for an expired one."
    )


def scope_summary(granted: int, high_impact: int) -> str:
    """How many scopes there are, and how many deserve a second look."""
    return f"{granted} granted" + (f" · {high_impact} high impact" if high_impact else "")


def account(state: SignedIn) -> str:
    """Who signed in: user and organization."""
    return breakable("\n".join(filter(None, (state.user, state.organization))), longest=18)


def announcement(state: State, at: datetime) -> str:
    """What a screen reader says when `state` comes up; empty for what is no news."""
    match state:
        case AwaitingApproval():
            return _spoken_approval(state)
        case SignedIn() if state.is_expired(at) and not state.renewable:
            return EXPIRED
        case SignedIn():
            who = f"Signed in{' as ' + state.user if state.user else ''}"
            return who if state.save_error is None else f"{who}. {not_saved(state.save_error)}"
        case SignedOut():
            return signed_out_message(state) or "Signed out"
        case Failed():
            advice = _advice_for(state.error, state.user_code)
            return f"{advice.title}. {advice.text}"
        case Requesting():
            return ""


def _spoken_approval(state: AwaitingApproval) -> str:
    if state.approved:
        return "Approved"
    warning = "" if state.host_is_known else f" {host(state)}"
    if state.is_retrying_exchange:
        return f"{approval(state)[0]}. {trouble(state)}"
    if state.in_browser:
        return f"Continue in your browser. It comes back here by itself.{warning}"
    return f"Your code is {spoken_code(state.user_code)}. Approve it in your browser.{warning}"


def spoken_count(state: State, before: float | None, after: float | None) -> str:
    """What a screen reader says when the countdown of `state` goes from `before` to `after`.

    A token that renews itself runs out without a word, unless its renewal fails.
    """
    if isinstance(state, SignedIn):
        if state.renewable and state.trouble is None:
            return ""
        if before and after == 0:
            return LAPSED if state.renewable else EXPIRED
    return spoken_mark(before, after)


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


def spoken_trouble(state: SignedIn, at: datetime) -> str:
    """What a screen reader says when a renewal fails for the first time."""
    return f"{renewal_status(state, at)}. {not_renewed(state, at)}"


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


def trouble(state: AwaitingApproval) -> str:
    """Why the last question brought no answer, and that this is no end; empty for no trouble."""
    if state.trouble is None:
        return ""
    goes_on = "Your code stays valid: asking again by itself."
    if state.in_browser:
        goes_on = "It is tried again by itself while your approval lasts."
    return f"{_advice_for(state.trouble).title}. {goes_on}"


def not_saved(error: Exception) -> str:
    """Why the token is not in the keyring, what follows from that, and what would help."""
    advice = _advice_for(error)
    follows = "The token is not saved: it is gone when you quit."
    return " ".join(filter(None, (f"{advice.title}. {follows}", advice.help)))


def still_not_saved(error: Exception) -> str:
    """What came of trying to save it again: the same."""
    from desktop.services.secrets.keystore import KeyringMissing

    return "Still no keyring" if isinstance(error, KeyringMissing) else _advice_for(error).title


def facts(error: Exception | None) -> str:
    """What support asks for about `error`; empty for nothing."""
    return "" if error is None else _advice_for(error).facts


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
    from desktop.services.wording.messages import advice_for

    return advice_for(error, user_code=user_code)

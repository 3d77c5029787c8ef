"""Texts of the window for a state at an instant: pure functions, no Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.services.model.states import (
    AwaitingApproval,
    Failed,
    Locked,
    Requesting,
    SignedIn,
    SignedOut,
    State,
)
from desktop.services.system.translation import translatable, translate, translate_plural
from desktop.services.wording.formats import (
    format_countdown,
    format_duration,
    format_seconds,
    format_time,
    format_values,
    join_sentences,
    with_title,
)
from desktop.services.wording.sign_out_texts import signed_out_message
from desktop.services.wording.spoken import spoken_code, spoken_mark
from desktop.ui.wording.update_timing import COUNTED_IN_DAYS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from desktop.services.model.copy_formats import CopyFormat
    from desktop.services.model.profile import Profile
    from desktop.services.model.scopes import ScopeDescription
    from desktop.services.wording.messages import Advice

EXPIRED = translatable("Your token has expired. Sign in again.")
LAPSED = translatable("Your token has expired. Copy it to get a fresh one.")
BROWSER_OPENED = translatable("Browser opened. Waiting for you to approve.")
LOCKED = translatable("XDR Login is locked")
KEPT_BACK = translatable("Programs can't get your tokens until you unlock.")
UNATTENDED = translatable("This profile is unattended: programs can still get its token.")
_WARNING_SIGN = "\N{WARNING SIGN}\N{VARIATION SELECTOR-15}"  # as text, not in color
_SHORTEST_USER = 12  # characters
_MINUTE, _DAY = 60.0, 86400.0  # seconds
_MOST_MISSING = 20  # scopes in a sentence

ENDING_SHARE = 0.2  # the ring changes color below this share of the lifetime


def locked_text(state: Locked) -> str:
    """What is locked: a text to translate."""
    return UNATTENDED if state.unattended else KEPT_BACK


def unlock_problem(state: Locked) -> str:
    """Why it is still locked, if somebody tried to unlock."""
    return _advice_for(state.error).title if state.error is not None else ""


def approval(state: AwaitingApproval) -> tuple[str, str]:
    """What to do now: a title and a line below it."""
    if state.is_retrying_exchange:
        return (
            translate("Approved in your browser"),
            translate("You'll be signed in when the server is back."),
        )
    if state.in_browser:
        return (
            translate("Continue in your browser"),
            translate("Finish signing in there. This window updates automatically."),
        )
    return (
        translate("Approve this sign-in in your browser"),
        translate("Check that the page shows this code, then approve."),
    )


def approval_in_browser(state: AwaitingApproval) -> tuple[str, str]:
    """The same once the browser was opened."""
    if state.in_browser:
        return (
            translate("Waiting for you to sign in"),
            translate("Browser opened. Finish signing in there."),
        )
    return (
        translate("Waiting for you to approve"),
        translate("Browser opened, code copied. Check that the codes match."),
    )


def browser_failure(state: AwaitingApproval) -> tuple[str, str]:
    """The same if no browser could be opened."""
    if state.in_browser:
        text = translate("Copy the link, and open it in a browser on this computer.")
    else:
        text = translate("Copy the link, and open it in any browser.")
    return translate("Couldn't open a browser"), text


def waiting(state: AwaitingApproval) -> str:
    """The heading above the time that is left."""
    if state.is_retrying_exchange:
        return translate("Waiting for the server")
    return translate("Approved") if state.approved else translate("Waiting for approval")


def caution(state: AwaitingApproval) -> str:
    """A warning against approving somebody else's sign-in."""
    if state.in_browser:
        return translate("Only approve a sign-in that you started.")
    return translate("Never approve a code that someone sent you.")


def code_lifetime(state: AwaitingApproval, at: datetime) -> tuple[str, float]:
    """How long the code lives, as text and as a share of its lifetime."""
    left = min(state.lifetime, max(0.0, (state.expires_at - at).total_seconds()))
    time = format_countdown(left)
    text = (
        translate("{time} left", time=time)
        if state.in_browser
        else translate("Code expires in {time}", time=time)
    )
    return text, left / state.lifetime


def spoken_code_lifetime(state: AwaitingApproval, at: datetime) -> str:
    """How long the code lives, for a screen reader: in minutes, so that it rarely changes."""
    left = max(0.0, (state.expires_at - at).total_seconds())
    time = _whole_minutes(left)
    if state.in_browser:
        return translate("{time} left", time=time)
    return translate("Code expires in {time}", time=time)


def polling_status(state: AwaitingApproval, at: datetime) -> str:
    """What happens next; empty while nothing needs to be said."""
    left = (state.next_at - at).total_seconds()
    if state.approved:
        return translate("Approved. Saving the token in your keyring.")
    if state.is_retrying_exchange:
        return (
            translate("Retrying in {wait}.", wait=short_wait(left))
            if left > 0
            else translate("Retrying now.")
        )
    if state.in_browser:
        return translate("Use a browser on this computer.")
    if state.trouble is None:
        return ""
    return (
        translate("Checking again in {wait}.", wait=short_wait(left))
        if left > 0
        else translate("Checking for your approval…")
    )


def short_wait(seconds: float) -> str:
    """A short wait: "3 s", or a countdown from a minute on."""
    if seconds >= 60:
        return format_countdown(seconds)
    return format_seconds(max(1, -int(-seconds // 1)))


def ring(state: SignedIn, at: datetime) -> tuple[str, str, float, str]:
    """The countdown, the line below it, the share that is left, and the color token."""
    left, lifetime = state.remaining(at), state.lifetime
    if left is None or lifetime is None:
        return "∞", translate("doesn't expire"), 1.0, "good"
    if left == 0:
        return "0:00", translate("expired"), 0.0, "bad"
    # After this computer's clock was set back, more may be left than the token's whole lifetime.
    share = left / max(left, lifetime)
    return (
        _countdown_or_days(left),
        translate("until it expires"),
        share,
        "ending" if share < ENDING_SHARE else "good",
    )


def spoken_ring(state: SignedIn, at: datetime) -> str:
    """The ring for a screen reader: in minutes, so that it rarely changes."""
    _, text, _, _ = ring(state, at)
    left = state.remaining(at)
    if not left:
        return text
    return translate("{time} {until}", time=_whole_minutes(left), until=text)


def _whole_minutes(seconds: float) -> str:
    return format_duration(max(1, seconds // _MINUTE) * _MINUTE)


def _countdown_or_days(left: float) -> str:
    if left < COUNTED_IN_DAYS:  # hours and minutes would not fit the ring either
        return format_countdown(left)
    return translate_plural("{count} day", "{count} days", int(left // _DAY))


def renewal_status(state: SignedIn, at: datetime) -> str:
    """What happens to the token next; empty for one that never expires."""
    if state.signing_out:
        return translate("Signing out…")
    if state.renewing:
        return translate("Renewing…")
    if state.trouble is not None:
        return _renewal_trouble(state, state.trouble, at)
    return _outlook(state, at)


def _renewal_trouble(state: SignedIn, trouble: Exception, at: datetime) -> str:
    problem = _advice_for(trouble).title
    if state.next_at is None:
        return translate("Couldn't renew. {problem}.", problem=problem)
    left = (state.next_at - at).total_seconds()
    if left <= 0:
        return translate("Couldn't renew. {problem}. Retrying now.", problem=problem)
    return translate(
        "Couldn't renew. {problem}. Retrying in {wait}.", problem=problem, wait=short_wait(left)
    )


def _outlook(state: SignedIn, at: datetime) -> str:
    left = state.remaining(at)
    if left is None:
        return ""
    if not state.renewable:
        return (
            translate("No refresh token issued. Sign in again when your token expires.")
            if left
            else translate("Expired. Sign in again.")
        )
    if state.is_quota_low:
        return translate(
            "Paused: over half of your organization's hourly requests are used. Renews when you "
            "copy the token."
        )
    if left == 0:
        return translate("Paused to save requests. Copy to get a fresh token.")
    if state.renews_at is None:
        return translate("Paused. Renews when you copy the token.")
    return translate("Renews automatically")


def why_not_renew(state: SignedIn) -> str:
    """Why the token cannot be renewed by hand now; empty if it can."""
    if state.signing_out:
        return translate("You are being signed out.")
    if state.renewing:
        return translate("The token is being renewed.")
    if not state.renewable:
        return translate("This server issued no refresh token. Sign in again to get a new token.")
    return ""


def not_renewed(state: SignedIn, at: datetime) -> str:
    """What to do about a renewal that fails, and how long there is time; empty for no trouble."""
    if state.trouble is None:
        return ""
    advice = _advice_for(state.trouble).text
    if not state.remaining(at) or state.expires_at is None:
        return advice
    return translate(
        "{advice} Your token stays valid until {time}.",
        advice=advice,
        time=format_time(state.expires_at, now=at),
    )


_CLOCK_TOLERANCE = 60.0  # seconds that no program minds


def clock_warning(state: SignedIn) -> str:
    """That this computer's clock is wrong, and what to do; empty if it is right enough."""
    if abs(state.clock_offset) <= _CLOCK_TOLERANCE:
        return ""
    off_by = format_duration(abs(state.clock_offset))
    if state.clock_offset > 0:
        return translate(
            "Your clock is {duration} fast. Turn on automatic time in your system settings, or "
            "programs may reject valid tokens.",
            duration=off_by,
        )
    return translate(
        "Your clock is {duration} slow. Turn on automatic time in your system settings, or "
        "programs may reject valid tokens.",
        duration=off_by,
    )


def scope_summary(granted: int, high_impact: int) -> str:
    """How many scopes there are, and how many deserve a second look."""
    if not high_impact:
        return translate_plural("{count} scope", "{count} scopes", granted)
    return translate_plural(
        "{count} scope, {sensitive} sensitive",
        "{count} scopes, {sensitive} sensitive",
        granted,
        sensitive=high_impact,
    )


def scope_meaning(scope: ScopeDescription) -> str:
    """What a scope allows, with a sign if it deserves a second look."""
    return f"{_WARNING_SIGN} {scope.text}" if scope.high_impact else scope.text


def more_scopes(count: int) -> str:
    """How many scopes only the details page shows."""
    return translate_plural("{count} more in Details", "{count} more in Details", count)


def missing_scopes(missing: list[str]) -> str:
    """The scopes that were requested and not granted."""
    scopes = format_values(missing[:_MOST_MISSING])
    if len(missing) <= _MOST_MISSING:
        return translate("Requested but not granted: {scopes}", scopes=scopes)
    return translate_plural(
        "Requested but not granted: {scopes} and {count} more",
        "Requested but not granted: {scopes} and {count} more",
        len(missing) - _MOST_MISSING,
        scopes=scopes,
    )


def announcement(state: State, at: datetime) -> str:
    """What a screen reader says when `state` comes up; empty for what is not worth saying."""
    match state:
        case AwaitingApproval():
            return _spoken_approval(state)
        case SignedIn():
            return translate(EXPIRED) if state.is_over(at) else _spoken_sign_in(state)
        case SignedOut():
            return signed_out_message(state) or translate("Signed out")
        case Failed():
            advice = _advice_for(state.error, state.user_code)
            return advice.message
        case Locked():
            problem = unlock_problem(state)
            return with_title(problem or translate(LOCKED), translate(locked_text(state)))
        case Requesting():
            return ""


def _spoken_sign_in(state: SignedIn) -> str:
    text = (
        translate("Signed in as {user}.", user=state.user)
        if state.user
        else translate("You're signed in.")
    )
    return text if state.save_error is None else join_sentences(text, not_saved(state.save_error))


def _spoken_approval(state: AwaitingApproval) -> str:
    if state.approved:
        return translate("Approved")
    if state.is_retrying_exchange:
        return with_title(approval(state)[0], trouble(state))
    if state.in_browser:
        text = translate("Continue in your browser. This window updates automatically.")
    else:
        text = translate(
            "Your code is {code}. Approve it in your browser.", code=spoken_code(state.user_code)
        )
    return text if state.host_is_known else join_sentences(text, host(state))


def spoken_count(state: State, before: float | None, after: float | None) -> str:
    """What a screen reader says when the countdown of `state` goes from `before` to `after`.

    A token that renews automatically expires without a word, unless its renewal fails.
    """
    if isinstance(state, SignedIn):
        if state.renewable and state.trouble is None:
            return ""
        if before and after == 0:
            can_renew = state.renewable and not state.is_renewal_refused
            return translate(LAPSED if can_renew else EXPIRED)
    return spoken_mark(before, after)


def spoken_trouble(state: SignedIn, at: datetime) -> str:
    """What a screen reader says when a renewal fails for the first time."""
    return join_sentences(renewal_status(state, at), not_renewed(state, at))


def client(profile: Profile) -> str:
    return translate("Client ID {client_id}", client_id=profile.client_id)


def host(state: AwaitingApproval) -> str:
    """Where the link leads, with a warning if that is not a host of the profile."""
    if state.host_is_known:
        return translate("{host} · matches your profile", host=state.host)
    return translate(
        "This link goes to {host}, which isn't the server in your profile. Continue only if your "
        "administrator told you to.",
        host=state.host,
    )


def trouble(state: AwaitingApproval) -> str:
    """Why the last request failed, and that the sign-in goes on; empty for no trouble."""
    if state.trouble is None:
        return ""
    problem = _advice_for(state.trouble).title
    if state.in_browser:
        return translate("{problem}. Retrying until your approval expires.", problem=problem)
    return translate(
        "{problem}. Your code is still valid. Retrying automatically.", problem=problem
    )


def not_saved(error: Exception) -> str:
    """Why the token is not in the keyring, what that means, and what would help."""
    advice = _advice_for(error)
    text = translate(
        "{problem}. Your token isn't saved, so you'll have to sign in again after you quit.",
        problem=advice.title,
    )
    return join_sentences(text, advice.help)


def still_not_saved(error: Exception) -> str:
    """Why saving the token failed again."""
    from desktop.services.secrets.keystore import KeyringMissing

    if isinstance(error, KeyringMissing):
        return translate("Still no keyring")
    return _advice_for(error).title


def facts(error: Exception | None) -> str:
    """What support asks for about `error`; empty for no error."""
    return "" if error is None else _advice_for(error).facts


COPYING_TITLE = translatable("Copy token")
COPYING = translatable("Copying the token…")
PRESS_TO_COPY = translatable(
    "Click Copy. Your desktop needs a click before an app can use the clipboard."
)
COPY_REFUSED = translatable("Your desktop didn't accept the copy. Click Copy to try again.")
CLIPBOARD_REFUSED_TITLE = translatable("The clipboard didn't accept the token")
CLIPBOARD_REFUSED = translatable("Another program may be using the clipboard. Try again.")


def called_service(service: str) -> str:
    """Say which API service a copied command calls."""
    return translate("API service: {service}", service=service)


def copied(clear_after: float) -> str:
    """That the token is on the clipboard, and for how many seconds."""
    return translate("Copied. Clears in {wait}", wait=format_seconds(clear_after))


def copied_as(copy_format: CopyFormat) -> str:
    """What was copied."""
    return translate("{format} copied", format=translate(copy_format.value))


def copied_until_cleared(copied: str, seconds: float) -> str:
    """The same, and how long it stays on the clipboard."""
    return translate("{copied} · clears in {wait}", copied=copied, wait=format_seconds(seconds))


CLIPBOARD_CLEARED = translatable("Clipboard cleared")


def sign_in(state: SignedOut, fits: Callable[[str], bool]) -> str:
    """The label of the button that signs in, again as whoever was signed in last, if it `fits`.

    If it doesn't, the end of a long name is not shown.
    """
    if not state.user:
        return translate("Sign in")
    text, user = translatable("Continue as {user}"), state.user
    whole = translate(text, user=user)
    kept = len(user)
    while not fits(whole) and kept > _SHORTEST_USER:
        kept -= 1
        whole = translate(text, user=f"{user[:kept]}…")
    return whole


def _advice_for(error: Exception, user_code: str = "") -> Advice:
    # The messages need the protocol, which is not loaded before the first paint.
    from desktop.services.wording.messages import advice_for

    return advice_for(error, user_code=user_code)

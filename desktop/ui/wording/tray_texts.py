"""Texts and looks of the tray for a state at an instant: pure functions, no Qt."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from desktop.frozen import frozen
from desktop.services.model.states import (
    AwaitingApproval,
    Failed,
    Locked,
    Requesting,
    SignedIn,
    SignedOut,
    State,
)
from desktop.services.system.translation import translate, translate_plural
from desktop.ui.wording import window_texts
from desktop.ui.wording.update_timing import COUNTED_IN_DAYS

if TYPE_CHECKING:
    from datetime import datetime

ARC_STEPS = 24
"""How finely the arc shows what is left; the icon is redrawn only when a step has passed."""

_MINUTE, _DAY = 60.0, 86400.0  # seconds
_LONGEST_NAME = 60  # characters: Windows shows 127 of a tooltip


class IconShape(Enum):
    """The shapes of the icon."""

    SIGNED_OUT = auto()
    WAITING = auto()
    SIGNED_IN = auto()
    TROUBLE = auto()
    COPIED = auto()
    LOCKED = auto()


class MenuItem(Enum):
    """The items of the menu, in the order of the menu."""

    STATE = auto()
    OPEN_BROWSER = auto()
    COPY_CODE = auto()
    COPY_TOKEN = auto()
    COPY_AS = auto()
    RENEW = auto()
    CANCEL = auto()
    SIGN_IN = auto()
    SIGN_OUT = auto()
    PROFILES = auto()
    ALL_PROFILES = auto()
    UNREADABLE = auto()
    SHOW = auto()
    OPEN = auto()
    SETTINGS = auto()
    LOCK = auto()
    UNLOCK = auto()
    QUIT = auto()


class _TokenStatus(Enum):
    """How a token is doing."""

    SIGNING_OUT = auto()
    RENEWING = auto()
    VALID = auto()
    IDLE = auto()
    EXPIRED = auto()


@frozen
class MenuLabel:
    """The text of a menu item, and whether it can be chosen."""

    text: str
    enabled: bool = True


@frozen
class Notification:
    """A notification of the desktop. It never contains a secret or the name of a user.

    Desktops may interpret it as markup, so it never contains text from a server.
    """

    title: str
    text: str


def keeps_running() -> Notification:
    """That closing the window has not ended XDR Login."""
    return Notification(
        translate("XDR Login is still running"),
        translate(
            "Look for the XDR Login icon in the tray. To quit, select Quit there, or press Ctrl+Q"
            " in the window."
        ),
    )


def token_requested() -> Notification:
    """That a program waits for an answer in the window."""
    return Notification(
        translate("Allow access to your token?"),
        translate(
            "A program requests your token. Answer in XDR Login within a minute, or access is "
            "denied."
        ),
    )


def icon_shape(state: State, at: datetime) -> tuple[IconShape, int]:
    """The shape of the icon, and how many of `ARC_STEPS` are left; 0 draws no arc."""
    match state:
        case Requesting():
            return IconShape.WAITING, 0
        case AwaitingApproval():
            return IconShape.WAITING, _steps(
                (state.expires_at - at).total_seconds(), state.lifetime
            )
        case SignedIn() if not _is_unusable(state, at):
            return IconShape.SIGNED_IN, _steps(state.remaining(at), state.lifetime)
        case SignedIn() | Failed():
            return IconShape.TROUBLE, 0
        case SignedOut():
            return IconShape.SIGNED_OUT, 0
        case Locked():
            return IconShape.LOCKED, 0


def summary(state: State, at: datetime) -> str:
    match state:
        case Requesting():
            return translate("Starting")
        case AwaitingApproval():
            return window_texts.waiting(state)
        case SignedIn():
            return _signed_in(state, at)
        case Failed():
            return _title_of(state.error)
        case SignedOut():
            return translate("Signed out")
        case Locked():
            return translate("Locked")


def row_state(state: State, at: datetime) -> tuple[str, str]:
    """What a list of profiles says of `state`, and its kind: neutral, busy, good or bad."""
    match state:
        case SignedIn(renewing=False, signing_out=False) if left := state.remaining(at):
            return time_left(left), "good"
        case SignedIn():
            return _row_of_token(state, at)
        case AwaitingApproval():
            return summary(state, at), "busy"
        case Failed():
            return summary(state, at), "bad"
        case _:
            return summary(state, at), "neutral"


def _row_of_token(state: SignedIn, at: datetime) -> tuple[str, str]:
    match _token_status(state, at):
        case _TokenStatus.IDLE:
            return translate("Renews on use"), "neutral"
        case _TokenStatus.EXPIRED:
            return summary(state, at), "bad"
        case _:
            return summary(state, at), "neutral" if state.is_expired(at) else "good"


def tooltip(name: str, state: State, at: datetime) -> str:
    """The profile called `name`, and its state."""
    # Some desktops would read tags as markup: the tray's specification allows images and links.
    plain = "".join(each for each in _shortened(name) if each not in "<>")
    return f"{plain or 'XDR Login'}\n{summary(state, at)}"


def menu_labels(
    state: State, at: datetime, *, everywhere: bool = False
) -> dict[MenuItem, MenuLabel]:
    """The menu items that apply to `state`; all others are hidden.

    With `everywhere` signing out ends the access of this app on every computer.
    """
    if isinstance(state, Locked):
        return {
            MenuItem.STATE: MenuLabel(summary(state, at), enabled=False),
            MenuItem.OPEN: MenuLabel(translate("Open XDR Login")),
            MenuItem.UNLOCK: MenuLabel(translate("Unlock")),
            MenuItem.QUIT: MenuLabel(translate("Quit")),
        }
    unavailable = _no_token_label(state, at)
    labels = {
        MenuItem.STATE: MenuLabel(summary(state, at), enabled=False),
        MenuItem.COPY_TOKEN: (
            MenuLabel(unavailable, enabled=False)
            if unavailable
            else MenuLabel(translate("Copy token"))
        ),
        MenuItem.COPY_AS: MenuLabel(translate("Copy as"), enabled=not unavailable),
        **_action_labels(state, at),
        MenuItem.OPEN: MenuLabel(translate("Open XDR Login")),
        MenuItem.SETTINGS: MenuLabel(translate("Settings…")),
        MenuItem.LOCK: MenuLabel(translate("Lock now")),
        MenuItem.QUIT: MenuLabel(translate("Quit")),
    }
    if everywhere and MenuItem.SIGN_OUT in labels:
        labels[MenuItem.SIGN_OUT] = MenuLabel(translate("Sign out everywhere…"))
    return {item: labels[item] for item in MenuItem if item in labels}


def unreadable_profiles(count: int) -> str:
    """That some profiles can't be read: the menu item that leads to them."""
    return translate_plural(
        "{count} profile can't be read…", "{count} profiles can't be read…", count
    )


def notification(before: State, state: State) -> Notification | None:
    """What to notify of when `state` follows `before` and the window can't be seen."""
    match state:
        case SignedIn() if isinstance(before, AwaitingApproval):
            return Notification(
                translate("Signed in"), translate("Your token is ready. Copy it from the tray.")
            )
        case Failed() if not isinstance(before, Failed):
            return Notification(
                _title_of(state.error), translate("Open XDR Login to see what to do.")
            )
        case _:
            return None


def renewal_failed(state: State, at: datetime) -> Notification | None:
    """That the token is about to expire and can't be renewed.

    A renewal that fails earlier is retried automatically, and nobody needs to do anything yet.
    """
    if not isinstance(state, SignedIn) or state.trouble is None:
        return None
    left = state.remaining(at)
    if left is None or left >= _MINUTE:
        return None
    problem = _title_of(state.trouble)
    if state.next_at is None:
        text = translate("{problem}. Open XDR Login to see what to do.", problem=problem)
    else:
        text = translate(
            "{problem}. Retrying automatically. Open XDR Login for details.", problem=problem
        )
    return Notification(translate("Couldn't renew your token"), text)


def of_other_profile(name: str, notification: Notification) -> Notification:
    """`notification` of the profile called `name`, which is not the one in the window."""
    # Some desktops would read these as markup.
    plain = "".join(each for each in _shortened(name) if each not in "<>&")
    title = translate("{profile}: {title}", profile=plain, title=notification.title)
    return Notification(title, notification.text)


def not_copied(problem: str) -> Notification:
    """That nothing was copied, and why: the title of an advice."""
    return Notification(
        translate("Not copied"),
        translate("{problem}. Open XDR Login for details.", problem=problem),
    )


def time_left(seconds: float) -> str:
    """What is left, rounded down to minutes: "3 h 12 min left"."""
    if seconds >= COUNTED_IN_DAYS:
        days = int(seconds // _DAY)
        return translate_plural("{count} day left", "{count} days left", days)
    hours, minutes = divmod(int(seconds // _MINUTE), 60)
    if not hours and not minutes:
        return translate("Under 1 min left")
    if not hours:
        return translate_plural("{count} min left", "{count} min left", minutes)
    if not minutes:
        return translate_plural("{count} h left", "{count} h left", hours)
    return translate("{hours} h {minutes} min left", hours=hours, minutes=minutes)


def _signed_in_for(seconds: float) -> str:
    """The same after "Signed in"."""
    if seconds >= COUNTED_IN_DAYS:
        days = int(seconds // _DAY)
        return translate_plural("Signed in, {count} day left", "Signed in, {count} days left", days)
    hours, minutes = divmod(int(seconds // _MINUTE), 60)
    if not hours and not minutes:
        return translate("Signed in, under 1 min left")
    if not hours:
        return translate_plural(
            "Signed in, {count} min left", "Signed in, {count} min left", minutes
        )
    if not minutes:
        return translate_plural("Signed in, {count} h left", "Signed in, {count} h left", hours)
    return translate("Signed in, {hours} h {minutes} min left", hours=hours, minutes=minutes)


def _signed_in(state: SignedIn, at: datetime) -> str:
    match _token_status(state, at):
        case _TokenStatus.SIGNING_OUT:
            return translate("Signing out")
        case _TokenStatus.RENEWING:
            return translate("Renewing")
        case _TokenStatus.VALID:
            left = state.remaining(at)
            return translate("Signed in, doesn't expire") if left is None else _signed_in_for(left)
        case _TokenStatus.IDLE:
            return translate("Idle, renews when copied")
        case _TokenStatus.EXPIRED if state.renewable:
            return translate("Expired, couldn't renew")
        case _:
            return translate("Expired")


def _token_status(state: SignedIn, at: datetime) -> _TokenStatus:
    """Tell how the token is doing; an expired one that can still be renewed is idle."""
    if state.signing_out:
        return _TokenStatus.SIGNING_OUT
    if state.renewing:
        return _TokenStatus.RENEWING
    if not state.is_expired(at):
        return _TokenStatus.VALID
    return _TokenStatus.IDLE if state.renewable and state.trouble is None else _TokenStatus.EXPIRED


def _action_labels(state: State, at: datetime) -> dict[MenuItem, MenuLabel]:
    sign_in = {MenuItem.SIGN_IN: MenuLabel(translate("Sign in"))}
    sign_out = {MenuItem.SIGN_OUT: MenuLabel(translate("Sign out"))}
    cancel = {MenuItem.CANCEL: MenuLabel(translate("Cancel"))}
    match state:
        case AwaitingApproval(approved=True) | SignedIn(signing_out=True):
            return {}
        case Requesting() | AwaitingApproval(is_retrying_exchange=True):
            return cancel
        case AwaitingApproval():
            return _approval_labels(state) | cancel
        case SignedIn():
            return _renew_or_sign_in(state, at) | sign_out
        case _:
            return sign_out if isinstance(state, Failed) and state.still_saved else sign_in


def _approval_labels(state: AwaitingApproval) -> dict[MenuItem, MenuLabel]:
    labels = {MenuItem.OPEN_BROWSER: MenuLabel(translate("Open browser"))}
    if not state.in_browser:
        labels[MenuItem.COPY_CODE] = MenuLabel(translate("Copy code"))
    return labels


def _renew_or_sign_in(state: SignedIn, at: datetime) -> dict[MenuItem, MenuLabel]:
    if state.renewable and state.renewing:
        return {MenuItem.RENEW: MenuLabel(translate("Renewing…"), enabled=False)}
    if state.renewable and not state.is_renewal_refused:
        return {MenuItem.RENEW: MenuLabel(translate("Renew now"))}
    if state.is_expired(at) or state.is_renewal_refused:
        return {MenuItem.SIGN_IN: MenuLabel(translate("Sign in"))}
    return {}


def _no_token_label(state: State, at: datetime) -> str:
    """Label the disabled menu item with the reason; empty if a token can be copied."""
    match state:
        case SignedIn() if state.signing_out:
            return translate("Copy token (signing out)")
        case SignedIn():
            return translate("Copy token (expired)") if state.is_over(at) else ""
        case AwaitingApproval(is_retrying_exchange=True):
            return translate("Copy token (waiting for the server)")
        case AwaitingApproval():
            return translate("Copy token (not approved yet)")
        case Requesting():
            return translate("Copy token (starting)")
        case _:
            return translate("Copy token (not signed in)")


def _is_unusable(state: SignedIn, at: datetime) -> bool:
    """Whether nothing can be copied until the user acts."""
    if state.remaining(at) != 0:
        return False
    return not state.renewable or state.trouble is not None


def _steps(left: float | None, lifetime: float | None) -> int:
    """How many steps of the arc are left: at least one before the end, all if there is no end."""
    if left is None or lifetime is None:
        return ARC_STEPS
    # After this computer's clock was set back, more may be left than the whole lifetime.
    share = left / max(left, lifetime) if left > 0 else 0.0
    return -int(-share * ARC_STEPS // 1)


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _title_of(error: Exception) -> str:
    from desktop.services.wording.messages import advice_for

    return advice_for(error).title

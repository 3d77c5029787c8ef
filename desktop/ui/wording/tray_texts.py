"""What the tray says and shows of a state at an instant: pure functions, no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from desktop.services.model.states import (
    AwaitingApproval,
    Failed,
    Requesting,
    SignedIn,
    SignedOut,
    State,
)

if TYPE_CHECKING:
    from datetime import datetime

ARC_STEPS = 24
"""How finely the arc shows what is left; the icon is drawn anew only from step to step."""

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0  # seconds
_COUNTED_IN_DAYS = 2 * _DAY  # from here on
_LATE = 0.5  # seconds after the change: a look too early would need another
_LONGEST_NAME = 60  # characters: Windows shows 127 of a tooltip


class IconShape(Enum):
    """What the icon shows, each a shape of its own."""

    SIGNED_OUT = auto()
    WAITING = auto()
    SIGNED_IN = auto()
    TROUBLE = auto()
    COPIED = auto()


class MenuItem(Enum):
    """A line of the menu, in the order of the menu."""

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
    UNREADABLE = auto()
    SHOW = auto()
    OPEN = auto()
    SETTINGS = auto()
    QUIT = auto()


@dataclass(frozen=True, slots=True)
class MenuLabel:
    """What a line of the menu says, and whether it can be chosen."""

    text: str
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Notification:
    """What is told while the window is out of sight. Never a secret, and no user's name.

    Desktops may take it for markup: the words are ours, and nothing is a server's.
    """

    title: str
    text: str


KEEPS_RUNNING = Notification(
    "XDR Login keeps running",
    "It is in the tray. To end it, choose Quit there, or press Ctrl+Q in the window.",
)

TOKEN_REQUESTED = Notification(
    "A program wants your token",
    "XDR Login asks whether it may have it. Without an answer within a minute it gets none.",
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
        case SignedIn() if _is_unusable(state, at):
            return IconShape.TROUBLE, 0
        case SignedIn():
            return IconShape.SIGNED_IN, _steps(state.remaining(at), state.lifetime)
        case Failed():
            return IconShape.TROUBLE, 0
        case SignedOut():
            return IconShape.SIGNED_OUT, 0


def summary(state: State, at: datetime) -> str:
    """Where it stands, in a line."""
    match state:
        case Requesting():
            return "Starting"
        case AwaitingApproval(is_retrying_exchange=True):
            return "Waiting for the server"
        case AwaitingApproval():
            return "Approved" if state.approved else "Waiting for approval"
        case SignedIn():
            return _signed_in(state, at)
        case Failed():
            return _title_of(state.error)
        case SignedOut():
            return "Signed out"


def tooltip(name: str, state: State, at: datetime) -> str:
    """The profile called `name`, and where it stands."""
    short = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
    return f"{short or 'XDR Login'}\n{summary(state, at)}"


def menu_labels(
    state: State, at: datetime, *, everywhere: bool = False
) -> dict[MenuItem, MenuLabel]:
    """The lines that make sense in `state`; what is not among them is not shown.

    With `everywhere` signing out ends what was granted on every computer.
    """
    reason = _why_no_token(state, at)
    token = (
        MenuLabel(f"Copy token ({reason})", enabled=False) if reason else MenuLabel("Copy token")
    )
    lines = {
        MenuItem.STATE: MenuLabel(summary(state, at), enabled=False),
        MenuItem.COPY_TOKEN: token,
        MenuItem.COPY_AS: MenuLabel("Copy as", enabled=not reason),
        **_action_labels(state, at),
        MenuItem.OPEN: MenuLabel("Open XDR Login"),
        MenuItem.SETTINGS: MenuLabel("Settings…"),
        MenuItem.QUIT: MenuLabel("Quit"),
    }
    if everywhere and MenuItem.SIGN_OUT in lines:
        lines[MenuItem.SIGN_OUT] = MenuLabel("Sign out on all computers")
    return {line: lines[line] for line in MenuItem if line in lines}


def unreadable_profiles(count: int) -> str:
    """That there are profiles which make no sense: the line that leads to them."""
    return f"{'1 profile' if count == 1 else f'{count} profiles'} cannot be read…"


def notification(before: State, state: State) -> Notification | None:
    """What a person who does not see the window must know of `state`, which follows `before`."""
    match state:
        case SignedIn() if isinstance(before, AwaitingApproval):
            return Notification("Signed in", "The token is ready to be copied from the tray.")
        case Failed() if not isinstance(before, Failed):
            return Notification(_title_of(state.error), "Open XDR Login to see what to do.")
        case _:
            return None


def renewal_failed(state: State, at: datetime) -> Notification | None:
    """That the token runs out and cannot be renewed.

    A renewal that fails earlier is tried again by itself, and nobody needs to do anything yet.
    """
    if not isinstance(state, SignedIn) or state.trouble is None:
        return None
    left = state.remaining(at)
    if left is None or left >= _MINUTE:
        return None
    see = "Open XDR Login to see more."
    if state.next_at is not None:
        see = "It is tried again by itself; open XDR Login to see more."
    return Notification("The token cannot be renewed", f"{_title_of(state.trouble)}. {see}")


def of_other_profile(name: str, news: Notification) -> Notification:
    """`news` of the profile called `name`, which is not the one in the window."""
    short = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
    # A person's own word, or an administrator's, but some desktops read markup.
    plain = "".join(each for each in short if each not in "<>&")
    return Notification(f"{plain}: {news.title}", news.text)


def is_renewal_failing(state: State) -> bool:
    """Whether a renewal is still in trouble, which is told once however often it is tried."""
    return isinstance(state, SignedIn) and (state.trouble is not None or state.renewing)


def not_copied(reason: str) -> Notification:
    """That nothing was put on the clipboard, and why: the title of an advice."""
    return Notification("Not copied", f"{reason}. Open XDR Login to see more.")


def next_change(state: State, at: datetime) -> float | None:
    """Seconds until the tray has something else to say; at least a minute apart, as a rule.

    `None` where time changes nothing.
    """
    match state:
        case AwaitingApproval():
            left: float | None = (state.expires_at - at).total_seconds()
        case SignedIn():
            left = state.remaining(at)
        case _:
            left = None
    if left is None or left <= 0:
        return None
    unit = _HOUR if left > _COUNTED_IN_DAYS else _MINUTE
    return left % unit + _LATE


def time_left(seconds: float) -> str:
    """What is left, no finer than a minute: "3 h 12 min left". There is never less than it says."""
    if seconds >= _COUNTED_IN_DAYS:
        return f"{int(seconds // _DAY)} days left"
    minutes = int(seconds // _MINUTE)
    if not minutes:
        return "less than a minute left"
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min left"
    return f"{hours} h {rest} min left" if rest else f"{hours} h left"


def _signed_in(state: SignedIn, at: datetime) -> str:
    left = state.remaining(at)
    if state.signing_out:
        return "Signing out"
    if state.renewing:
        return "Renewing"
    if left is None:
        return "Signed in, does not expire"
    if left > 0:
        return f"Signed in, {time_left(left)}"
    if not state.renewable:
        return "Expired"
    return "Cannot be renewed" if state.trouble else "Signed in, renewed at the next use"


def _action_labels(state: State, at: datetime) -> dict[MenuItem, MenuLabel]:
    sign_in, sign_out = (
        {MenuItem.SIGN_IN: MenuLabel("Sign in")},
        {MenuItem.SIGN_OUT: MenuLabel("Sign out")},
    )
    cancel = {MenuItem.CANCEL: MenuLabel("Cancel")}
    match state:
        case Requesting():
            return cancel
        case AwaitingApproval(approved=True) | SignedIn(signing_out=True):
            return {}
        case AwaitingApproval(is_retrying_exchange=True):
            return cancel
        case AwaitingApproval():
            code = {} if state.in_browser else {MenuItem.COPY_CODE: MenuLabel("Copy code")}
            return {MenuItem.OPEN_BROWSER: MenuLabel("Open browser")} | code | cancel
        case SignedIn():
            return _renew_or_sign_in(state, at) | sign_out
        case _:
            return sign_out if isinstance(state, Failed) and state.still_saved else sign_in


def _renew_or_sign_in(state: SignedIn, at: datetime) -> dict[MenuItem, MenuLabel]:
    if state.renewable:
        busy = MenuLabel("Renewing…", enabled=False)
        return {MenuItem.RENEW: busy if state.renewing else MenuLabel("Renew now")}
    return {MenuItem.SIGN_IN: MenuLabel("Sign in")} if state.is_expired(at) else {}


def _why_no_token(state: State, at: datetime) -> str:
    match state:
        case SignedIn(signing_out=True):
            return "signing out"
        case SignedIn():
            expired = state.is_expired(at) and not state.renewable
            return "it has expired" if expired else ""
        case AwaitingApproval():
            return "waiting for the server" if state.is_retrying_exchange else "not approved yet"
        case Requesting():
            return "starting"
        case _:
            return "not signed in"


def _is_unusable(state: SignedIn, at: datetime) -> bool:
    """Whether there is no token to copy, and a person must know."""
    if state.remaining(at) != 0:
        return False
    return not state.renewable or state.trouble is not None


def _steps(left: float | None, lifetime: float | None) -> int:
    """How many steps of the arc are left; one while anything is left, all where nothing ends."""
    if left is None or lifetime is None:
        return ARC_STEPS
    # A clock that was set back leaves more than there ever was.
    share = left / max(left, lifetime) if left > 0 else 0.0
    return -int(-share * ARC_STEPS // 1)


def _title_of(error: Exception) -> str:
    from desktop.services.wording.messages import advice_for

    return advice_for(error).title

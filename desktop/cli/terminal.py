"""The whole sign-in in a terminal, with the words of the window."""

import asyncio
import sys
from datetime import UTC, datetime
from io import StringIO, TextIOWrapper
from shutil import get_terminal_size
from urllib.parse import urlsplit

import segno

from desktop.cli import CANCELLED
from desktop.options import Options
from desktop.services.background import Worker
from desktop.services.computer import surroundings
from desktop.services.durations import clock_words
from desktop.services.keystore import KeystoreError
from desktop.services.logs import report_loop_error, start_logging
from desktop.services.messages import advice_for
from desktop.services.paths import log_folder
from desktop.services.profiles import Profile, ProfileError
from desktop.services.session import Session
from desktop.services.session_errors import SignedOutByServer
from desktop.services.states import AwaitingApproval, Failed, Requesting, SignedIn, State


def run(options: Options, *, why: str) -> int:
    """Sign in; gives 0 only when signed in. `why` says why there is no window."""
    start_logging(log_folder(), verbose=options.verbose)
    if isinstance(sys.stdout, TextIOWrapper):
        # A name that the terminal's encoding lacks must not end the sign-in.
        sys.stdout.reconfigure(errors="replace")
    if why:
        _say(f"{why}: signing in here, in the terminal.")
    try:
        profile = options.load_profile()
        return asyncio.run(_sign_in(profile))
    except ProfileError as error:
        _say_advice(error)
        return 1
    except KeyboardInterrupt:
        _say("\nCancelled.")
        return CANCELLED
    finally:
        options.close()


async def _sign_in(profile: Profile) -> int:
    asyncio.get_running_loop().set_exception_handler(report_loop_error)
    world = surroundings(Worker("loader"))
    states: asyncio.Queue[State] = asyncio.Queue()
    session = Session(profile, world, observer=states.put_nowait)
    session.open()
    try:
        return await _tell(session, states)
    finally:
        await session.close()


async def _tell(session: Session, states: asyncio.Queue[State]) -> int:
    shown: State | None = None
    while True:
        state = await states.get()
        match state:
            case AwaitingApproval():
                _tell_waiting(state, shown)
            case Failed():
                if not _gone_on(session, state):
                    return 1
            case SignedIn() if isinstance(shown, Requesting) and _has_expired(state):
                _replace_expired(session, state)
            case SignedIn(renewing=False):
                return _tell_signed_in(session.profile, state)
        shown = state


def _gone_on(session: Session, state: Failed) -> bool:
    """Say what failed; whether there is a way on that needs nobody's decision."""
    error = state.error
    if isinstance(error, SignedOutByServer):
        _say(f"{advice_for(error).title}: signing in again.")
        session.sign_in()
        return True
    _say_advice(error, user_code=state.user_code)
    if isinstance(error, KeystoreError):
        _say("Going on without saving the token.\n")
        session.continue_without_keyring()
        return True
    return False


def _replace_expired(session: Session, state: SignedIn) -> None:
    if state.renewable:
        _say("The saved token has expired: renewing it.")
        session.renew()
    else:
        _say("The saved token has expired: signing in again.")
        session.sign_in()


def _has_expired(state: SignedIn) -> bool:
    return state.remaining(datetime.now(UTC)) == 0


def _tell_waiting(state: AwaitingApproval, shown: State | None) -> None:
    before = shown if isinstance(shown, AwaitingApproval) else None
    shown_before = before and (before.user_code, before.link)
    if shown_before != (state.user_code, state.link):
        if state.in_browser:
            _tell_link(state)
        else:
            _tell_code(state)
    elif state.trouble is not None and before is not None and before.trouble is None:
        _say(f"{advice_for(state.trouble).title}. Your code stays valid: asking again by itself.")


def _tell_code(state: AwaitingApproval) -> None:
    _say(f"Your code:  {state.user_code}")
    _say(f"Approve it: {state.link}")
    _warn_of_host(state)
    if sys.stdout.isatty():
        _say(_qr(state.link))
    _say("Check that the page shows this code. Never approve a code that someone sent you.")
    _say(f"Waiting for approval. The code expires in {_time_left(state)}.")


def _tell_link(state: AwaitingApproval) -> None:
    port = urlsplit(state.comes_back_to).port
    _say("Open this in a browser on this computer:")
    _say(state.link)
    _warn_of_host(state)
    _say(f"It comes back to {state.comes_back_to}. From another computer, as over ssh, that is")
    _say("impossible unless its port is forwarded first; there, in another terminal:")
    _say(f"ssh -L {port}:127.0.0.1:{port} THIS-COMPUTER")
    _say(f"Waiting for approval, for {_time_left(state)}. Approve only what you started here.")


def _warn_of_host(state: AwaitingApproval) -> None:
    if not state.host_is_known:
        _say(f"Careful: {state.host} is not the host of your profile.")


def _time_left(state: AwaitingApproval) -> str:
    return clock_words((state.expires_at - datetime.now(UTC)).total_seconds())


def _tell_signed_in(profile: Profile, state: SignedIn) -> int:
    """Say how it stands; gives the exit code."""
    if state.trouble is not None and _has_expired(state):
        _say_advice(state.trouble)
        return 1
    if state.not_saved is not None:
        _say(f"{advice_for(state.not_saved).title}: the token was not saved.")
    left = state.remaining(datetime.now(UTC))
    time = "does not expire" if left is None else f"{clock_words(left)} left"
    who = f" as {state.user}" if state.user else ""
    _say(f"Signed in to {profile.name}{who} · scopes: {' '.join(state.scope) or 'none'} · {time}")
    return 0


def _say_advice(error: Exception, *, user_code: str = "") -> None:
    advice = advice_for(error, user_code=user_code)
    _say(f"{advice.title}. {advice.text}")
    if advice.facts:
        _say(f"({advice.facts})")


def _qr(link: str) -> str:
    code = segno.make_qr(link, error="l")  # a checked link always fits one
    if code.symbol_size()[0] > get_terminal_size().columns:
        return ""
    text = StringIO()
    code.terminal(text, compact=True)
    return text.getvalue()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()

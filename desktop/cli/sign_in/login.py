"""`xdr-login login`: the whole sign-in, in the terminal or for a program that reads JSON."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import click

from desktop.cli.sign_in.sign_in_output import Events, Teller, Words
from desktop.cli.terminal import PROFILE_VARIABLE
from desktop.cli.terminal.exits import Exit, reporting
from desktop.cli.terminal.output import (
    Examples,
    given_options,
    json_option,
    profile_option,
    say,
)
from desktop.cli.terminal.running_app import tell_saved
from desktop.cli.terminal.window import has_display
from desktop.options import Options
from desktop.services.model.errors import SignedOutByServer
from desktop.services.model.profile import Profile
from desktop.services.model.settings import load_settings
from desktop.services.model.states import AwaitingApproval, Failed, Requesting, SignedIn, State
from desktop.services.network.real_environment import surroundings
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.session.session import Session
from desktop.services.system.browsers import open_in, open_usual
from desktop.services.system.logs import report_loop_error, start_logging
from desktop.services.system.paths import log_folder, settings_file
from desktop.services.system.worker import Worker


@dataclass(frozen=True, slots=True)
class Wishes:
    """How to sign in. With `keep` a token that the keyring does not take is worth nothing."""

    open_browser: bool = False
    again: bool = False
    keep: bool = True


@click.command(
    cls=Examples,
    examples="""\
xdr-login login                            sign in with the first profile
xdr-login login --profile northwind        with another one
xdr-login login --no-browser               only print the link, as over ssh
xdr-login login --json | your-program      one event a line, for a program
xdr-login --demo login                     try it: nothing there is real
""",
)
@profile_option
@click.option("--again", is_flag=True, help="Sign in anew although a token is there.")
@click.option("--no-browser", is_flag=True, help="Print the link, and open no browser.")
@click.option(
    "--qr", is_flag=True, help="Print the link as a QR code, also where it goes to no terminal."
)
@json_option
@reporting
def login(*, profile: str | None, again: bool, no_browser: bool, qr: bool, as_json: bool) -> int:
    """Sign in, here in the terminal.

    It shows a code and a link, opens the link in your browser where there is one, and waits for
    your approval. The token goes into the keyring; "xdr-login token" prints it. A saved token that
    is still valid, or can be renewed, needs no new sign-in.
    """
    options = given_options()
    options.profile = profile
    wishes = Wishes(
        open_browser=not no_browser and _browser_is_here(),
        again=again,
        keep=options.demo is None,
    )
    return _run(options, Events() if as_json else Words(qr=qr), wishes)


@reporting
def sign_in_without_display(options: Options) -> int:
    """Sign in where the window was asked for and cannot be shown."""
    say("There is no display: signing in here, in the terminal.")
    options.profile = options.profile or os.environ.get(PROFILE_VARIABLE)
    return _run(options, Words(), Wishes(keep=options.demo is None))


def _run(options: Options, teller: Teller, wishes: Wishes) -> int:
    start_logging(log_folder(), verbose=options.verbose)
    try:
        profile = options.load_profile()
        return asyncio.run(sign_in(profile, teller, wishes))
    finally:
        options.close()


def _browser_is_here() -> bool:
    # Over ssh it would open on a screen that nobody looks at.
    return not os.environ.get("SSH_CONNECTION") and has_display()


async def sign_in(profile: Profile, teller: Teller, wishes: Wishes) -> int:
    """Sign `profile` in, and tell the running program; gives the exit code.

    Raises `KeyringMissing` before a code is asked for that would be approved for nothing.
    """
    asyncio.get_running_loop().set_exception_handler(report_loop_error)
    worker = Worker("loader")
    world = surroundings(worker)
    if wishes.keep:
        await worker.run(find_keyring)
    states: asyncio.Queue[State] = asyncio.Queue()
    session = Session(profile, world, observer=states.put_nowait)
    if wishes.again:
        session.sign_in()
    else:
        session.open()
    try:
        code = await _Watch(session, states, teller, wishes, worker).until_over()
    finally:
        await session.close()
    if code == Exit.OK and wishes.keep:
        await worker.run(partial(tell_saved, profile.id))
    return code


def find_keyring() -> None:
    """Raise `KeyringMissing` where there is none. Blocks: it is slow to load."""
    from desktop.services.secrets.keyring_vault import chosen_backend

    chosen_backend()


@dataclass
class _Watch:
    """Tells the states of one session, and goes on where that needs nobody's decision."""

    session: Session
    states: asyncio.Queue[State]
    teller: Teller
    wishes: Wishes
    worker: Worker
    shown: State | None = None

    async def until_over(self) -> int:
        """The exit code, once that is certain."""
        while True:
            state = await self._next()
            code = await self._told(state)
            if code is not None:
                return code
            self.shown = state

    async def _next(self) -> State:
        while True:
            try:
                async with asyncio.timeout(self.teller.redraws_every):
                    return await self.states.get()
            except TimeoutError:
                self.teller.redraw()

    async def _told(self, state: State) -> int | None:
        match state:
            case AwaitingApproval():
                await self._tell_waiting(state)
            case Failed():
                return self._tell_failed(state)
            case SignedIn() if isinstance(self.shown, Requesting) and _has_expired(state):
                self._replace_expired(state)
            case SignedIn(renewing=False):
                return self._tell_signed_in(state)
        return None

    async def _tell_waiting(self, state: AwaitingApproval) -> None:
        before = self.shown if isinstance(self.shown, AwaitingApproval) else None
        is_new = before is None or (before.user_code, before.link) != (state.user_code, state.link)
        if is_new:
            # A host that is not the profile's is for the person to judge.
            opens = self.wishes.open_browser and state.host_is_known
            self.teller.waiting(state, opens_browser=opens)
            if opens and not await self.worker.run(partial(_open_browser, state.link)):
                self.teller.note("No browser could be opened: open the link yourself.")
        elif state.trouble is not None and before is not None and before.trouble is None:
            self.teller.trouble(state.trouble)

    def _tell_failed(self, state: Failed) -> int | None:
        error = state.error
        if isinstance(error, SignedOutByServer):
            self.teller.trouble(error)
            self.session.sign_in()
        elif isinstance(error, KeystoreError) and not self.wishes.keep:
            self.teller.trouble(error)
            self.session.continue_without_keyring()
        else:
            return self.teller.failed(error, user_code=state.user_code)
        return None

    def _replace_expired(self, state: SignedIn) -> None:
        if state.renewable:
            self.teller.note("The saved token has expired: renewing it.")
            self.session.renew()
        else:
            self.teller.note("The saved token has expired: signing in again.")
            self.session.sign_in()

    def _tell_signed_in(self, state: SignedIn) -> int:
        if state.trouble is not None and _has_expired(state):
            return self.teller.failed(state.trouble)
        if state.not_saved is not None:
            if self.wishes.keep:
                return self.teller.failed(state.not_saved)
            self.teller.not_saved(state.not_saved)
        self.teller.signed_in(self.session.profile, state)
        return Exit.OK


def _has_expired(state: SignedIn) -> bool:
    return state.remaining(datetime.now(UTC)) == 0


def _open_browser(link: str) -> bool:
    browser = load_settings(settings_file()).browser
    return bool(browser and open_in(browser, link)) or open_usual(link)

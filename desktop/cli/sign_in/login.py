"""`xdr-login login`: sign in from the terminal, or from a program that reads JSON."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from desktop.cli.sign_in.sign_in_output import JsonReporter, Reporter, TextReporter
from desktop.cli.terminal import PROFILE_VARIABLE
from desktop.cli.terminal.exits import Exit, handle_errors
from desktop.cli.terminal.output import (
    global_options,
    print_message,
)
from desktop.cli.terminal.running_app import notify_tokens_changed
from desktop.cli.terminal.window import has_display
from desktop.frozen import frozen
from desktop.oauth.redaction.known_secrets import KnownSecrets
from desktop.options import DemoServerFailed, Options
from desktop.services.model.errors import SignedOutByServer
from desktop.services.model.profile import Profile
from desktop.services.model.settings import load_settings
from desktop.services.model.states import AwaitingApproval, Failed, Requesting, SignedIn, State
from desktop.services.network.real_environment import real_environment
from desktop.services.secrets.indexed_keystore import require_keyring
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.secrets.profile_secrets import load_known_secrets
from desktop.services.session.session import Session
from desktop.services.system.browsers import open_default, open_in
from desktop.services.system.logs import report_loop_error, start_logging
from desktop.services.system.paths import log_folder, settings_file
from desktop.services.system.translation import translate
from desktop.services.system.worker import Worker

_ACCESSIBLE = "ACCESSIBLE"  # as other command lines with plain output have it


@frozen
class SignInOptions:
    """How to sign in. With `must_save` a token that can't be saved is a failure."""

    open_browser: bool = False
    force: bool = False
    must_save: bool = True
    names_profile: bool = False


def login(
    *,
    profile: str | None,
    again: bool,
    no_browser: bool,
    qr: bool,
    plain: bool,
    as_json: bool,
) -> int:
    options = global_options()
    options.profile = profile
    sign_in_options = SignInOptions(
        open_browser=not no_browser and _can_open_browser(),
        force=again,
        must_save=options.demo is None,
        names_profile=profile is not None,
    )
    reporter = JsonReporter() if as_json else TextReporter(qr=qr, plain=plain or _prefers_plain())
    return _run(options, reporter, sign_in_options)


@handle_errors
def sign_in_without_display(options: Options) -> int:
    print_message(translate("No display found. Signing in from the terminal."))
    options.profile = options.profile or os.environ.get(PROFILE_VARIABLE)
    reporter = TextReporter(plain=_prefers_plain())
    return _run(options, reporter, SignInOptions(must_save=options.demo is None))


def _run(options: Options, reporter: Reporter, sign_in_options: SignInOptions) -> int:
    start_logging(log_folder(), verbose=options.verbose)
    try:
        profile = options.load_profile()
        return asyncio.run(
            _while_demo_runs(options.demo_ended, sign_in(profile, reporter, sign_in_options))
        )
    finally:
        options.close()


async def _while_demo_runs(ended: Future[None] | None, signing_in: Coroutine[Any, Any, int]) -> int:
    """Sign in, unless the demo server ends before: raise `DemoServerFailed`."""
    if ended is None:
        return await signing_in
    task, end = asyncio.create_task(signing_in), asyncio.wrap_future(ended)
    either: set[asyncio.Future[Any]] = {task, end}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        return await task
    task.cancel()
    await asyncio.wait({task})
    raise DemoServerFailed from end.exception()


def _prefers_plain() -> bool:
    """Whether all output should be plain, as the environment or the settings say."""
    wish = os.environ.get(_ACCESSIBLE, "")
    return wish != "0" if wish else load_settings(settings_file()).plain_output


def _can_open_browser() -> bool:
    # Over ssh it would open on a screen that you don't see.
    return not os.environ.get("SSH_CONNECTION") and has_display()


async def sign_in(profile: Profile, reporter: Reporter, sign_in_options: SignInOptions) -> int:
    """Sign in with `profile` and notify the running app; gives the exit code.

    Raises `KeystoreError` before the sign-in starts, since its token could not be saved.
    """
    asyncio.get_running_loop().set_exception_handler(report_loop_error)
    worker = Worker("loader")
    environment = real_environment(worker)
    if sign_in_options.must_save:
        await require_keyring(profile.id)
    states: asyncio.Queue[State] = asyncio.Queue()
    # With `force` the saved tokens are not used, but the server may repeat them.
    secrets = KnownSecrets()
    if sign_in_options.force:
        secrets = await load_known_secrets(environment.keystore, profile)
    session = Session(profile, environment, observer=states.put_nowait, secrets=secrets)
    if sign_in_options.force:
        session.sign_in()
    else:
        session.open()
    try:
        code = await _SignInLoop(session, states, reporter, sign_in_options, worker).run()
    finally:
        await session.close()
    if code == Exit.OK and sign_in_options.must_save:
        await worker.run(partial(notify_tokens_changed, profile.id))
    return code


@dataclass
class _SignInLoop:
    """Reports the states of one session, and continues where you need not decide anything."""

    session: Session
    states: asyncio.Queue[State]
    reporter: Reporter
    options: SignInOptions
    worker: Worker
    shown: State | None = None

    async def run(self) -> int:
        while True:
            state = await self._next_state()
            code = await self._report(state)
            if code is not None:
                return code
            self.shown = state

    async def _next_state(self) -> State:
        while True:
            try:
                async with asyncio.timeout(self.reporter.redraw_interval):
                    return await self.states.get()
            except TimeoutError:
                self.reporter.redraw()

    async def _report(self, state: State) -> int | None:
        match state:
            case AwaitingApproval():
                await self._report_waiting(state)
            case Failed():
                return self._report_failed(state)
            case SignedIn() if isinstance(self.shown, Requesting) and state.is_expired(
                datetime.now(UTC)
            ):
                self._replace_expired(state)
            case SignedIn(renewing=False):
                return self._report_signed_in(state)
        return None

    async def _report_waiting(self, state: AwaitingApproval) -> None:
        before = self.shown if isinstance(self.shown, AwaitingApproval) else None
        is_new = before is None or (before.user_code, before.link) != (state.user_code, state.link)
        if is_new:
            # You decide whether to open a link to another host than the profile's.
            opens = self.options.open_browser and state.host_is_known
            if opens and self.reporter.waits_for_browser:
                opens = await self._open_browser(state.link)
                self.reporter.report_waiting(state, opens_browser=opens)
                return
            self.reporter.report_waiting(state, opens_browser=opens)
            if opens and not await self._open_browser(state.link):
                self.reporter.note(translate("Couldn't open a browser. Open the link yourself."))
        elif state.trouble is not None and before is not None and before.trouble is None:
            self.reporter.report_trouble(state.trouble)

    async def _open_browser(self, link: str) -> bool:
        return await self.worker.run(partial(_open_browser, link))

    def _report_failed(self, state: Failed) -> int | None:
        error = state.error
        if isinstance(error, SignedOutByServer):
            self.reporter.report_trouble(error)
            self.session.sign_in()
        elif isinstance(error, KeystoreError) and not self.options.must_save:
            self.reporter.report_trouble(error)
            self.session.continue_without_keyring()
        else:
            return self.reporter.report_failure(error, user_code=state.user_code)
        return None

    def _replace_expired(self, state: SignedIn) -> None:
        if state.renewable:
            self.reporter.note(translate("The saved token has expired. Renewing it."))
            self.session.renew()
        else:
            self.reporter.note(translate("The saved token has expired. Signing in again."))
            self.session.sign_in()

    def _report_signed_in(self, state: SignedIn) -> int | None:
        if state.trouble is not None and _has_expired(state):
            if not state.is_renewal_refused:
                return self.reporter.report_failure(state.trouble)
            self.reporter.report_trouble(state.trouble)
            self.session.sign_in()
            return None
        if state.save_error is not None:
            if self.options.must_save:
                return self.reporter.report_failure(state.save_error)
            self.reporter.report_not_saved(state.save_error)
        self.reporter.report_signed_in(
            self.session.profile, state, next_command=self._next_command()
        )
        return Exit.OK

    def _next_command(self) -> str:
        if not self.options.must_save:
            return ""  # the demo server ends with this command
        id_ = self.session.profile.id
        return (
            f"xdr-login token --profile {id_}" if self.options.names_profile else "xdr-login token"
        )


def _has_expired(state: SignedIn) -> bool:
    return state.is_expired(datetime.now(UTC))


def _open_browser(link: str) -> bool:
    browser = load_settings(settings_file()).browser
    return bool(browser and open_in(browser, link)) or open_default(link)

"""`xdr-login foreach`: run a program once for each profile, several at a time."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from desktop.cli.scripts.labeled_programs import LabeledPrograms
from desktop.cli.scripts.programs import (
    CannotStart,
    environment_for,
    find_program,
    require_variable_name,
)
from desktop.cli.scripts.token_source import SavedTokens, fetch_token_beside_others
from desktop.cli.terminal.error_reports import EXPECTED_ERRORS, error_message, exit_code
from desktop.cli.terminal.exits import Exit
from desktop.cli.terminal.output import global_options, print_message
from desktop.cli.terminal.running_app import send_command_if_running
from desktop.services.configuration.load import load_configuration
from desktop.services.model.access_token import AccessToken
from desktop.services.model.copy_formats import CopyFormat
from desktop.services.model.errors import NoToken
from desktop.services.model.profile import Profile
from desktop.services.system.translation import translate
from desktop.services.system.worker import Worker
from desktop.services.wording.formats import format_values

_STATUS_TIMEOUT = 30.0  # seconds
_SIGNED_OUT = {"signed_out", "requesting", "awaiting_approval"}


def foreach(
    *,
    profiles: tuple[str, ...],
    variable: str,
    exchange: str,
    jobs: int,
    command: tuple[str, ...],
) -> int:
    require_variable_name(variable)
    try:
        program = find_program(command[0])
    except CannotStart as error:
        print_message(str(error))
        return error.code
    before = global_options().profile
    names = profiles or ((before,) if before else ())
    programs = LabeledPrograms(program, command)
    runs = _Runs(programs, variable, exchange, has_names=bool(names))
    for_all = _named_profiles(names) if names else _signed_in_profiles(runs)
    try:
        asyncio.run(runs.run(for_all, jobs))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        programs.stop()  # again, if a second Ctrl+C has interrupted the first
    return runs.report()


def _named_profiles(names: Sequence[str]) -> list[Profile]:
    """Find all before one runs, so that a typo changes nothing; each counts once."""
    configuration = load_configuration()
    return list({each.id: each for each in map(configuration.find, names)}.values())


def _signed_in_profiles(runs: _Runs) -> list[Profile]:
    """List the profiles that may have a token, as far as that can be told without the keyring.

    A profile that cannot be read may be one of them, so it is reported.
    """
    configuration = load_configuration()
    if not configuration.good:
        configuration.find(None)  # says why there is none
    for id_, error in configuration.broken.items():
        runs.fail(id_, error)
    answer = send_command_if_running("status", timeout=_STATUS_TIMEOUT) or {}
    known = answer.get("profiles")
    statuses = [each for each in known if isinstance(each, dict)] if isinstance(known, list) else []
    signed_out = {each.get("id") for each in statuses if each.get("state") in _SIGNED_OUT}
    return [each for id_, each in configuration.good.items() if id_ not in signed_out]


@dataclass(slots=True)
class _Runs:
    """One run per profile. `has_names` says that the user named the profiles."""

    programs: LabeledPrograms
    variable: str
    exchange: str
    has_names: bool
    _codes: dict[str, int] = field(default_factory=dict)
    _fetching: set[asyncio.Task[AccessToken]] = field(default_factory=set)
    _saved: SavedTokens = field(default_factory=SavedTokens)

    async def run(self, profiles: Sequence[Profile], jobs: int) -> None:
        """Run the program for each of `profiles`, at most `jobs` at a time.

        If it is interrupted, the programs are ended, and nobody renews a token any more.
        """
        _end_at_signals()
        waiting = iter(profiles)
        count = min(jobs, len(profiles))
        slots = [asyncio.create_task(self._work_off(waiting)) for _ in range(count)]
        try:
            while slots:
                done, _ = await asyncio.wait(slots, return_when=asyncio.FIRST_EXCEPTION)
                for each in done:
                    each.result()
                    slots.remove(each)
        finally:
            for _ in waiting:  # nothing else starts
                pass
            for fetching in self._fetching:
                fetching.cancel()
            if slots:
                await Worker("stopping").run(self.programs.stop)
                await asyncio.gather(*slots, return_exceptions=True)

    async def _work_off(self, waiting: Iterator[Profile]) -> None:
        worker = Worker("program")
        for profile in waiting:
            try:
                environment = await self._environment_for(profile, worker)
            except NoToken as error:
                if self.has_names:
                    self.fail(profile.id, error)
                continue
            except EXPECTED_ERRORS as error:
                self.fail(profile.id, error)
                continue
            work = partial(self.programs.run, profile.id, environment)
            try:
                code = await worker.run(work)
            except CannotStart as error:
                self.programs.print_message(profile.id, str(error))
                code = error.code
            if self.programs.write_error is not None:
                raise self.programs.write_error
            if code is None:
                return
            self._codes[profile.id] = code

    async def _environment_for(self, profile: Profile, worker: Worker) -> dict[str, str]:
        fetching = asyncio.ensure_future(
            fetch_token_beside_others(
                profile,
                CopyFormat.ENVIRONMENT,
                saved=self._saved,
                worker=worker,
                exchange=self.exchange,
            )
        )
        self._fetching.add(fetching)
        try:
            token = await fetching
        finally:
            self._fetching.discard(fetching)
        return environment_for(profile) | {self.variable: token.access_token}

    def fail(self, label: str, error: Exception) -> None:
        """Report an expected error of one profile; its exit code counts."""
        self.programs.print_message(label, error_message(error))
        self._codes[label] = exit_code(error)

    def report(self) -> int:
        """Say which profiles failed, if there were several; gives the worst exit code."""
        if not self._codes:
            print_message(
                translate(
                    "You're not signed in to any profile. Run “xdr-login login”, then try again."
                )
            )
            return Exit.SIGN_IN_NEEDED
        failed = {label: code for label, code in self._codes.items() if code}
        if failed and len(self._codes) > 1:
            shown = [
                translate("{profile} (exit code {code})", profile=label, code=code)
                for label, code in failed.items()
            ]
            message = translate(
                "Failed for {count} of {total} profiles: {profiles}",
                count=len(failed),
                total=len(self._codes),
                profiles=format_values(shown),
            )
            print_message(message)
        return max(self._codes.values())


def _end_at_signals() -> None:
    """Let SIGTERM and SIGHUP cancel this task, as Ctrl+C does: otherwise the programs would go on.

    With a handler of its own, the event loop wakes for every signal, also for Ctrl+C. Without one,
    Python would notice a signal that comes just before the loop waits only with the next event.
    """
    if sys.platform == "win32":  # there are no such signals, and the loop wakes for Ctrl+C
        return
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None  # noqa: S101 - for the type checker

    def end() -> None:
        if task.cancelling():  # the first signal was not enough
            raise KeyboardInterrupt
        task.cancel()

    for each in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(each) is not signal.SIG_IGN:  # nohup(1)
            loop.add_signal_handler(each, end)

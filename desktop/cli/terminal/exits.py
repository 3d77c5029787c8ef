"""The exit codes, and commands that end with one."""

from __future__ import annotations

import functools
from collections.abc import Callable
from enum import IntEnum
from typing import Any, ParamSpec

import click

from desktop.cli.terminal import CANCELLED
from desktop.cli.terminal.help import CommandWithExamples
from desktop.cli.terminal.output import print_event, print_message
from desktop.cli.terminal.streams import keep_log_off_terminal
from desktop.options import DemoServerFailed
from desktop.services.system.translation import translate

P = ParamSpec("P")


class Exit(IntEnum):
    """The exit codes, documented in docs/command-line.md."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    SIGN_IN_NEEDED = 3
    FORBIDDEN = 4
    NETWORK = 5
    KEYRING = 6
    SERVER = 7
    CANCELLED = CANCELLED


def exit_code_by_name(name: str) -> Exit:
    """Choose the exit code for the name of an error; an empty name means success."""
    return Exit.FORBIDDEN if name in {"declined", "locked"} else Exit[name.upper() or "OK"]


def report_failure(code: Exit, message: str, *, as_json: bool, name: str = "") -> Exit:
    """Report a failure in the same way; gives `code`, whose name is the default for `name`."""
    if as_json:
        print_event("error", code=name or code.name.lower(), message=message)
    else:
        print_message(message)
    return code


def handle_errors(command: Callable[P, int | None]) -> Callable[P, int]:
    """Report the errors that `command` raises, as JSON if it has `as_json`; gives an exit code."""

    @functools.wraps(command)
    def reported(*args: P.args, **kwargs: P.kwargs) -> int:
        as_json = bool(kwargs.get("as_json"))
        keep_log_off_terminal()
        try:
            return command(*args, **kwargs) or Exit.OK
        except _expected_errors() as error:
            from desktop.cli.terminal.error_reports import report_error

            return report_error(error, as_json=as_json)
        except DemoServerFailed as error:
            from desktop.cli.terminal.error_reports import report_demo_failure

            return report_demo_failure(error.__cause__, as_json=as_json)
        except KeyboardInterrupt:
            canceled = translate("Canceled.")
            message = canceled if as_json else f"\n{canceled}"  # below what was being typed
            return report_failure(Exit.CANCELLED, message, as_json=as_json)

    return reported


def _expected_errors() -> tuple[type[Exception], ...]:
    from desktop.cli.terminal.error_reports import EXPECTED_ERRORS  # slow to load

    return EXPECTED_ERRORS


def command(
    examples: str,
    **given: Any,  # noqa: ANN401 - what `click.command` takes
) -> Callable[[Callable[..., int | None]], click.Command]:
    """Make a command that reports errors, and whose help ends with `examples`."""

    def make(function: Callable[..., int | None]) -> click.Command:
        decorate = click.command(cls=CommandWithExamples, examples=examples, **given)
        return decorate(handle_errors(function))

    return make

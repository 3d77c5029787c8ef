"""Commands that report errors, with the exit codes."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from enum import IntEnum
from typing import Any, ParamSpec

import click

from desktop.cli.terminal import CANCELLED
from desktop.cli.terminal.help import CommandWithExamples
from desktop.cli.terminal.output import print_event, print_message
from desktop.ipc.messages import RefusedByAgent
from desktop.options import DemoServerFailed
from desktop.services.secrets.keystore import KeyringMissing
from desktop.services.system.logs import LOGGER_NAME
from desktop.services.system.paths import log_folder
from desktop.services.system.translation import translate
from desktop.services.wording import error_codes
from desktop.services.wording.messages import Surface, advice_for

P = ParamSpec("P")

EXPECTED_ERRORS = (*error_codes.EXPECTED_ERRORS, RefusedByAgent)
"""Errors that a command reports; any other is a bug in XDR Login."""


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


def exit_code(error: Exception) -> Exit:
    return exit_code_by_name(error_code(error))


def exit_code_by_name(name: str) -> Exit:
    """Choose the exit code for the name of an error; an empty name means success."""
    return Exit.FORBIDDEN if name == "declined" else Exit[name.upper() or "OK"]


def error_code(error: Exception) -> str:
    """Give the name of an expected error in --json, from XDR Login or from here."""
    return error.code if isinstance(error, RefusedByAgent) else error_codes.error_code(error)


def error_message(error: Exception, *, user_code: str = "") -> str:
    """Describe an expected error as the window does, with options instead of form fields."""
    if isinstance(error, RefusedByAgent):
        return str(error)
    advice = advice_for(error, user_code=user_code, surface=Surface.TERMINAL)
    # Continuing without a keyring is useless here: the token would be gone with the command.
    text = advice.help if isinstance(error, KeyringMissing) else advice.text
    return "\n".join(filter(None, (f"{advice.title}. {text}", advice.facts)))


def report_error(error: Exception, *, as_json: bool = False, user_code: str = "") -> Exit:
    """Report an expected error on stderr, or as JSON on stdout; gives the exit code."""
    return report_failure(
        exit_code(error),
        error_message(error, user_code=user_code),
        as_json=as_json,
        name=error_code(error),
    )


def report_failure(code: Exit, message: str, *, as_json: bool, name: str = "") -> Exit:
    """Report a failure in the same way; gives `code`, whose name is the default for `name`."""
    if as_json:
        print_event("error", code=name or code.name.lower(), message=message)
    else:
        print_message(message)
    return code


def report_demo_failure(cause: BaseException | None, *, as_json: bool = False) -> Exit:
    """Report that the demo server failed; the cause goes to the log. Gives an exit code."""
    logging.getLogger(LOGGER_NAME).critical("crash", exc_info=cause)
    message = translate(
        "The demo server stopped because of an error. Run the command again. Log: {folder}",
        folder=log_folder(),
    )
    return report_failure(Exit.FAILURE, message, as_json=as_json)


def handle_errors(command: Callable[P, int | None]) -> Callable[P, int]:
    """Report the errors that `command` raises, as JSON if it has `as_json`; gives an exit code."""

    @functools.wraps(command)
    def reported(*args: P.args, **kwargs: P.kwargs) -> int:
        as_json = bool(kwargs.get("as_json"))
        try:
            return command(*args, **kwargs) or Exit.OK
        except EXPECTED_ERRORS as error:
            return report_error(error, as_json=as_json)
        except DemoServerFailed as error:
            return report_demo_failure(error.__cause__, as_json=as_json)
        except KeyboardInterrupt:
            canceled = translate("Canceled.")
            message = canceled if as_json else f"\n{canceled}"  # below what was being typed
            return report_failure(Exit.CANCELLED, message, as_json=as_json)

    return reported


def command(
    examples: str,
    **given: Any,  # noqa: ANN401 - what `click.command` takes
) -> Callable[[Callable[..., int | None]], click.Command]:
    """Make a command that reports errors, and whose help ends with `examples`."""

    def make(function: Callable[..., int | None]) -> click.Command:
        decorate = click.command(cls=CommandWithExamples, examples=examples, **given)
        return decorate(handle_errors(function))

    return make

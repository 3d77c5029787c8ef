"""Reports of expected errors: on stderr, or as JSON on stdout."""

from __future__ import annotations

import logging

from desktop.cli.terminal.exits import Exit, exit_code_by_name, report_failure
from desktop.ipc.messages import RefusedByAgent
from desktop.services.secrets.keystore import KeyringMissing
from desktop.services.system.logs import LOGGER_NAME
from desktop.services.system.paths import log_folder
from desktop.services.system.translation import translate
from desktop.services.wording import error_codes
from desktop.services.wording.formats import with_title
from desktop.services.wording.messages import Surface, advice_for

EXPECTED_ERRORS = (*error_codes.EXPECTED_ERRORS, RefusedByAgent)
"""Errors that a command reports; any other is a bug in XDR Login."""


def exit_code(error: Exception) -> Exit:
    return exit_code_by_name(error_code(error))


def error_code(error: Exception) -> str:
    """Give the name of an expected error in --json, from XDR Login or from here."""
    return error.code if isinstance(error, RefusedByAgent) else error_codes.error_code(error)


def error_message(error: Exception, *, user_code: str = "") -> str:
    """Describe an expected error as the window does, with options instead of form fields."""
    if isinstance(error, RefusedByAgent):
        return with_title(error.title, error.text)
    advice = advice_for(error, user_code=user_code, surface=Surface.TERMINAL)
    # Continuing without a keyring is useless here: the token would be gone with the command.
    text = advice.help if isinstance(error, KeyringMissing) else advice.text
    return "\n".join(filter(None, (with_title(advice.title, text), advice.facts)))


def report_error(error: Exception, *, as_json: bool = False, user_code: str = "") -> Exit:
    """Report an expected error on stderr, or as JSON on stdout; gives the exit code."""
    return report_failure(
        exit_code(error),
        error_message(error, user_code=user_code),
        as_json=as_json,
        name=error_code(error),
    )


def report_demo_failure(cause: BaseException | None, *, as_json: bool = False) -> Exit:
    """Report that the demo server failed; the cause goes to the log. Gives an exit code."""
    logging.getLogger(LOGGER_NAME).critical("crash", exc_info=cause)
    message = translate(
        "The demo server stopped because of an error. Run the command again. Log: {folder}",
        folder=log_folder(),
    )
    return report_failure(Exit.FAILURE, message, as_json=as_json)

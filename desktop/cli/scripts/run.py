"""`xdr-login run`: run a program with a token in its environment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import NoReturn

from desktop.cli.scripts.programs import (
    CannotStart,
    environment_for,
    find_program,
    leave_bundle,
    refused_start,
    require_variable_name,
)
from desktop.cli.scripts.token_source import fetch_token_in_format
from desktop.cli.terminal.output import print_message
from desktop.services.configuration.load import load_configuration
from desktop.services.model.copy_formats import CopyFormat

supports_exec: bool = sys.platform != "win32"
"""Whether the program can replace this process; on Windows it runs as a child."""


def run(*, profile: str | None, variable: str, exchange: str, command: tuple[str, ...]) -> int:
    require_variable_name(variable)
    try:
        program = find_program(command[0])
        chosen = load_configuration().find(profile)
        token = fetch_token_in_format(chosen, CopyFormat.ENVIRONMENT, exchange=exchange)
        environment = environment_for(chosen) | {variable: token.access_token}
        start = _exec if supports_exec else _run_as_child
        try:
            return start(program, command, environment)
        except OSError as error:
            raise refused_start(command[0], error) from error
    except CannotStart as error:
        print_message(str(error))
        return error.code


def _exec(program: str, command: Sequence[str], environment: dict[str, str]) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    if sys.platform != "win32":
        # Python ignores these signals, and the program would inherit that.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    os.execve(program, list(command), environment)  # noqa: S606 - without a shell


def _run_as_child(program: str, command: Sequence[str], environment: dict[str, str]) -> int:
    leave_bundle()
    with subprocess.Popen(  # noqa: S603 - without a shell
        list(command), executable=program, env=environment
    ) as child:
        # Ctrl-C reaches both; the exit code of the child counts.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            return child.wait()
        finally:
            signal.signal(signal.SIGINT, before)

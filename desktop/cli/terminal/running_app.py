"""Requests of commands to the running app, if there is one."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from desktop.ipc.client import NoAnswer, NotRunning, send_command
from desktop.ipc.messages import RefusedByAgent
from desktop.services.system.translation import translate

if TYPE_CHECKING:
    from desktop.ipc.messages import Members


def send_command_if_running(command: str, *, timeout: float, **members: object) -> Members | None:
    """Send `command`; `None` if XDR Login is not running or does not answer within `timeout`.

    Raises `RefusedByAgent`.
    """
    try:
        return send_command(command, timeout=timeout, **members)
    except (NotRunning, NoAnswer):
        return None


def notify_tokens_changed(profile_id: str) -> None:
    """Make the running app reload the tokens of a profile, which changed here."""
    with suppress(RefusedByAgent):
        send_command_if_running("saved", timeout=5.0, profile=profile_id)


def notify_profiles_changed() -> None:
    """Make the running app reload the profiles, which changed here."""
    with suppress(RefusedByAgent):
        send_command_if_running("profiles_changed", timeout=5.0)


def report_pending_permission() -> None:
    """Say on stderr if XDR Login is waiting for your permission."""
    with suppress(RefusedByAgent):
        answer = send_command_if_running("questions", timeout=5.0)
        if answer is not None and answer.get("asking") is True and sys.stderr is not None:
            notice = translate("Waiting for your permission. Answer in the XDR Login window.")
            sys.stderr.write(f"{notice}\n")
            sys.stderr.flush()


def sign_out_in_app(profile_id: str | None) -> tuple[Members, ...] | None:
    """Make the running app sign out of one profile, or of all, and give its reports.

    `None` if it is not running. Raises `RefusedByAgent`.
    """
    answer = send_command_if_running(
        "sign_out", timeout=60.0, profile=profile_id, all=profile_id is None
    )
    if answer is None:
        return None
    reports = answer.get("signed_out")
    if not isinstance(reports, list):
        return ()
    return tuple(each for each in reports if isinstance(each, dict))

"""Records who got a token from a command, without the running app."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from desktop.services.model.access_token import AccessToken
from desktop.services.session.audit.session_audit import NOT_ASKED, SessionAudit
from desktop.services.system.processes import find_program
from desktop.services.wording.error_codes import EXPECTED_ERRORS

if TYPE_CHECKING:
    from desktop.services.audit.audit_log import AuditLog
    from desktop.services.model.profile import Profile


def record(
    profile: Profile, outcome: AccessToken | Exception, log: AuditLog, *, exchange: str
) -> None:
    """Record that the program that started this process got a token, or why not. Blocks.

    An error that is a bug is left to the crash report.
    """
    audit = SessionAudit(profile, log)
    if isinstance(outcome, AccessToken):
        program = find_program(os.getpid())
        audit.note_handed_out(outcome, program, consent=NOT_ASKED, exchange=exchange)
    elif isinstance(outcome, EXPECTED_ERRORS):
        audit.note_not_handed_out(outcome, find_program(os.getpid()))
    log.wait()  # what runs next may replace this process

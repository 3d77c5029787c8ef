"""The unified log of macOS, which takes in what is written with syslog(3)."""

from __future__ import annotations

import sys

from desktop.services.audit.record import IDENTIFIER, Record


class UnifiedLog:
    """The unified log. Lines longer than 1 KB may be cut off; what matters most comes first."""

    name = "macOS unified log"

    def is_available(self) -> bool:
        return True

    def write(self, record: Record) -> None:
        if sys.platform != "win32":  # for the type checker
            import syslog

            syslog.openlog(IDENTIFIER, syslog.LOG_PID, syslog.LOG_AUTHPRIV)
            syslog.syslog(int(record.kind.severity), record.as_json())

"""Writes events to the log of the operating system, in a thread, and counts those that are lost."""

from __future__ import annotations

import logging
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from desktop.services.model.settings import load_settings
from desktop.services.system.paths import settings_file

if TYPE_CHECKING:
    from desktop.services.audit.record import SystemLog
    from desktop.services.model.audit import AuditEvent
    from desktop.services.model.policy import Policy

_log = logging.getLogger(__name__)

MOST_WAITING = 1000
"""How many events wait to be written; more are counted as lost."""


class AuditLog:
    """Records events while the setting `audit`, or the policy that locks it, is "system".

    `read_setting` returns the user's own choice. `logs` are tried in order.

    The thread ends when nothing is left to write, and Python waits for it before it exits: a
    command that has just given a token away leaves its event behind.
    """

    def __init__(
        self,
        read_setting: Callable[[], str] = lambda: "off",
        *,
        logs: Callable[[], Sequence[SystemLog]] | None = None,
    ) -> None:
        self._read_setting = read_setting
        self._find_logs = cache(logs or system_logs)
        self._lock = threading.Lock()
        self._waiting: deque[tuple[AuditEvent, datetime]] = deque()
        self._overflow = 0
        self._thread: threading.Thread | None = None

    def is_on(self, policy: Policy) -> bool:
        """Whether events are recorded under `policy`."""
        setting = policy.settings.get("audit")
        return (self._read_setting() if setting is None else setting) == "system"

    def record(self, event: AuditEvent, policy: Policy) -> None:
        """Queue `event` if events are recorded under `policy`. Never blocks."""
        if not self.is_on(policy):
            return
        with self._lock:
            if len(self._waiting) >= MOST_WAITING:
                self._overflow += 1
                return
            self._waiting.append((event, datetime.now(UTC)))
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_all, name="audit")
                self._thread.start()

    def wait(self) -> None:
        """Return when everything is written. Blocks."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def _write_all(self) -> None:
        # Loaded here: most programs have nothing to record.
        from desktop.services.audit import lost_events

        while True:
            with self._lock:
                overflow, self._overflow = self._overflow, 0
                waiting = self._waiting.popleft() if self._waiting else None
                if waiting is None and not overflow:
                    self._thread = None
                    return
            if waiting is not None:
                self._write(*waiting)
            if overflow:
                lost_events.add(overflow)

    def _write(self, event: AuditEvent, at: datetime) -> None:
        from desktop.services.audit import lost_events
        from desktop.services.model.audit import AuditEvent
        from desktop.services.model.audit_kinds import EVENTS_LOST

        if not self._try_write(event, at):
            lost_events.add(1)
        elif count := lost_events.take():
            lost = AuditEvent(EVENTS_LOST, lost=count)
            if not self._try_write(lost, at):
                lost_events.add(count)

    def _try_write(self, event: AuditEvent, at: datetime) -> bool:
        from desktop.services.audit.record import Record

        record = Record(event.kind, event.members(at=at, user=_user_name()))
        for each in self._find_logs():
            try:
                each.write(record)
            except OSError as error:
                _log.debug("event not written: %s: %s", each.name, error)
            else:
                return True
        return False


def user_audit_log() -> AuditLog:
    """Make the audit log of a command, which reads the settings once it has something to record."""
    return AuditLog(cache(lambda: load_settings(settings_file()).audit))


def system_logs() -> Sequence[SystemLog]:
    """Return the logs of this system, the best first."""
    if sys.platform == "win32":
        from desktop.services.audit.windows_log import EventLog

        return (EventLog(),)
    if sys.platform == "darwin":
        from desktop.services.audit.macos_log import UnifiedLog

        return (UnifiedLog(),)
    from desktop.services.audit.unix_logs import Journal, Syslog

    return (Journal(), Syslog())


@cache
def _user_name() -> str:
    """Return the name of the account, or its number where it has none. May ask a directory."""
    if sys.platform == "win32":
        import getpass

        try:
            return getpass.getuser()
        except (ImportError, OSError):  # neither a variable nor a database of accounts
            return ""
    import os
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())

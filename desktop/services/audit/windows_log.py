"""The Application log of Windows."""

from __future__ import annotations

import sys

from desktop.services.audit.record import Record
from desktop.services.model.audit_kinds import Severity

SOURCE = "XDR Login"
_WARNING, _INFORMATION = 2, 4


class EventLog:
    """The Application log, with the source that the installers for all users register.

    Without it the events are written too, but Event Viewer says that their description is missing.
    """

    name = "Windows Event Log"

    def is_available(self) -> bool:
        return True

    def write(self, record: Record) -> None:
        """Write the sentence, and the members as JSON in a second string; raises `OSError`."""
        if sys.platform == "win32":  # for the type checker
            import ctypes
            from ctypes import wintypes

            library = ctypes.WinDLL("advapi32", use_last_error=True)
            library.RegisterEventSourceW.argtypes = (wintypes.LPCWSTR, wintypes.LPCWSTR)
            library.RegisterEventSourceW.restype = wintypes.HANDLE
            library.DeregisterEventSource.argtypes = (wintypes.HANDLE,)
            library.ReportEventW.argtypes = (
                wintypes.HANDLE,
                wintypes.WORD,
                wintypes.WORD,
                wintypes.DWORD,
                wintypes.LPVOID,
                wintypes.WORD,
                wintypes.DWORD,
                ctypes.POINTER(wintypes.LPCWSTR),
                wintypes.LPVOID,
            )
            strings = (wintypes.LPCWSTR * 2)(record.message, record.as_json())
            source = library.RegisterEventSourceW(None, SOURCE)
            if not source:
                raise ctypes.WinError(ctypes.get_last_error())
            try:
                kind, code = event_type(record.kind.severity), record.kind.code
                if not library.ReportEventW(source, kind, 0, code, None, 2, 0, strings, None):
                    raise ctypes.WinError(ctypes.get_last_error())
            finally:
                library.DeregisterEventSource(source)


def event_type(severity: Severity) -> int:
    """Return the type of event of Windows for a severity."""
    return _WARNING if severity <= Severity.WARNING else _INFORMATION

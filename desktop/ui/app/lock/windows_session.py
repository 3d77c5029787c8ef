"""What Windows tells a window about the session and about sleep.

A hidden window of its own: a native event filter of Qt would run Python code for every event.
"""

from __future__ import annotations

import ctypes as platform_ctypes
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ctypes: Any = platform_ctypes  # the type checker may run on another platform

_log = logging.getLogger(__name__)

_MESSAGES_ONLY = -3  # HWND_MESSAGE
_THIS_SESSION = 0  # NOTIFY_FOR_THIS_SESSION
_TO_WINDOW = 0  # DEVICE_NOTIFY_WINDOW_HANDLE
_SESSION_CHANGE, _POWER = 0x02B1, 0x0218  # WM_WTSSESSION_CHANGE, WM_POWERBROADCAST
_SUSPEND = 4  # PBT_APMSUSPEND
_CONSOLE_DISCONNECT, _REMOTE_DISCONNECT, _LOCK, _UNLOCK = 2, 4, 7, 8


class WindowsSession:
    """Calls back on the thread that made it, while that runs Qt's event loop."""

    def __init__(
        self,
        *,
        screen_changed: Callable[[bool], object],
        left: Callable[[], object],
        sleeping: Callable[[], object],
    ) -> None:
        self._session_changes: dict[int, Callable[[], object]] = {
            _LOCK: lambda: screen_changed(True),
            _UNLOCK: lambda: screen_changed(False),
            _CONSOLE_DISCONNECT: left,
            _REMOTE_DISCONNECT: left,
        }
        self._sleeping = sleeping
        self._user, self._terminal = ctypes.WinDLL("user32"), ctypes.WinDLL("wtsapi32")
        self._declare()
        self._procedure = self._kind(self._on_message)  # Windows keeps only its address
        self.handle = self._make_window()
        self._terminal.WTSRegisterSessionNotification(self.handle, _THIS_SESSION)
        self._power = self._user.RegisterSuspendResumeNotification(self.handle, _TO_WINDOW)
        if not self.handle or not self._power:
            _log.info("cannot watch the session: error %s", ctypes.GetLastError())

    def close(self) -> None:
        """Stop watching."""
        if self._power:
            self._user.UnregisterSuspendResumeNotification(self._power)
        self._terminal.WTSUnRegisterSessionNotification(self.handle)
        self._user.DestroyWindow(self.handle)

    def _on_message(self, window: int, message: int, what: int, about: int) -> int:
        if message == _SESSION_CHANGE:
            self._session_changes.get(what, lambda: None)()
        elif message == _POWER and what == _SUSPEND:
            self._sleeping()
        return int(self._user.DefWindowProcW(window, message, what, about))

    def _declare(self) -> None:
        """Declare what the functions take: handles have the size of a pointer."""
        handle, number, pointer = ctypes.c_void_p, ctypes.c_uint, ctypes.c_ssize_t
        parameters = (handle, number, ctypes.c_size_t, pointer)
        self._kind = ctypes.WINFUNCTYPE(pointer, *parameters)
        user, terminal = self._user, self._terminal
        user.DefWindowProcW.argtypes, user.DefWindowProcW.restype = parameters, pointer
        user.CreateWindowExW.restype = handle
        user.DestroyWindow.argtypes = (handle,)
        user.RegisterSuspendResumeNotification.argtypes = (handle, number)
        user.RegisterSuspendResumeNotification.restype = handle
        user.UnregisterSuspendResumeNotification.argtypes = (handle,)
        terminal.WTSRegisterSessionNotification.argtypes = (handle, number)
        terminal.WTSUnRegisterSessionNotification.argtypes = (handle,)

    def _make_window(self) -> int | None:
        kind, handle = self._kind, ctypes.c_void_p

        class WindowClass(ctypes.Structure):  # type: ignore[misc] # WNDCLASSW
            _fields_ = (
                ("style", ctypes.c_uint),
                ("procedure", kind),
                ("extra", ctypes.c_int * 2),
                ("handles", handle * 4),
                ("menu", ctypes.c_wchar_p),
                ("name", ctypes.c_wchar_p),
            )

        name = f"XDRLoginSession{id(self)}"
        self._class = WindowClass(procedure=self._procedure, name=name)
        self._user.RegisterClassW(ctypes.byref(self._class))
        nowhere = (0, 0, 0, 0, 0)
        parent = handle(_MESSAGES_ONLY)
        made: int | None = self._user.CreateWindowExW(0, name, name, *nowhere, parent, 0, 0, 0)
        return made

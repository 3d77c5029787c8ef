"""Notices when the computer wakes up or its network returns, so that retries happen at once.

On Linux a netlink socket reports network changes and the system bus reports sleep. Qt's network
module would report the same but takes six megabytes of memory.
"""

from __future__ import annotations

import logging
import socket
import struct
import sys
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import SLOT, QObject, QSocketNotifier, QTimer, Signal, Slot

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtNetwork import QNetworkInformation

_log = logging.getLogger(__name__)

_SETTLES = 1.0  # seconds: one network change causes many messages

# Constants of the kernel, see rtnetlink(7).
_ROUTES = 0x40 | 0x400  # RTMGRP_IPV4_ROUTE and RTMGRP_IPV6_ROUTE
_HEADER = struct.Struct("IHHII")  # length, type, flags, sequence, port
_ROUTE = struct.Struct("8BI")  # family, two lengths, tos, table, protocol, scope, type, flags
_NEW_ROUTE = 24  # RTM_NEWROUTE
_MAIN_TABLE, _UNICAST = 254, 1  # RT_TABLE_MAIN, RTN_UNICAST
_MOST = 65536  # bytes per read

_RESUMED = 18  # Windows: PBT_APMRESUMEAUTOMATIC
_BY_CALLBACK = 2  # Windows: DEVICE_NOTIFY_CALLBACK


class WakeEvents(QObject):
    """Watches for wake-ups and for the network, as far as the system reports them.

    Signals:
        woke: retry now whatever is waiting.
    """

    woke = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._settle_timer = QTimer(self, singleShot=True, interval=round(_SETTLES * 1000))
        self._settle_timer.timeout.connect(self.woke)
        self._routes: socket.socket | None = None
        self._power: _PowerWatch | None = None
        if sys.platform == "linux":
            self._watch_routes()
            self._watch_sleep()
        else:
            self._watch_reachability()
            if sys.platform == "win32":
                self._watch_power()

    def close(self) -> None:
        """Stop watching."""
        self._settle_timer.stop()
        if self._routes is not None:
            self._notifier.setEnabled(False)
            self._routes.close()
        if self._power is not None:
            self._power.close()

    # Linux

    def _watch_routes(self) -> None:
        try:
            routes = socket.socket(
                socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE
            )
            routes.bind((0, _ROUTES))
        except OSError as error:  # a sandbox may forbid it
            _log.info("cannot watch for network changes: %s", error)
            return
        self._routes = routes
        self._notifier = QSocketNotifier(routes.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(lambda: self._read_from(routes))

    def _read_from(self, routes: socket.socket) -> None:
        try:
            data = routes.recv(_MOST)
        except BlockingIOError:
            return
        except OSError:  # ENOBUFS: messages were lost
            self._settle_timer.start()
            return
        if has_new_route(data):
            self._settle_timer.start()

    def _watch_sleep(self) -> None:
        from PySide6.QtDBus import QDBusConnection

        # PySide's stub declares bytes for what is a string.
        slot: Any = SLOT("on_sleep(bool)")
        # Without a bus or a login manager, as in containers, the signal never comes.
        QDBusConnection.systemBus().connect(
            "org.freedesktop.login1",
            "/org/freedesktop/login1",
            "org.freedesktop.login1.Manager",
            "PrepareForSleep",
            self,
            slot,
        )

    @Slot(bool)
    def on_sleep(self, begins: bool) -> None:  # noqa: FBT001 - the arguments of the signal
        """Handle the login manager's signal: the computer goes to sleep, or wakes up."""
        if not begins:
            self.woke.emit()

    # Elsewhere

    def _watch_reachability(self) -> None:
        from PySide6.QtNetwork import QNetworkInformation

        if not QNetworkInformation.loadBackendByFeatures(QNetworkInformation.Feature.Reachability):
            _log.info("cannot watch for network changes: Qt does not support it here")
            return
        # The instance lives as long as the application.
        QNetworkInformation.instance().reachabilityChanged.connect(self._on_reachability)

    def _on_reachability(self, reachability: QNetworkInformation.Reachability) -> None:
        if reachability.name == "Online":
            self._settle_timer.start()

    def _watch_power(self) -> None:
        self._power = _PowerWatch(self.woke.emit)


def has_new_route(data: bytes) -> bool:
    """Whether one of the netlink messages in `data` announces a new route."""
    while len(data) >= _HEADER.size:
        length, kind, *_ = _HEADER.unpack_from(data)
        if not _HEADER.size <= length <= len(data):
            return False  # truncated
        if kind == _NEW_ROUTE and length >= _HEADER.size + _ROUTE.size:
            _, _, _, _, table, _, _, route, _ = _ROUTE.unpack_from(data, _HEADER.size)
            if (table, route) == (_MAIN_TABLE, _UNICAST):
                return True
        data = data[-(-length // 4) * 4 :]  # messages begin at multiples of four bytes
    return False


class _PowerWatch:
    """Calls `resumed` from a thread of Windows when the computer wakes up.

    A native event filter would do the same but run Python code for every single event.
    """

    def __init__(self, resumed: Callable[[], None]) -> None:
        import ctypes as platform_ctypes

        ctypes: Any = platform_ctypes  # the type checker may run on another platform
        library = ctypes.WinDLL("powrprof")
        kind = ctypes.WINFUNCTYPE(ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p)

        def on_change(_context: int, change: int, _setting: int) -> int:
            if change == _RESUMED:
                resumed()
            return 0

        # DEVICE_NOTIFY_SUBSCRIBE_PARAMETERS: a callback and its context.
        self._callback = kind(on_change)
        self._parameters = (ctypes.c_void_p * 2)(ctypes.cast(self._callback, ctypes.c_void_p), None)
        self._handle = ctypes.c_void_p()
        self._unregister = library.PowerUnregisterSuspendResumeNotification
        failed = library.PowerRegisterSuspendResumeNotification(
            _BY_CALLBACK, ctypes.byref(self._parameters), ctypes.byref(self._handle)
        )
        if failed:
            _log.info("cannot watch for wake-ups: error %s", failed)

    def close(self) -> None:
        """Stop watching."""
        if self._handle.value:
            self._unregister(self._handle)

"""When the machine wakes up or its network comes back: what waits is then tried at once.

On Linux a socket of the kernel tells of the network and the system's bus of sleep. Qt's own module
for networks would cost six megabytes more of memory to say the same.
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

_SETTLES = 1.0  # seconds: one change of the network is many messages

# The numbers of the kernel: rtnetlink, section 7 of the manual.
_ROUTES = 0x40 | 0x400  # the groups RTMGRP_IPV4_ROUTE and RTMGRP_IPV6_ROUTE
_HEADER = struct.Struct("IHHII")  # length, type, flags, sequence, port
_ROUTE = struct.Struct("8BI")  # family, two lengths, tos, table, protocol, scope, type, flags
_NEW_ROUTE = 24  # RTM_NEWROUTE
_MAIN_TABLE, _UNICAST = 254, 1  # RT_TABLE_MAIN, RTN_UNICAST
_MOST = 65536  # bytes of one reading

_RESUMED = 18  # Windows: PBT_APMRESUMEAUTOMATIC
_BY_CALLBACK = 2  # Windows: DEVICE_NOTIFY_CALLBACK


class WakeEvents(QObject):
    """Watches for both, as far as the system tells.

    Signals:
        woke: what waits should be tried now.
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
        """Watch no longer."""
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
        except OSError as error:  # a sandbox may not have them
            _log.info("changes of the network are not noticed: %s", error)
            return
        self._routes = routes
        self._notifier = QSocketNotifier(routes.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(lambda: self._read_from(routes))

    def _read_from(self, routes: socket.socket) -> None:
        try:
            data = routes.recv(_MOST)
        except BlockingIOError:
            return
        except OSError:  # ENOBUFS: there were more than the socket holds
            self._settle_timer.start()
            return
        if has_new_route(data):
            self._settle_timer.start()

    def _watch_sleep(self) -> None:
        from PySide6.QtDBus import QDBusConnection

        # PySide's stub wants bytes for what is a text.
        slot: Any = SLOT("on_sleep(bool)")
        # Without a bus, or a login manager on it, nothing comes; both are usual in a container.
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
        """Told by the login manager when the machine goes to sleep, and when it wakes up."""
        if not begins:
            self.woke.emit()

    # Elsewhere

    def _watch_reachability(self) -> None:
        from PySide6.QtNetwork import QNetworkInformation

        if not QNetworkInformation.loadBackendByFeatures(QNetworkInformation.Feature.Reachability):
            _log.info("changes of the network are not noticed: Qt has no way to ask here")
            return
        # It lives as long as the application; signals of what is kept here are all that is needed.
        QNetworkInformation.instance().reachabilityChanged.connect(self._on_reachability)

    def _on_reachability(self, reachability: QNetworkInformation.Reachability) -> None:
        if reachability.name == "Online":
            self._settle_timer.start()

    def _watch_power(self) -> None:
        self._power = _PowerWatch(self.woke.emit)


def has_new_route(data: bytes) -> bool:
    """Whether one of the kernel's messages in `data` says that a way out has appeared."""
    while len(data) >= _HEADER.size:
        length, kind, *_ = _HEADER.unpack_from(data)
        if not _HEADER.size <= length <= len(data):
            return False  # cut off
        if kind == _NEW_ROUTE and length >= _HEADER.size + _ROUTE.size:
            _, _, _, _, table, _, _, route, _ = _ROUTE.unpack_from(data, _HEADER.size)
            if (table, route) == (_MAIN_TABLE, _UNICAST):
                return True
        data = data[-(-length // 4) * 4 :]  # messages begin at multiples of four bytes
    return False


class _PowerWatch:
    """Calls `resumed` when Windows wakes up, in a thread of Windows: for emitting a signal.

    A filter of native events would do as well, and have Python look at every one of them.
    """

    def __init__(self, resumed: Callable[[], None]) -> None:
        import ctypes as of_this_system

        ctypes: Any = of_this_system  # elsewhere it lacks what is used here
        library = ctypes.WinDLL("powrprof")
        kind = ctypes.WINFUNCTYPE(ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p)

        def on_change(_context: int, change: int, _setting: int) -> int:
            if change == _RESUMED:
                resumed()
            return 0

        # DEVICE_NOTIFY_SUBSCRIBE_PARAMETERS: a callback and what it is called with.
        self._callback = kind(on_change)
        self._parameters = (ctypes.c_void_p * 2)(ctypes.cast(self._callback, ctypes.c_void_p), None)
        self._handle = ctypes.c_void_p()
        self._unregister = library.PowerUnregisterSuspendResumeNotification
        failed = library.PowerRegisterSuspendResumeNotification(
            _BY_CALLBACK, ctypes.byref(self._parameters), ctypes.byref(self._handle)
        )
        if failed:
            _log.info("waking up is not noticed: error %s", failed)

    def close(self) -> None:
        """Call no longer."""
        if self._handle.value:
            self._unregister(self._handle)

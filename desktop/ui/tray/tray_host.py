"""Notices when the tray of a Linux desktop appears or disappears. Other systems always have one.

A desktop extension may provide it minutes after the start, and remove it while the screen is
locked. An XEmbed tray, the older kind, is not on the bus: it has to be polled.
"""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject, Signal

_WATCHER = "org.kde.StatusNotifierWatcher"


class TrayHost(QObject):
    """Watches the session bus.

    Signals:
        changed: the tray may have appeared or disappeared.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        if sys.platform != "linux":
            return
        from PySide6.QtDBus import QDBusConnection, QDBusServiceWatcher

        bus = QDBusConnection.sessionBus()
        if bus.isConnected():
            watcher = QDBusServiceWatcher(
                _WATCHER, bus, QDBusServiceWatcher.WatchModeFlag.WatchForOwnerChange, self
            )
            watcher.serviceOwnerChanged.connect(self.changed)

"""Tells when the tray of a Linux desktop comes or goes. Others have theirs for as long as they run.

An extension of the desktop may bring it minutes after the start, and takes it away while the
screen is locked. A tray of the older kind, XEmbed, is not on the bus: it is asked for.
"""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject, Signal

_WATCHER = "org.kde.StatusNotifierWatcher"


class TrayHost(QObject):
    """Watches the session's bus.

    Signals:
        changed: there may be a tray now, or none any more.
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

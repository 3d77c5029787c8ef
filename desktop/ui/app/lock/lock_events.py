"""Notices that the screen is locked, the computer goes to sleep, or somebody else takes over."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import SLOT, QObject, Signal, Slot

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusPendingCallWatcher

    from desktop.ui.app.lock.windows_session import WindowsSession

_log = logging.getLogger(__name__)

# Each is a bus name, and the name of the interface with the signal; with the usual path.
_SCREENSAVERS = {
    "org.freedesktop.ScreenSaver": "/org/freedesktop/ScreenSaver",
    "org.gnome.ScreenSaver": "/org/gnome/ScreenSaver",
    "org.xfce.ScreenSaver": "/org/xfce/ScreenSaver",
    "org.cinnamon.ScreenSaver": "/org/cinnamon/ScreenSaver",
    "org.mate.ScreenSaver": "/",
}
_NOT_THERE = (".ServiceUnknown", ".NameHasNoOwner", ".Disconnected")
_LOGIN = "org.freedesktop.login1"
_MANAGER_PATH, _MANAGER = "/org/freedesktop/login1", "org.freedesktop.login1.Manager"
_SESSION = "org.freedesktop.login1.Session"
_PROPERTIES = "org.freedesktop.DBus.Properties"


class LockEvents(QObject):
    """Watches the session, as far as the system reports it. Nothing is polled.

    On Linux, a screen that is locked already is asked for once, and reported like a signal.

    Signals:
        screen_changed: the screen was locked (True) or unlocked (False).
        sleeping: the computer is about to sleep.
        left: another user took over the screen, or the remote desktop was disconnected.
    """

    screen_changed = Signal(bool)
    sleeping = Signal()
    left = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session_path = ""
        self._windows: WindowsSession | None = None
        if sys.platform == "linux":
            self._watch_screensavers()
            self._watch_login_manager()
        elif sys.platform == "win32":
            self._watch_windows()

    def close(self) -> None:
        """Stop watching."""
        self.blockSignals(True)
        if self._windows is not None:
            self._windows.close()

    # Linux: without a bus, as in containers, no signal ever comes.

    def _watch_screensavers(self) -> None:
        from PySide6.QtDBus import QDBusConnection, QDBusMessage

        bus = QDBusConnection.sessionBus()
        for name, path in _SCREENSAVERS.items():
            # Their paths differ between desktops and versions.
            bus.connect(name, "", name, "ActiveChanged", self, _slot("on_screen(bool)"))
            call = QDBusMessage.createMethodCall(name, path, name, "GetActive")
            call.setAutoStartService(False)
            self._call(call, lambda reply: self._on_locked(reply.arguments()[0]), bus)

    def _watch_login_manager(self) -> None:
        from PySide6.QtDBus import QDBusConnection, QDBusMessage

        bus = QDBusConnection.systemBus()
        bus.connect(
            _LOGIN, _MANAGER_PATH, _MANAGER, "PrepareForSleep", self, _slot("on_sleep(bool)")
        )
        # "auto" is the session of this process or, started by a user service, that of the display.
        call = QDBusMessage.createMethodCall(_LOGIN, _MANAGER_PATH, _MANAGER, "GetSession")
        call.setArguments(["auto"])
        self._call(call, self._on_session, bus)

    def _on_session(self, reply: QDBusMessage) -> None:
        from PySide6.QtDBus import QDBusConnection

        bus = QDBusConnection.systemBus()
        path = self._session_path = reply.arguments()[0].path()
        bus.connect(_LOGIN, path, _SESSION, "Lock", self, _slot("on_lock()"))
        bus.connect(_LOGIN, path, _SESSION, "Unlock", self, _slot("on_unlock()"))
        changed = _slot("on_properties()")
        bus.connect(_LOGIN, path, _PROPERTIES, "PropertiesChanged", self, changed)
        self._get("LockedHint", self._on_locked)

    @Slot(bool)
    def on_screen(self, locked: bool) -> None:  # noqa: FBT001 - the arguments of the signal
        """Handle the signal of a screensaver."""
        self.screen_changed.emit(locked)

    @Slot(bool)
    def on_sleep(self, begins: bool) -> None:  # noqa: FBT001 - as above
        """Handle the login manager's signal: the computer goes to sleep, or wakes up."""
        if begins:
            self.sleeping.emit()

    @Slot()
    def on_lock(self) -> None:
        """Handle the login manager's request to lock the screen."""
        self.screen_changed.emit(True)

    @Slot()
    def on_unlock(self) -> None:
        self.screen_changed.emit(False)

    @Slot()
    def on_properties(self) -> None:
        """Handle a change of the login session, which is not active while another one is.

        PySide6 cannot read what has changed from the signal itself.
        """
        self._get("Active", self._on_active)

    def _get(self, name: str, then: Callable[[object], None]) -> None:
        """Read a property of the login session."""
        from PySide6.QtDBus import QDBusConnection, QDBusMessage

        call = QDBusMessage.createMethodCall(_LOGIN, self._session_path, _PROPERTIES, "Get")
        call.setArguments([_SESSION, name])
        bus = QDBusConnection.systemBus()
        self._call(call, lambda reply: then(reply.arguments()[0].variant()), bus)

    def _on_active(self, active: object) -> None:
        if active is False:
            self.left.emit()

    def _on_locked(self, locked: object) -> None:
        """Handle the answer to whether the screen is locked already; not all desktops say so."""
        if locked is True:
            self.screen_changed.emit(True)

    def _call(
        self, call: QDBusMessage, then: Callable[[QDBusMessage], None], bus: QDBusConnection
    ) -> None:
        """Call a method of a service, and `then` with its reply unless that is an error."""
        from PySide6.QtDBus import QDBusPendingCallWatcher

        def on_finished(answered: QDBusPendingCallWatcher) -> None:
            reply = answered.reply()
            answered.deleteLater()
            if not reply.errorName():
                then(reply)
            elif not reply.errorName().endswith(_NOT_THERE):
                _log.info("no answer from %s: %s", call.service(), reply.errorName())

        waiting = QDBusPendingCallWatcher(bus.asyncCall(call), self)
        waiting.finished.connect(on_finished)

    # Windows

    def _watch_windows(self) -> None:
        from desktop.ui.app.lock.windows_session import WindowsSession

        self._windows = WindowsSession(
            screen_changed=self.screen_changed.emit,
            left=self.left.emit,
            sleeping=self.sleeping.emit,
        )


def _slot(signature: str) -> Any:  # noqa: ANN401 - PySide's stub declares bytes for what is a string
    return SLOT(signature)

"""The icon in the tray and its menu: the state, and what works without the window."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QSystemTrayIcon

from desktop.services.model.states import Locked, Requesting, Revocation
from desktop.ui.tray.tray_icon import tray_icon
from desktop.ui.tray.tray_menu import TrayMenu, in_window
from desktop.ui.wording import tray_texts
from desktop.ui.wording.tray_texts import IconShape, MenuItem, Notification

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop.services.model.profile import Profile
    from desktop.services.model.states import State
    from desktop.services.session.sessions import ProfileStatus
    from desktop.ui.views.actions import Actions

# Seconds between two checks for a tray, because a starting session or a desktop extension may
# provide one late. After the last, closing the window checks again.
RETRY_DELAYS = (1, 2, 4, 8, 15, 30, 60, 60, 60, 60)
_RETRIES_BEFORE_MISSING = 4
# https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/StatusNotifierWatcher/
_WATCHER = "org.kde.StatusNotifierWatcher"
_ACKNOWLEDGED_FOR = 2.0  # seconds for which the icon shows that something was copied


class Tray(QObject):
    """The icon, if the desktop has a tray.

    `QSystemTrayIcon.isVisible()` is True even if nothing shows the icon, so this class checks for a
    tray instead.

    Signals:
        opened: the window is to be shown.
        toggled: the icon was clicked: the window is to be shown or hidden.
        appeared: there is a tray, for the first time or again.
        missing: there is no tray, or it has disappeared.
    """

    opened = Signal()
    toggled = Signal()
    appeared = Signal()
    missing = Signal()

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        self.notifications_enabled = True  # as in the settings
        self._actions = actions
        self._name = ""
        self._state: State = Requesting(opening=True)
        self._icon: QSystemTrayIcon | None = None
        self._drawn: tuple[IconShape, int] | None = None
        self._retries = 0
        if sys.platform == "linux":  # other systems always have a tray
            self._watch_session_bus()
        self._retry_timer = QTimer(self, singleShot=True)
        self._retry_timer.timeout.connect(self._retry)
        self._acknowledged = QTimer(self, singleShot=True)
        self._acknowledged.timeout.connect(self._refresh)
        self._menu = TrayMenu(self._callbacks(), actions.copy_token, profiles=actions.profiles)
        self._menu.opened.connect(self.opened)
        self._menu.aboutToShow.connect(self._refresh)

    def start(self) -> None:
        """Show the icon, now or when a tray appears within a few minutes."""
        self._retries = 0
        self._retry()

    def check_available(self) -> bool:
        """Ask the desktop whether there is a tray, and show or remove the icon accordingly."""
        available = QSystemTrayIcon.isSystemTrayAvailable()
        if available and self._icon is None:
            self._appear()
        elif not available and self._icon is not None:
            self._vanish()
        return available

    def show_profile(self, profile: Profile | None) -> None:
        """Show the name of the profile in the tooltip, and offer what its policy allows."""
        self._name = profile.name if profile is not None else ""
        self._menu.hide_formats(profile.policy.forbidden_formats if profile is not None else ())
        self._refresh()

    def show_state(self, state: State, at: datetime) -> None:
        self._state = state
        if isinstance(state, Locked):
            self._menu.sign_out_asker.close()
        # Not only when the menu opens, because the desktop may show a copy of it.
        everywhere = self._actions.revocation_offered() is Revocation.GRANT_REVOKED
        self._menu.show_items(tray_texts.menu_labels(state, at, everywhere=everywhere))
        if self._icon is None:
            return
        tooltip = tray_texts.tooltip(self._name, state, at)
        if tooltip != self._icon.toolTip():  # because each change is sent to the whole desktop
            self._icon.setToolTip(tooltip)
        self._draw(self._icon_shape(at))

    def show_profiles(self, statuses: tuple[ProfileStatus, ...], at: datetime) -> None:
        self._menu.show_profiles(statuses, at)

    def acknowledge(self) -> None:
        """Show for a moment that something was copied."""
        self._acknowledged.start(round(_ACKNOWLEDGED_FOR * 1000))
        self._refresh()

    def notify(self, notification: Notification) -> None:
        if self._icon is not None and self.notifications_enabled:
            self._icon.showMessage(
                notification.title, notification.text, QSystemTrayIcon.MessageIcon.NoIcon
            )

    def close(self) -> None:
        self._retry_timer.stop()
        self._acknowledged.stop()
        self._remove_icon()
        self._menu.sign_out_asker.close()
        self._menu.deleteLater()

    def _watch_session_bus(self) -> None:
        """Start again when a tray appears or disappears.

        A desktop extension may provide it minutes after the start, and remove it while the screen
        is locked. An XEmbed tray, the older kind, is not on the bus: it has to be polled.
        """
        from PySide6.QtDBus import QDBusConnection, QDBusServiceWatcher

        bus = QDBusConnection.sessionBus()
        if bus.isConnected():
            mode = QDBusServiceWatcher.WatchModeFlag.WatchForOwnerChange
            watcher = QDBusServiceWatcher(_WATCHER, bus, mode, self)
            watcher.serviceOwnerChanged.connect(self.start)

    def _retry(self) -> None:
        if self.check_available() or self._retries == len(RETRY_DELAYS):
            return
        if self._retries == _RETRIES_BEFORE_MISSING:
            self.missing.emit()
        self._retry_timer.start(RETRY_DELAYS[self._retries] * 1000)
        self._retries += 1

    def _appear(self) -> None:
        self._retry_timer.stop()
        # A new one each time, because it chooses the kind of tray when it is made.
        icon = self._icon = QSystemTrayIcon(self)
        icon.setContextMenu(self._menu)
        icon.activated.connect(self._on_activated)
        icon.messageClicked.connect(self.opened)
        self._refresh()
        icon.show()
        self.appeared.emit()

    def _vanish(self) -> None:
        self._remove_icon()
        self.missing.emit()
        self.start()

    def _remove_icon(self) -> None:
        icon, self._icon, self._drawn = self._icon, None, None
        if icon is not None:
            icon.hide()
            icon.deleteLater()

    def _refresh(self) -> None:
        self.show_state(self._state, datetime.now(UTC))

    def _icon_shape(self, at: datetime) -> tuple[IconShape, int]:
        if self._acknowledged.isActive():
            return IconShape.COPIED, 0
        return tray_texts.icon_shape(self._state, at)

    def _draw(self, icon: tuple[IconShape, int]) -> None:
        if self._icon is not None and icon != self._drawn:
            self._drawn = icon
            self._icon.setIcon(tray_icon(*icon))

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        # On macOS every click opens the menu.
        if reason is QSystemTrayIcon.ActivationReason.Trigger and sys.platform != "darwin":
            self.toggled.emit()

    def _sign_out(self) -> None:
        if self._actions.revocation_offered() is Revocation.GRANT_REVOKED:
            self._menu.sign_out_asker.ask(self._name, self._actions.sign_out)
        else:
            self._actions.sign_out()

    def _callbacks(self) -> dict[MenuItem, Callable[[], object]]:
        actions, opened = self._actions, self.opened.emit
        return {
            MenuItem.OPEN_BROWSER: actions.open_browser,
            MenuItem.COPY_CODE: actions.copy_code,
            MenuItem.COPY_TOKEN: actions.copy_token,
            MenuItem.RENEW: actions.renew,
            MenuItem.CANCEL: actions.cancel,
            MenuItem.SIGN_IN: in_window(opened, actions.sign_in),
            MenuItem.SIGN_OUT: self._sign_out,
            MenuItem.ALL_PROFILES: in_window(opened, actions.switch_profile),
            MenuItem.UNREADABLE: in_window(opened, actions.manage_profiles),
            MenuItem.OPEN: opened,
            MenuItem.SETTINGS: in_window(opened, actions.open_settings),
            MenuItem.LOCK: actions.locking.lock,
            MenuItem.UNLOCK: in_window(opened, actions.locking.unlock),
            MenuItem.QUIT: actions.quit,
        }

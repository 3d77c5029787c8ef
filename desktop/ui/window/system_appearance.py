"""What the desktop says about contrast and motion, where Qt does not report it."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import SLOT, QObject, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication

if TYPE_CHECKING:
    from PySide6.QtDBus import QDBusMessage, QDBusPendingCallWatcher

    from desktop.ui.window.window import Window

_log = logging.getLogger(__name__)

_PORTAL = "org.freedesktop.portal.Desktop"
_PORTAL_PATH = "/org/freedesktop/portal/desktop"
_SETTINGS = "org.freedesktop.portal.Settings"
# Each is a namespace, a key, and the value that means more contrast or less motion.
_HIGH_CONTRAST = (
    ("org.freedesktop.appearance", "contrast", 1),
    ("org.gnome.desktop.a11y.interface", "high-contrast", True),
)
_REDUCED_MOTION = (
    ("org.freedesktop.appearance", "reduced-motion", 1),
    ("org.gnome.desktop.interface", "enable-animations", False),
)
_KEYS = (*_HIGH_CONTRAST, *_REDUCED_MOTION)
_CLIENT_AREA_ANIMATION = 0x1042  # SPI_GETCLIENTAREAANIMATION


class SystemAppearance(QObject):
    """Reads the settings of the desktop, and follows their changes.

    On Linux the desktop portal has them. Windows has one for motion, which is read again whenever
    the app comes to the front; Qt itself knows its contrast themes.

    Signals:
        changed: whether more contrast and whether less motion is wanted; also once at the start.
    """

    changed = Signal(bool, bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._values: dict[tuple[str, str], object] = {}
        self._awaited = 0

    def start(self) -> None:
        """Read the settings, and follow them from now on."""
        if sys.platform == "linux":
            self._follow_portal()
        elif sys.platform == "win32":
            application = QGuiApplication.instance()
            if isinstance(application, QGuiApplication):
                application.applicationStateChanged.connect(self._on_application_state)
            self._read_windows()
        else:
            self._report()

    def _report(self) -> None:
        def has(wanted: tuple[tuple[str, str, object], ...]) -> bool:
            return any(self._values.get((space, key)) == value for space, key, value in wanted)

        self.changed.emit(has(_HIGH_CONTRAST), has(_REDUCED_MOTION))

    # Linux: without a portal, the answers are errors, and nothing is wanted.

    def _follow_portal(self) -> None:
        from PySide6.QtDBus import QDBusConnection

        # PySide's stub declares bytes for what is a string.
        slot: Any = SLOT("on_setting(QString,QString)")
        QDBusConnection.sessionBus().connect(
            _PORTAL, _PORTAL_PATH, _SETTINGS, "SettingChanged", self, slot
        )
        for namespace, key, _ in _KEYS:
            self._read(namespace, key)

    @Slot(str, str)
    def on_setting(self, namespace: str, key: str) -> None:
        """Read a setting again: PySide6 cannot take its value from the signal."""
        if any((namespace, key) == each[:2] for each in _KEYS):
            self._read(namespace, key)

    def _read(self, namespace: str, key: str) -> None:
        from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusPendingCallWatcher

        call = QDBusMessage.createMethodCall(_PORTAL, _PORTAL_PATH, _SETTINGS, "Read")
        call.setArguments([namespace, key])
        waiting = QDBusPendingCallWatcher(QDBusConnection.sessionBus().asyncCall(call), self)
        waiting.finished.connect(lambda answered: self._on_read((namespace, key), answered))
        self._awaited += 1

    def _on_read(self, name: tuple[str, str], answered: QDBusPendingCallWatcher) -> None:
        reply = answered.reply()
        answered.deleteLater()
        if reply.errorName():
            _log.debug("the desktop does not tell %s: %s", name, reply.errorName())
        else:
            self._values[name] = _value_of(reply)
        self._awaited -= 1
        if not self._awaited:
            self._report()

    # Windows

    def _on_application_state(self, state: Qt.ApplicationState) -> None:
        if state == Qt.ApplicationState.ApplicationActive:
            self._read_windows()

    def _read_windows(self) -> None:
        if sys.platform == "win32":  # for the type checker
            import ctypes

            animates = ctypes.c_int(1)
            ctypes.windll.user32.SystemParametersInfoW(
                _CLIENT_AREA_ANIMATION, 0, ctypes.byref(animates), 0
            )
            self.changed.emit(False, not animates.value)


def follow_system(window: Window) -> None:
    """Let the theme of `window` follow colors, contrast and motion of the desktop from now on."""
    appearance = SystemAppearance(window)
    appearance.changed.connect(
        lambda contrast, still: window.theme.set_preferences(
            high_contrast=contrast, reduced_motion=still
        )
    )
    window.theme.follow_system()
    appearance.start()


def _value_of(reply: QDBusMessage) -> object:
    """Return the value of a setting, which the portal wraps twice."""
    value: Any = next(iter(reply.arguments()), None)  # a program may pose as the portal
    while hasattr(value, "variant"):
        value = value.variant()
    return value

"""Moves XDR Login between its window and the tray."""

from __future__ import annotations

import logging
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from desktop.services.model.states import Failed, Locked, Requesting, SignedOut
from desktop.services.system.paths import shown_notices_folder
from desktop.ui.kit.copy_progress import Copied, Copying, NotCopied
from desktop.ui.window.dock import follow_window
from desktop.ui.wording import tray_texts
from desktop.ui.wording.update_timing import is_renewal_failing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from desktop.services.model.profile import Profile
    from desktop.services.model.settings import Settings
    from desktop.services.model.states import State
    from desktop.services.session.sessions import ProfileStatus
    from desktop.ui.kit.copy_progress import CopyProgress
    from desktop.ui.tray.tray import Tray
    from desktop.ui.window.window import Window
    from desktop.ui.wording.tray_texts import Notification

_log = logging.getLogger(__name__)

# Seconds within which a click on the icon itself may have deactivated the window.
_JUST_DEACTIVATED = 0.4
_SAME_FAILURE = 60.0  # seconds in which the same failure of several profiles is reported once
_KEEPS_RUNNING_NOTICE = "keeps-running"  # the file that records that the notice was shown


class WindowOrTray(QObject):
    """Hides the window in the tray and brings it back; without a tray it minimizes the window.

    While the window is not visible, it notifies the user of what needs attention.
    """

    def __init__(self, window: Window, tray: Tray) -> None:
        super().__init__()
        self._window = window
        self._tray = tray
        self._state: State = Requesting(opening=True)
        self._profile = ""  # the id of the one in the window
        self._states: dict[str, State] = {}  # the last of each profile, by id
        self._failed_at: dict[str, float] = {}  # of other profiles, by title of the notification
        self._has_notified_trouble = False
        self._is_copying = False  # a failure is then reported for the copy
        self._minimized_without_tray = False
        self._deactivated_at = float("-inf")  # on the monotonic clock
        window.set_may_hide(tray.check_available)
        window.closed.connect(self._on_closed)
        window.handle().activeChanged.connect(self._on_active)
        follow_window(window)
        tray.opened.connect(self.raise_window)
        tray.toggled.connect(self.toggle)
        tray.appeared.connect(self._on_tray_appeared)
        tray.missing.connect(self._on_tray_missing)

    def apply(self, settings: Settings) -> None:
        """Turn notifications on or off."""
        self._tray.notifications_enabled = settings.notifications

    def start(self) -> None:
        """Show the tray icon."""
        self._tray.start()

    def show_profile(self, profile: Profile | None) -> None:
        """Show the profile that is now in the window, if any."""
        self._profile = profile.id if profile is not None else ""
        self._state = Requesting(opening=True)  # its next state is no change of the last profile's
        self._tray.show_profile(profile)

    def show_state(self, state: State, at: datetime) -> None:
        """Show `state` in the tray; notify the user of changes if the window is not visible."""
        if isinstance(state, Locked):  # what happens meanwhile is told after it
            self._tray.show_state(state, at)
            return
        before, self._state = self._state, state
        self._states[self._profile] = state
        self._tray.show_state(state, at)
        notifications = (
            tray_texts.notification(before, state),
            self._trouble_notification(state, at),
        )
        if self._window.in_sight():
            return
        # Desktops do not reliably report that the tray has gone, so check before a notification.
        self._tray.check_available()
        for each in filter(None, notifications):
            self._tray.notify(each)

    def show_profiles(self, statuses: tuple[ProfileStatus, ...], at: datetime) -> None:
        """Show the profiles in the menu of the tray."""
        self._tray.show_profiles(statuses, at)

    def show_other(self, status: ProfileStatus) -> None:
        """Notify the user of a new state of a profile that is not in the window."""
        before = self._states.get(status.profile.id, SignedOut())
        self._states[status.profile.id] = status.state
        notification = tray_texts.notification(before, status.state)
        if notification is not None and not self._was_reported(notification, status.state):
            self._tray.notify(tray_texts.of_other_profile(status.profile.name, notification))

    def show_copy(self, progress: CopyProgress) -> None:
        """Acknowledge a copy in the tray; notify the user if it failed."""
        self._is_copying = isinstance(progress, Copying)
        if isinstance(progress, Copied):
            self._tray.acknowledge()
        elif isinstance(progress, NotCopied) and progress.title and not self._window.in_sight():
            self._has_notified_trouble = is_renewal_failing(self._state)
            self._tray.notify(tray_texts.not_copied(progress.title))

    def notify_token_request(self) -> None:
        """Notify the user that a program asks for a token."""
        self._tray.notify(tray_texts.token_requested())

    def raise_window(self, activation: Mapping[str, str] | None = None) -> None:
        """Bring the window to the front.

        `activation` holds the environment variables that the desktop gave to the program asking
        for the window. They allow it past focus stealing prevention.
        """
        self._minimized_without_tray = False
        window = self._window
        with _in_environment(activation or {}):
            window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
            window.show()
            window.raise_()
            window.activateWindow()

    def toggle(self) -> None:
        """Hide the window if it is in front, else bring it to the front."""
        in_front = self._window.isActiveWindow() or (
            time.monotonic() - self._deactivated_at < _JUST_DEACTIVATED  # by this very click
        )
        if in_front and self._window.in_sight():
            self._window.hide()
        else:
            self.raise_window()

    def close(self) -> None:
        """Remove the tray icon."""
        self._tray.close()

    def _was_reported(self, notification: Notification, state: State) -> bool:
        """Whether another profile has just failed in the same way, as when a keyring is locked."""
        at, before = time.monotonic(), self._failed_at.get(notification.title, float("-inf"))
        if isinstance(state, Failed):
            self._failed_at[notification.title] = at
        return isinstance(state, Failed) and at - before < _SAME_FAILURE

    def _on_closed(self) -> None:
        if not self._window.isMinimized():
            self._notify_once(_KEEPS_RUNNING_NOTICE, tray_texts.keeps_running())

    def _on_active(self) -> None:
        if not self._window.handle().isActive():
            self._deactivated_at = time.monotonic()

    def _on_tray_appeared(self) -> None:
        if self._minimized_without_tray and not self._window.in_sight():
            self._window.hide()
        self._minimized_without_tray = False

    def _on_tray_missing(self) -> None:
        # A hidden window without a tray icon could not be reached.
        if not self._window.isVisible():
            self._minimized_without_tray = True
            self._window.minimize()

    def _trouble_notification(self, state: State, at: datetime) -> Notification | None:
        if not is_renewal_failing(state):
            self._has_notified_trouble = False
        notification = tray_texts.renewal_failed(state, at)
        if notification is None or self._has_notified_trouble or self._is_copying:
            return None
        self._has_notified_trouble = True
        return notification

    def _notify_once(self, name: str, notification: Notification) -> None:
        """Notify the user unless a file records that this was already done on this computer."""
        record = shown_notices_folder() / name
        try:
            record.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            record.touch(exist_ok=False)
        except FileExistsError:
            return
        except OSError as error:
            _log.info("cannot record that a notice was shown: %s", error)
        self._tray.notify(notification)


@contextmanager
def _in_environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for the calls of Qt that read them."""
    try:
        os.environ.update(values)
        yield
    finally:
        for name in values:
            os.environ.pop(name, None)

"""Where the program is: in its window, in the tray, or minimized; and how one comes back to it."""

from __future__ import annotations

import logging
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from desktop.services.model.states import Requesting
from desktop.services.system.paths import shown_notices_folder
from desktop.ui.kit.copy_progress import Copied, Copying, NotCopied
from desktop.ui.window.dock import follow_window
from desktop.ui.wording import tray_texts

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

# Seconds in which a click on the icon may have taken the keyboard away from the window.
_JUST_DEACTIVATED = 0.4
_KEEPS_RUNNING_NOTICE = "keeps-running"  # the note that it has been said


class WindowOrTray(QObject):
    """Hides the window in the tray and brings it back; without a tray it minimizes it.

    While the window is out of sight, it tells what needs a person.
    """

    def __init__(self, window: Window, tray: Tray) -> None:
        super().__init__()
        self._window = window
        self._tray = tray
        self._state: State = Requesting(opening=True)
        self._profile = ""  # the id of the one in the window
        self._statuses: dict[str, ProfileStatus] = {}
        self._has_notified_trouble = False
        self._is_copying = False  # what goes wrong meanwhile is told of the copy
        self._minimized_without_tray = (
            False  # whether the window is minimized only because there is no tray
        )
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
        """Tell nothing where the person does not want it."""
        self._tray.notifications_enabled = settings.notifications

    def start(self) -> None:
        """Show the icon."""
        self._tray.start()

    def show_profile(self, profile: Profile | None) -> None:
        """Name the profile that is in the window now, if there is one."""
        self._profile = profile.id if profile is not None else ""
        self._state = Requesting(opening=True)  # what follows is no news of the one before
        self._tray.show_profile(profile)

    def show_state(self, state: State, at: datetime) -> None:
        """Show `state` in the tray; tell what a person who does not see the window must know."""
        before, self._state = self._state, state
        self._tray.show_state(state, at)
        notifications = (
            tray_texts.notification(before, state),
            self._trouble_notification(state, at),
        )
        if self._window.in_sight():
            return
        # What tells that a tray has gone is different everywhere; here is where somebody may wait.
        self._tray.check_available()
        for each in filter(None, notifications):
            self._tray.notify(each)

    def show_profiles(self, standings: tuple[ProfileStatus, ...], at: datetime) -> None:
        """Show every profile in the tray; tell what must be known of those not in the window."""
        self._tray.show_profiles(standings, at)
        before, self._statuses = self._statuses, {each.profile.id: each for each in standings}
        for id_, standing in self._statuses.items():
            if id_ == self._profile or id_ not in before:
                continue
            news = tray_texts.notification(before[id_].state, standing.state)
            if news is not None:
                self._tray.notify(tray_texts.of_other_profile(standing.profile.name, news))

    def show_copy(self, progress: CopyProgress) -> None:
        """Acknowledge a copy in the tray; tell of one that did not come about."""
        self._is_copying = isinstance(progress, Copying)
        if isinstance(progress, Copied):
            self._tray.acknowledge()
        elif isinstance(progress, NotCopied) and progress.title and not self._window.in_sight():
            self._has_notified_trouble = tray_texts.is_renewal_failing(self._state)
            self._tray.notify(tray_texts.not_copied(progress.title))

    def notify_token_request(self) -> None:
        """Tell that a person is asked, who may look elsewhere."""
        self._tray.notify(tray_texts.TOKEN_REQUESTED)

    def raise_window(self, activation: Mapping[str, str] | None = None) -> None:
        """Bring the window to the front.

        `activation` is what the desktop gave the program that asks for it, by the name of the
        environment variable; with it, what keeps windows from stealing the keyboard lets it pass.
        """
        self._minimized_without_tray = False
        window = self._window
        with _in_environment(activation or {}):
            window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
            window.show()
            window.raise_()
            window.activateWindow()

    def toggle(self) -> None:
        """Hide the window if it is in front, else bring it there."""
        in_front = self._window.isActiveWindow() or (
            time.monotonic() - self._deactivated_at < _JUST_DEACTIVATED  # the click itself took it
        )
        if in_front and self._window.in_sight():
            self._window.hide()
        else:
            self.raise_window()

    def close(self) -> None:
        """Take the icon away."""
        self._tray.close()

    def _on_closed(self) -> None:
        if not self._window.isMinimized():
            self._notify_once(_KEEPS_RUNNING_NOTICE, tray_texts.KEEPS_RUNNING)

    def _on_active(self) -> None:
        if not self._window.handle().isActive():
            self._deactivated_at = time.monotonic()

    def _on_tray_appeared(self) -> None:
        if self._minimized_without_tray and not self._window.in_sight():
            self._window.hide()
        self._minimized_without_tray = False

    def _on_tray_missing(self) -> None:
        # Nothing may run that cannot be reached.
        if not self._window.isVisible():
            self._minimized_without_tray = True
            self._window.minimize()

    def _trouble_notification(self, state: State, at: datetime) -> Notification | None:
        if not tray_texts.is_renewal_failing(state):
            self._has_notified_trouble = False
        news = tray_texts.renewal_failed(state, at)
        if news is None or self._has_notified_trouble or self._is_copying:
            return None
        self._has_notified_trouble = True
        return news

    def _notify_once(self, name: str, notification: Notification) -> None:
        """Tell it, unless a note says that it has been told on this computer."""
        note = shown_notices_folder() / name
        try:
            note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            note.touch(exist_ok=False)
        except FileExistsError:
            return
        except OSError as error:
            _log.info("it will be said again: %s", error)
        self._tray.notify(notification)


@contextmanager
def _in_environment(values: Mapping[str, str]) -> Iterator[None]:
    """Let Qt find `values` where it looks for them."""
    try:
        os.environ.update(values)
        yield
    finally:
        for name in values:
            os.environ.pop(name, None)

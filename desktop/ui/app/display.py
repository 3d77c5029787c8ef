"""Shows the state of every profile, and redraws it when time has changed what it says."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QGuiApplication, QInputEvent, QPixmapCache, QWindow

from desktop.services.model.states import Locked, Requesting
from desktop.ui.wording.update_timing import seconds_to_redraw, seconds_to_redraw_tray

if TYPE_CHECKING:
    from desktop.services.model.states import State
    from desktop.services.session.session import Session
    from desktop.services.session.sessions import ProfileStatus, Sessions
    from desktop.ui.window.announcer import Announcer
    from desktop.ui.window.window import Window

_SEVERAL = 2  # profiles, from which on menus list them
_TOGETHER = 50  # milliseconds in which changes of profiles are collected and drawn at once
_CACHE_LIMIT = 10240  # kilobytes of pictures, Qt's default
_TOUCH_INTERVAL = 30.0  # seconds: the movements of a mouse are not told one by one


class Display(QObject):
    """Draws the state of the current profile in the window, and announces it to screen readers.

    `session` is that of the current profile, `sessions` those of all profiles, once there are any.

    Signals:
        drawn: the window shows this state as it is at this time.
        profiles_drawn: the statuses of the profiles in the menus at this time; empty for a single
            profile.
        other_changed: this is the new status of a profile that is not in the window.
        touched: somebody uses the window.
    """

    drawn = Signal(object, object)
    profiles_drawn = Signal(object, object)
    other_changed = Signal(object)
    touched = Signal()

    def __init__(
        self, parent: QObject, application: QGuiApplication, window: Window, announcer: Announcer
    ) -> None:
        super().__init__(parent)
        self.state: State = Requesting(opening=True)  # as it is shown
        self._own_state: State = self.state  # as the session has it
        self.session: Session | None = None
        self.sessions: Sessions | None = None
        self._window = window
        self._announcer = announcer
        self._shows_several = False
        self._in_sight = window.in_sight()
        self._told_touch_at = 0.0
        # A coarse timer may fire early, which would cost a second redraw.
        self._redraw_timer = QTimer(self, singleShot=True)
        self._redraw_timer.setProperty("timerType", "PreciseTimer")
        self._redraw_timer.timeout.connect(self.refresh)
        self._collecting = QTimer(self, singleShot=True, interval=_TOGETHER)
        self._collecting.timeout.connect(self.draw)
        window.handle().visibilityChanged.connect(self._on_sight)
        window.sight_changed.connect(self._on_sight)
        application.focusWindowChanged.connect(self._on_focus)

    def follow_system(self) -> None:
        """Follow colors, contrast and motion of the desktop from now on."""
        from desktop.ui.window.system_appearance import follow_system

        follow_system(self._window)

    def set_sessions(self, sessions: Sessions) -> None:
        """List `sessions` from now on, and tell them whether the window is visible."""
        if self.sessions is None:
            self._window.handle().installEventFilter(self)
        self.sessions = sessions
        sessions.set_visible(visible=self._in_sight)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Notice whatever a key, a mouse or the focus does in the window."""
        if isinstance(event, (QInputEvent, QFocusEvent)):
            self._on_touch()
        return False

    def show(self, state: State) -> None:
        """Draw `state`, and announce what is new in it."""
        self._own_state = state
        self.show_lock()

    def show_lock(self) -> None:
        """Draw the state, or that XDR Login is locked, and announce what is new."""
        before, state = self.state, self._own_state
        if self.sessions is not None:
            profile = self.session.profile if self.session is not None else None
            state = self.sessions.lock.mask(profile, state)
        self.state = state
        self._announcer.reset_countdown(before, state)
        news = self._announcer.news(before, state, datetime.now(UTC))
        self.draw(news)
        self._announcer.announce(news, again=False)

    def show_other(self, status: ProfileStatus) -> None:
        """Draw the new status of a profile that is not in the window, with those that follow."""
        if isinstance(self.state, Locked):
            return
        self.other_changed.emit(status)
        if not self._collecting.isActive():
            self._collecting.start()

    def refresh(self) -> None:
        """Draw what time has changed."""
        if self.sessions is not None:
            self.sessions.check_clock()
        self.draw()

    def draw(self, news: str = "") -> None:
        """Draw the states that are on screen, and schedule the next redraw."""
        at = datetime.now(UTC)
        if self.session is not None:
            self._window.set_profile(self.session.profile)  # it may have been edited
        self._window.show_state(self.state, at, news=news)
        self.drawn.emit(self.state, at)
        others = self._draw_profiles(at)
        self._announcer.announce_countdown(self.state, at, in_sight=self._in_sight)
        self._collecting.stop()
        page = self._window.page if self._in_sight else None
        due = [
            seconds_to_redraw(self.state, at, in_sight=self._in_sight),
            page.seconds_to_redraw if page is not None else None,
            *others,
        ]
        seconds = min((each for each in due if each is not None), default=None)
        if seconds is None:
            self._redraw_timer.stop()
        else:
            self._redraw_timer.start(round(seconds * 1000))

    def _draw_profiles(self, at: datetime) -> list[float | None]:
        """List the profiles of the menus; returns in how many seconds each entry changes."""
        statuses = self.sessions.listed if self.sessions is not None else ()
        if len(statuses) < _SEVERAL or isinstance(self.state, Locked):
            statuses = ()
        if statuses or self._shows_several:  # the list is emptied once when only one is left
            self.profiles_drawn.emit(statuses, at)
        self._shows_several = bool(statuses)
        return [seconds_to_redraw_tray(each.state, at) for each in statuses]

    def _on_touch(self) -> None:
        at = time.monotonic()
        if self.sessions is not None and at - self._told_touch_at >= _TOUCH_INTERVAL:
            self._told_touch_at = at
            self.sessions.touch()
            self.touched.emit()

    def _on_sight(self) -> None:
        in_sight = self._window.in_sight()
        if in_sight is self._in_sight:
            return
        self._in_sight = in_sight
        # Qt wakes up every half minute to clean its picture cache, as long as it holds a picture.
        QPixmapCache.clear()
        QPixmapCache.setCacheLimit(_CACHE_LIMIT if in_sight else 0)
        if self.sessions is not None:
            self.sessions.set_visible(visible=in_sight)
        self.draw()

    def _on_focus(self, focused: QWindow | None) -> None:
        if focused is not None:
            self.draw()
            if self.session is not None:
                self.session.poll_now()

"""Between the window and the session: what a person wants goes down, states come up.

The session arrives when the profile has been loaded; until then one can only try again or leave.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication, QPixmapCache, QWindow

from desktop.services.model.copy_formats import CopyFormat
from desktop.services.model.settings import with_profile_settings
from desktop.services.model.states import AwaitingApproval, Failed, Requesting, SignedIn
from desktop.ui.app.profile_commands import ProfileCommands
from desktop.ui.copy.clipboard import Clipboard
from desktop.ui.copy.copier import Copier
from desktop.ui.kit.copy_progress import Copied, NotCopied
from desktop.ui.kit.qt_constants import PRECISE_TIMER
from desktop.ui.pages.pages import Pages
from desktop.ui.pages.settings_store import SettingsStore
from desktop.ui.window.announcer import Announcer
from desktop.ui.wording import tray_texts
from desktop.ui.wording.announcements import may_be_profile_error
from desktop.ui.wording.redraw_times import seconds_to_redraw

if TYPE_CHECKING:
    import asyncio

    from desktop.services.model.profile import Profile
    from desktop.services.model.settings import Settings
    from desktop.services.model.states import Revocation, State
    from desktop.services.session.session import Session
    from desktop.services.session.sessions import Sessions
    from desktop.ui.copy.copier import TokenSource
    from desktop.ui.kit.copy_progress import CopyProgress
    from desktop.ui.window.window import Window

_SEVERAL = 2  # profiles, from which on one must tell them apart
_MOST_CACHED = 10240  # kilobytes of pictures, as Qt has it


class Controller(QObject):
    """Serves the window, owns what copies, and speaks to the session once there is one.

    Signals:
        sign_in_wanted: the person wants to sign in.
        quit_wanted: the person wants to leave.
        drawn: the window shows a state as it is at an instant; others may, too.
        all_drawn: how all profiles stand at an instant, where there are several; else none.
        switch_wanted: the person wants the profile of this id in the window.
    """

    sign_in_requested = Signal()
    quit_requested = Signal()
    drawn = Signal(object, object)
    profiles_drawn = Signal(object, object)
    switch_requested = Signal(str)

    def __init__(self, application: QGuiApplication, window: Window) -> None:
        super().__init__()
        self.window = window
        self.clipboard = Clipboard()
        self.copier = Copier(self.clipboard)
        self.copier.progressed.connect(self._on_copy)
        self.sessions: Sessions | None = None
        self.profiles = ProfileCommands(self)
        self._session: Session | None = None
        self._badge: Profile | None = None  # whose badge is in the header
        self._several = False
        self._state: State = Requesting(opening=True)
        self.announcer = Announcer(window)
        self.settings_store = SettingsStore()
        self.settings_store.changed.connect(self._apply_settings)
        self.settings_store.failed.connect(self.announcer.announce)
        self.pages = Pages(window, self, self.settings_store, self.clipboard)
        self._in_sight = window.in_sight()
        # One timer for all that counts. Roughly would be early, and once more than needed.
        self._redraw_timer = QTimer(self, singleShot=True)
        self._redraw_timer.setProperty("timerType", PRECISE_TIMER)
        self._redraw_timer.timeout.connect(self.refresh)
        window.set_actions(self)
        window.handle().visibilityChanged.connect(self._on_sight)
        window.sight_changed.connect(self._on_sight)
        application.focusWindowChanged.connect(self._on_focus)

    def set_session(self, session: Session | None) -> None:
        """Serve `session` from now on: its profile, if any is left, is the one in the window."""
        self._session = session
        self.window.set_profile(session.profile if session is not None else None)
        self.pages.set_session(session)

    def set_sessions(self, sessions: Sessions) -> None:
        """Tell `sessions` what they must know of the window, from now on."""
        self.sessions = sessions
        sessions.apply(self.settings_store.settings)
        sessions.set_visible(visible=self._in_sight)

    @property
    def session(self) -> Session | None:
        """The one whose profile is in the window, once there is one."""
        return self._session

    def show(self, state: State) -> None:
        """Draw `state`, and announce it if it is news."""
        before, self._state = self._state, state
        self.announcer.reset_countdown(before, state)
        self._draw()
        self.announcer.announce_state(before, state, datetime.now(UTC))

    # The wishes

    def sign_in(self) -> None:
        """Ask for a code, with the profile as it is in its file now."""
        self.sign_in_requested.emit()

    def cancel(self) -> None:
        """Give up what is under way; nothing happens where nothing is."""
        if not isinstance(self._state, (Requesting, AwaitingApproval)):
            return
        if self._session is None:
            self.quit()
        else:
            self._session.cancel()

    def request_new_code(self) -> None:
        """Another code in place of this one, with what profile and policy say now."""
        if self._session is not None:
            self.sign_in_requested.emit()

    def retry(self) -> None:
        """Do once more what failed; where the profile may be to blame, with what it says now."""
        if self._session is None or may_be_profile_error(self._state):
            self.sign_in_requested.emit()
        else:
            self._session.retry()

    def continue_without_keyring(self) -> None:
        """Sign in, keeping the token in memory only."""
        if self._session is not None:
            self._session.continue_without_keyring()

    def save_again(self) -> None:
        """Try once more to save the token."""
        if self._session is not None:
            self._session.save_again()

    def sign_out(self) -> None:
        """Remove the token from this computer, and from the clipboard."""
        self.sign_out_of(self._session)

    def sign_out_of(self, session: Session | None) -> asyncio.Task[None] | None:
        """The same for any session, whichever token was copied; the task ends with that."""
        self.copier.cancel()
        self.clipboard.clear_secret()
        return session.sign_out() if session is not None else None

    def open_browser(self) -> bool:
        """Open the approval page and copy the code, if any; whether a browser was started."""
        if not isinstance(self._state, AwaitingApproval):
            return False
        if self._state.user_code:
            self.clipboard.copy(self._state.user_code)
        if browser := self.settings_store.settings.browser:
            self.pages.open_in(browser, self._state.link)
            return True
        # The protocol lets only https and loopback links through; Qt starts no shell.
        return QDesktopServices.openUrl(QUrl(self._state.link, QUrl.ParsingMode.StrictMode))

    def open_profiles_folder(self) -> None:
        """Show the folder of the profiles, with an example in it where there are none."""
        if error := self.pages.open_profiles_folder():
            self.show(Failed(error))

    def add_profile(self) -> None:
        """Open the form for a new profile."""
        self.pages.open_form()

    def edit_profile(self) -> None:
        """Open the form of the profile in the window."""
        if id_ := self.profiles.current_id:
            self.pages.open_form(id_)
        else:
            self.manage_profiles()

    def manage_profiles(self) -> None:
        """Show all profiles, to be changed."""
        self.pages.open_profiles()

    def copy_code(self) -> None:
        """Put the code on the clipboard. It is no secret: it is worth nothing without approval."""
        if isinstance(self._state, AwaitingApproval) and self._state.user_code:
            self.clipboard.copy(self._state.user_code)
            self.announcer.announce("Code copied")

    def copy_link(self) -> None:
        """Put the link on the clipboard."""
        if isinstance(self._state, AwaitingApproval):
            self.clipboard.copy(self._state.link)
            self.announcer.announce("Link copied")

    def copy_token(self, as_: CopyFormat = CopyFormat.TOKEN) -> None:
        """Put the access token on the clipboard; what comes of it, `copier.progressed` tells."""
        self.copy_token_of(self._session, as_)

    def copy_token_of(self, session: Session | None, as_: CopyFormat) -> None:
        """Put the access token of `session` on the clipboard, whichever is in the window."""
        self._set_clear_after(session)
        self.copier.copy(session, as_)

    def cancel_copy(self) -> None:
        """Wait no longer for a token that was to be copied."""
        self.copier.cancel()

    def quit(self) -> None:
        """End the program."""
        self.quit_requested.emit()

    def copy_details(self) -> None:
        """Put what support asks for on the clipboard."""
        if isinstance(self._state, Failed):
            from desktop.services.token.failure_report import failure_report

            profile = self._session.profile if self._session is not None else None
            self.clipboard.copy(failure_report(self._state, profile, datetime.now(UTC)))
            self.announcer.announce("Details copied")
        elif isinstance(self._state, SignedIn) and (known := self.pages.details(self._state)):
            from desktop.services.token.details import details_for_support

            self.clipboard.copy(details_for_support(known, datetime.now(UTC)))
            self.announcer.announce("Details copied")

    def renew(self) -> None:
        """Renew the token now."""
        if self._session is not None:
            self._session.renew()

    def revoke_again(self) -> None:
        """Try once more to tell the server that the token is no longer wanted."""
        if self._session is not None:
            self._session.revoke_again()

    def revocation_offered(self) -> Revocation | None:
        """What signing out can do at the server; `None` while that is not known."""
        from desktop.services.token.details import revocation_offered

        if self._session is None:
            return None
        return revocation_offered(self._session.profile, self._session.metadata)

    def open_details(self) -> None:
        """Show all that is known of the token."""
        if isinstance(self._state, SignedIn):
            self.pages.open_details()
            self._draw()

    def open_settings(self) -> None:
        """Show what can be set."""
        self.pages.open_settings()
        self._draw()

    def change_settings(self, settings: Settings) -> None:
        """Go by `settings` from now on, and keep them."""
        self.settings_store.change(settings)

    def _apply_settings(self, settings: Settings) -> None:
        self._set_clear_after(self.copier.session)  # whose copy may be under way
        if self.sessions is not None:
            self.sessions.apply(settings)

    def _set_clear_after(self, session: TokenSource | None) -> None:
        settings = self.settings_store.settings
        if session is not None:
            settings = with_profile_settings(settings, session.profile.settings)
        self.clipboard.clear_after = settings.clipboard_seconds

    def _on_copy(self, progress: CopyProgress) -> None:
        if self.copier.session is self._session:  # the tray copies those of other profiles, too
            self.window.show_copy(progress)
        if isinstance(progress, Copied):
            self.announcer.announce(f"{progress.format.value} copied")
        elif isinstance(progress, NotCopied):
            self.announcer.announce(progress.text)

    # Drawing

    def refresh(self) -> None:
        """Draw what time has changed."""
        if self.sessions is not None:
            self.sessions.check_clock()
        self._draw()

    def _draw(self) -> None:
        at = datetime.now(UTC)
        self.window.show_state(self._state, at)
        self.drawn.emit(self._state, at)
        others = self._draw_other_profiles(at)
        self.announcer.announce_countdown(self._state, at, in_sight=self._in_sight)
        due = [seconds_to_redraw(self._state, at, in_sight=self._in_sight), *others]
        seconds = min((each for each in due if each is not None), default=None)
        if seconds is None:
            self._redraw_timer.stop()
        else:
            self._redraw_timer.start(round(seconds * 1000))

    def draw_other_profiles(self) -> None:
        """Show how the profiles stand that are not in the window."""
        self._draw()

    def _draw_other_profiles(self, at: datetime) -> list[float | None]:
        """Tell how all profiles stand; gives the seconds until that changes by itself."""
        statuses = self.sessions.statuses if self.sessions is not None else ()
        if len(statuses) < _SEVERAL:
            statuses = ()
        if statuses or self._several:  # where only one is left, that is told once
            self.profiles_drawn.emit(statuses, at)
        self._several = bool(statuses)
        badge = self._session.profile if statuses and self._session is not None else None
        if badge != self._badge:
            self._badge = badge
            self.window.show_badge(badge)
        return [tray_texts.next_change(each.state, at) for each in statuses]

    def _on_sight(self) -> None:
        in_sight = self.window.in_sight()
        if in_sight is self._in_sight:
            return
        self._in_sight = in_sight
        # Qt looks through its cache of pictures every half minute, as long as it holds one.
        QPixmapCache.clear()
        QPixmapCache.setCacheLimit(_MOST_CACHED if in_sight else 0)
        if self.sessions is not None:
            self.sessions.set_visible(visible=in_sight)
        self._draw()

    def _on_focus(self, focused: QWindow | None) -> None:
        if focused is not None:
            self._draw()
            if self._session is not None:
                self._session.poll_now()

    def add_shortcuts(self) -> None:
        """The keys that every program has."""
        from desktop.ui.window.shortcuts import add_shortcuts

        add_shortcuts(self.window, self.quit, self.open_settings, self.profiles.switch_to_number)

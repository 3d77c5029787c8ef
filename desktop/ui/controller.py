"""Between the window and the session: what a person wants goes down, states come up.

The session arrives when the profile has been loaded; until then one can only try again or leave.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QDesktopServices,
    QGuiApplication,
    QPixmapCache,
    QWindow,
)

from desktop.services.copy_formats import CopyFormat
from desktop.services.states import AwaitingApproval, Failed, Requesting, SignedIn, SignedOut
from desktop.ui import texts, tray_texts
from desktop.ui.clipboard import Clipboard
from desktop.ui.copy_progress import Copied, NotCopied
from desktop.ui.copying import Copier
from desktop.ui.numbers import PRECISE_TIMER
from desktop.ui.pages import Pages
from desktop.ui.settings_keeper import SettingsKeeper
from desktop.ui.ticks import countdown, next_tick

if TYPE_CHECKING:
    from desktop.services.session import Session
    from desktop.services.settings import Settings
    from desktop.services.states import Revocation, State
    from desktop.ui.copy_progress import CopyProgress
    from desktop.ui.window import Window

_MOST_CACHED = 10240  # kilobytes of pictures, as Qt has it


class Controller(QObject):
    """Serves the window, owns what copies, and speaks to the session once there is one.

    Signals:
        sign_in_wanted: the person wants to sign in.
        quit_wanted: the person wants to leave.
        drawn: the window shows a state as it is at an instant; others may, too.
    """

    sign_in_wanted = Signal()
    quit_wanted = Signal()
    drawn = Signal(object, object)

    def __init__(self, application: QGuiApplication, window: Window) -> None:
        super().__init__()
        self.window = window
        self.clipboard = Clipboard()
        self.copier = Copier(self.clipboard)
        self.copier.progressed.connect(window.show_copy)
        self.copier.progressed.connect(self._on_copy)
        self._session: Session | None = None
        self._state: State = Requesting(opening=True)
        self._left: float | None = None
        self._told_trouble = False
        self.keeper = SettingsKeeper()
        self.keeper.changed.connect(self._go_by)
        self.keeper.failed.connect(self._announce)
        self.pages = Pages(window, self, self.keeper)
        self._in_sight = window.in_sight()
        # One timer for all that counts. Roughly would be early, and once more than needed.
        self._tick = QTimer(self, singleShot=True)
        self._tick.setProperty("timerType", PRECISE_TIMER)
        self._tick.timeout.connect(self.look_at_clock)
        window.serve(self)
        window.handle().visibilityChanged.connect(self._on_sight)
        window.sight_changed.connect(self._on_sight)
        application.focusWindowChanged.connect(self._on_focus)

    def use(self, session: Session) -> None:
        """Serve `session` from now on."""
        self._session = session
        self.window.set_profile(session.profile)
        self.pages.session = session
        session.apply(self.keeper.settings)
        session.watch(visible=self._in_sight)

    def show(self, state: State) -> None:
        """Draw `state`, and announce it if it is news."""
        before, self._state = self._state, state
        news = type(before) is not type(state) or _is_news(before, state)
        if news:
            self._left = None  # another countdown, of which no mark has been passed
        self._draw()
        if news:
            self._announce(texts.announcement(state, datetime.now(UTC)))
        self._tell_trouble(state)

    # The wishes

    def sign_in(self) -> None:
        """Ask for a code, with the profile as it is in its file now."""
        self.sign_in_wanted.emit()

    def cancel(self) -> None:
        """Give up what is under way; nothing happens where nothing is."""
        if not isinstance(self._state, (Requesting, AwaitingApproval)):
            return
        if self._session is None:
            self.quit()
        else:
            self._session.cancel()

    def new_code(self) -> None:
        """Another code in place of this one."""
        if self._session is not None:
            self._session.new_code()

    def retry(self) -> None:
        """Do once more what failed; where the profile may be to blame, with what it says now."""
        if self._session is None or _may_be_the_profile(self._state):
            self.sign_in_wanted.emit()
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
        self.copier.cancel()
        self.clipboard.clear_secret()
        if self._session is not None:
            self._session.sign_out()

    def open_browser(self) -> bool:
        """Open the approval page and copy the code, if any; whether a browser was started."""
        if not isinstance(self._state, AwaitingApproval):
            return False
        if self._state.user_code:
            self.clipboard.copy(self._state.user_code)
        # The protocol lets only https and loopback links through; Qt starts no shell.
        return QDesktopServices.openUrl(QUrl(self._state.link, QUrl.ParsingMode.StrictMode))

    def open_profiles(self) -> None:
        """Show the folder of the profiles, with an example in it where there are none."""
        from desktop.services.profiles import ProfileError, prepare_folder

        try:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(prepare_folder())))
        except ProfileError as error:
            self.show(Failed(error))

    def copy_code(self) -> None:
        """Put the code on the clipboard. It is no secret: it is worth nothing without approval."""
        if isinstance(self._state, AwaitingApproval) and self._state.user_code:
            self.clipboard.copy(self._state.user_code)
            self._announce("Code copied")

    def copy_link(self) -> None:
        """Put the link on the clipboard."""
        if isinstance(self._state, AwaitingApproval):
            self.clipboard.copy(self._state.link)
            self._announce("Link copied")

    def copy_token(self, as_: CopyFormat = CopyFormat.TOKEN) -> None:
        """Put the access token on the clipboard; what comes of it, `copier.progressed` tells."""
        self.copier.copy(self._session, as_)

    def cancel_copy(self) -> None:
        """Wait no longer for a token that was to be copied."""
        self.copier.cancel()

    def quit(self) -> None:
        """End the program."""
        self.quit_wanted.emit()

    def copy_details(self) -> None:
        """Put what support asks for on the clipboard."""
        if isinstance(self._state, Failed):
            from desktop.services.details import details

            profile = self._session.profile if self._session is not None else None
            self.clipboard.copy(details(self._state, profile, datetime.now(UTC)))
            self._announce("Details copied")
        elif isinstance(self._state, SignedIn) and (known := self.pages.details(self._state)):
            from desktop.services.token_details import details_for_support

            self.clipboard.copy(details_for_support(known, datetime.now(UTC)))
            self._announce("Details copied")

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
        from desktop.services.token_details import revocation_offered

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
        self.keeper.change(settings)

    def _go_by(self, settings: Settings) -> None:
        self.clipboard.clear_after = settings.clipboard_seconds
        if self._session is not None:
            self._session.apply(settings)

    def _on_copy(self, progress: CopyProgress) -> None:
        if isinstance(progress, Copied):
            self._announce(f"{progress.format.value} copied")
        elif isinstance(progress, NotCopied):
            self._announce(progress.text)

    # Drawing

    def look_at_clock(self) -> None:
        """Draw what time has changed."""
        if self._session is not None:
            self._session.look_at_clock()
        self._draw()

    def _draw(self) -> None:
        at = datetime.now(UTC)
        self.window.show_state(self._state, at)
        self.drawn.emit(self._state, at)
        left = countdown(self._state, at)
        if left is not None and self._in_sight:
            self._announce(texts.spoken_count(self._state, self._left, left))
        self._left = left
        seconds = next_tick(self._state, at, in_sight=self._in_sight)
        if seconds is None:
            self._tick.stop()
        else:
            self._tick.start(round(seconds * 1000))

    def _on_sight(self) -> None:
        in_sight = self.window.in_sight()
        if in_sight is self._in_sight:
            return
        self._in_sight = in_sight
        # Qt looks through its cache of pictures every half minute, as long as it holds one.
        QPixmapCache.clear()
        QPixmapCache.setCacheLimit(_MOST_CACHED if in_sight else 0)
        if self._session is not None:
            self._session.watch(visible=in_sight)
        self._draw()

    def _on_focus(self, focused: QWindow | None) -> None:
        if focused is None:
            return
        self._draw()
        if self._session is not None:
            self._session.ask_now()

    def add_shortcuts(self) -> None:
        """The keys that every program has."""
        from PySide6.QtGui import QKeySequence, QShortcut

        keys = QKeySequence.StandardKey
        for key, deed in (
            (keys.Quit, self.quit),
            (keys.Close, self.window.close),
            (keys.Cancel, self.window.escape),
            (keys.Copy, self.window.copy_shown),
            ("Ctrl+,", self.open_settings),  # which only macOS has among the keys that all have
        ):
            QShortcut(QKeySequence(key), self.window).activated.connect(deed)
        self.window.offer_settings()

    def _tell_trouble(self, state: State) -> None:
        # Once, however often it is tried again: until a renewal works.
        if not tray_texts.trouble_goes_on(state):
            self._told_trouble = False
        elif isinstance(state, SignedIn) and state.trouble and not self._told_trouble:
            self._told_trouble = True
            self._announce(texts.spoken_trouble(state, datetime.now(UTC)))

    def _announce(self, text: str) -> None:
        if text and QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.window, text))


def _may_be_the_profile(state: State) -> bool:
    from desktop.oauth.errors import OAuthError
    from desktop.services.messages import Remedy, advice_for

    if not isinstance(state, Failed):
        return False
    # Whatever a server or the way to it says may come of an address that has been corrected since.
    by_profile = Remedy.OPEN_PROFILES in advice_for(state.error).remedies
    return by_profile or isinstance(state.error, OAuthError)


def _is_news(before: State, state: State) -> bool:
    if isinstance(before, AwaitingApproval) and isinstance(state, AwaitingApproval):
        return (before.user_code, before.approved) != (state.user_code, state.approved)
    if isinstance(before, SignedIn) and isinstance(state, SignedIn):
        return before.not_saved is not state.not_saved
    if isinstance(before, SignedOut) and isinstance(state, SignedOut):
        return before.revocation is not state.revocation
    return isinstance(state, Failed)

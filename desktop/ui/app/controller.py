"""Connects the window to the session: commands go down, states come up.

There is no session until the profile has been loaded. Until then only retrying and quitting work.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication

from desktop.services.model.copy_formats import CopyFormat
from desktop.services.model.settings import with_profile_settings
from desktop.services.model.states import AwaitingApproval, Failed, Requesting, SignedIn
from desktop.services.system.translation import translate
from desktop.ui.app.display import Display
from desktop.ui.app.lock.locking import Locking
from desktop.ui.app.profile_commands import ProfileCommands
from desktop.ui.copy.clipboard import Clipboard
from desktop.ui.copy.copier import Copier
from desktop.ui.kit.copy_progress import Copied, NotCopied
from desktop.ui.pages.pages import Pages, can_rely_on_qt
from desktop.ui.pages.settings_store import SettingsStore
from desktop.ui.window.announcer import Announcer
from desktop.ui.wording.update_timing import may_be_profile_error
from desktop.ui.wording.window_texts import (
    BROWSER_OPENED,
    CLIPBOARD_CLEARED,
    copied_as,
    copied_until_cleared,
)

if TYPE_CHECKING:
    import asyncio

    from desktop.services.model.settings import Settings
    from desktop.services.model.states import Revocation
    from desktop.services.session.session import Session
    from desktop.services.session.sessions import Sessions
    from desktop.ui.kit.copy_progress import CopyProgress
    from desktop.ui.window.window import Window


class Controller(QObject):
    """Carries out the commands of the window, and owns everything that copies.

    Signals:
        sign_in_requested: sign in with the current profile.
        quit_requested: quit XDR Login.
        switch_requested: show the profile with this ID in the window.
    """

    sign_in_requested = Signal()
    quit_requested = Signal()
    switch_requested = Signal(str)

    def __init__(self, application: QGuiApplication, window: Window) -> None:
        super().__init__()
        self.window = window
        self.profiles = ProfileCommands(self)
        self.announcer = Announcer(window)
        self.display = Display(self, application, window, self.announcer)
        self.settings_store = SettingsStore()
        self.settings_store.changed.connect(self._apply_settings)
        self.settings_store.failed.connect(self.announcer.announce)
        self._copying = _Copying(self)
        self.clipboard, self.copier = self._copying.clipboard, self._copying.copier
        self.locking = Locking(self)
        self.pages = Pages(window, self, self.settings_store, self.clipboard)
        window.set_actions(self)
        window.page_closed.connect(self._show_page_below)

    def set_session(self, session: Session | None) -> None:
        """Make the profile of `session`, if any is left, the one in the window."""
        self.display.session = session
        self.window.set_profile(session.profile if session is not None else None)
        self.pages.set_session(session)

    def set_sessions(self, sessions: Sessions) -> None:
        """Apply the settings and the visibility of the window to `sessions` from now on."""
        sessions.apply(self.settings_store.settings)
        self.locking.set_lock(sessions.lock)
        self.display.set_sessions(sessions)

    @property
    def session(self) -> Session | None:
        return self.display.session

    @property
    def sessions(self) -> Sessions | None:
        return self.display.sessions

    def sign_in(self) -> None:
        self.sign_in_requested.emit()

    def cancel(self) -> None:
        """Cancel the sign-in, if one is running."""
        if not isinstance(self.display.state, (Requesting, AwaitingApproval)):
            return
        if self.session is None:
            self.quit()
        else:
            self.session.cancel()

    def request_new_code(self) -> None:
        """Replace the code, with the profile and the policy as they are now."""
        if self.session is not None:
            self.sign_in_requested.emit()

    def retry(self) -> None:
        """Repeat what failed; reload the profile first if it may be the cause."""
        if self.session is None or may_be_profile_error(self.display.state):
            self.sign_in_requested.emit()
        else:
            self.session.retry()

    def continue_without_keyring(self) -> None:
        """Sign in, and keep the token in memory only."""
        if self.session is not None:
            self.session.continue_without_keyring()

    def save_again(self) -> None:
        if self.session is not None:
            self.session.save_again()

    def sign_out(self) -> None:
        """Remove the token from this computer and from the clipboard."""
        self.sign_out_of(self.session)

    def sign_out_of(self, session: Session | None) -> asyncio.Task[None] | None:
        """Sign out of any profile, whichever token was copied; returns the running task."""
        self.copier.cancel()
        self.clipboard.clear_secret()
        return session.sign_out() if session is not None else None

    def open_browser(self) -> None:
        """Open the approval page and copy the code, if any; the view says whether it opened."""
        state = self.display.state
        if not isinstance(state, AwaitingApproval):
            return
        if state.user_code:
            self.clipboard.copy_code(state.user_code)
        _open_link(self, state.link)

    def open_profiles_folder(self) -> None:
        """Open the profiles folder, with an example in it if it was empty."""
        if error := self.pages.open_profiles_folder():
            self.display.show(Failed(error))

    def switch_profile(self) -> None:
        self.pages.open_switcher()
        self.display.draw()

    def add_profile(self) -> None:
        self.pages.open_form()

    def edit_profile(self) -> None:
        """Open the form of the current profile, or the list of profiles if there is none."""
        if id_ := self.profiles.current_id:
            self.pages.open_form(id_)
        else:
            self.manage_profiles()

    def manage_profiles(self) -> None:
        self.pages.open_profiles()

    def copy_code(self) -> None:
        """Copy the code as plain text: it is worth nothing without an approval."""
        state = self.display.state
        if isinstance(state, AwaitingApproval) and state.user_code:
            self._copying.copy_code(state.user_code, translate("Code copied"))

    def copy_link(self) -> None:
        if isinstance(self.display.state, AwaitingApproval):
            self._copying.copy_code(self.display.state.link, translate("Link copied"))

    def copy_token(self, as_: CopyFormat = CopyFormat.TOKEN) -> None:
        self.copy_token_of(self.session, as_)

    def copy_token_of(self, session: Session | None, as_: CopyFormat) -> None:
        self._copying.copy_token(session, as_)

    def cancel_copy(self) -> None:
        self.copier.cancel()

    def clear_copy(self) -> None:
        """Take the copied token off the clipboard now."""
        self.clipboard.clear_secret()

    def quit(self) -> None:
        self.quit_requested.emit()

    def copy_details(self) -> None:
        """Copy what support needs, without secrets."""
        if text := _details_text(self):
            self._copying.copy_text(text, translate("Details copied"))

    def renew(self) -> None:
        if self.session is not None:
            self.session.renew()

    def revoke_again(self) -> None:
        """Repeat the revocation that the server did not confirm."""
        if self.session is not None:
            self.session.revoke_again()

    def revocation_offered(self) -> Revocation | None:
        """What signing out can revoke at the server; None while that is unknown."""
        from desktop.services.token.details import revocation_offered

        if self.session is None:
            return None
        return revocation_offered(self.session.profile, self.session.metadata)

    def open_details(self) -> None:
        if isinstance(self.display.state, SignedIn):
            self.pages.details.open()
            self.display.draw()

    def open_settings(self) -> None:
        self.pages.open_settings()
        self.display.draw()

    def open_shortcuts(self) -> None:
        self.pages.open_shortcuts()

    def change_settings(self, settings: Settings) -> None:
        """Apply `settings` at once, and save them."""
        self.settings_store.change(settings)

    def add_shortcuts(self) -> None:
        from desktop.ui.window.shortcuts import add_shortcuts

        add_shortcuts(self.window, self)

    def _show_page_below(self) -> None:
        if self.window.page is not None:  # it was not drawn while another page covered it
            self.display.draw()

    def _apply_settings(self, settings: Settings) -> None:
        self._copying.apply_settings()
        if self.sessions is not None:
            self.sessions.apply(settings)


class _Copying:
    """Copies tokens and other texts to the clipboard, and reports the result."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self.clipboard = Clipboard()
        self.copier = Copier(self.clipboard)
        self.copier.progressed.connect(self._on_progress)
        self.clipboard.secret_forgotten.connect(controller.window.show_cleared)
        self.clipboard.secret_cleared.connect(
            lambda: controller.announcer.announce(translate(CLIPBOARD_CLEARED))
        )

    def copy_text(self, text: str, notice: str) -> None:
        """Copy a text that is not secret, and announce `notice`."""
        self.clipboard.copy(text)
        self._controller.announcer.announce(notice)

    def copy_code(self, text: str, notice: str) -> None:
        """Copy a code, or a link that may contain one, and announce `notice`."""
        self.clipboard.copy_code(text)
        self._controller.announcer.announce(notice)

    def copy_token(self, session: Session | None, as_: CopyFormat) -> None:
        if self._controller.locking.is_locked:  # not even the token of an unattended profile
            return
        self._use_settings(session)
        self.copier.copy(session, as_)

    def apply_settings(self) -> None:
        """Apply changed settings to a copy that may be running."""
        self._use_settings(self.copier.session)

    def _use_settings(self, session: Session | None) -> None:
        settings = self._controller.settings_store.settings
        if session is not None:
            settings = with_profile_settings(settings, session.profile.settings)
        self.clipboard.clear_after = settings.clipboard_seconds
        self.copier.api_service = settings.api_service

    def _on_progress(self, progress: CopyProgress) -> None:
        controller = self._controller
        if self.copier.session is controller.session:  # the tray copies other profiles' tokens, too
            controller.window.show_copy(progress)
        if isinstance(progress, Copied):
            copied = copied_as(progress.format)
            controller.announcer.announce(copied_until_cleared(copied, progress.clear_after))
        elif isinstance(progress, NotCopied):
            controller.announcer.announce(progress.text)


def _open_link(controller: Controller, address: str) -> None:
    """Open `address` in the browser of the settings, and say so."""
    browser = controller.settings_store.settings.browser
    # The protocol allows only https and loopback links; Qt starts no shell.
    link = QUrl(address, QUrl.ParsingMode.StrictMode)
    qt_decides = not browser and can_rely_on_qt(QGuiApplication.platformName())
    if not (qt_decides and QDesktopServices.openUrl(link)):
        controller.pages.open_in(browser, address)
    controller.window.view.show_browser_opened(address)
    controller.announcer.announce(translate(BROWSER_OPENED))


def _details_text(controller: Controller) -> str:
    """What support needs about the token or the failure; empty for other states."""
    state, session = controller.display.state, controller.session
    if isinstance(state, Failed):
        from desktop.services.token.details import failure_report

        profile = session.profile if session is not None else None
        return failure_report(state, profile, datetime.now(UTC))
    if isinstance(state, SignedIn) and (known := controller.pages.details.token_details(state)):
        from desktop.services.token.details import details_for_support

        return details_for_support(known, datetime.now(UTC))
    return ""

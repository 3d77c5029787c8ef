"""Opens the pages on top of the view. Each is loaded when it is first opened."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication

from desktop.services.system.worker import Worker
from desktop.ui.kit.reader_roles import unheard
from desktop.ui.pages.details_controller import DetailsController

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from desktop.services.model.profile import Profile, ProfileError
    from desktop.services.session.session import Session
    from desktop.services.system.browsers import Browser
    from desktop.ui.copy.clipboard import Clipboard
    from desktop.ui.pages.about_page import AboutController
    from desktop.ui.pages.settings_store import SettingsStore
    from desktop.ui.pages.settings_view import SettingsView
    from desktop.ui.profiles.profile_pages import ProfilePages
    from desktop.ui.views.actions import Actions
    from desktop.ui.window.window import Window

_Tried = tuple[bool, bool | None]  # whether the chosen browser started, and any; None: ask Qt


class Pages(QObject):
    """Opens the details, settings, about and profile pages.

    `make_profile_pages` is called when a profile page is first opened.

    Signals:
        browser_failed: no browser could be started; the view says so.
    """

    browser_failed = Signal()

    # These cross from the worker's thread to the window's.
    _browsers_found = Signal(object)
    _browser_tried = Signal(object, str, str)

    def __init__(
        self,
        window: Window,
        actions: Actions,
        settings_store: SettingsStore,
        clipboard: Clipboard,
    ) -> None:
        super().__init__()
        self.details = DetailsController(window, actions)
        self.make_profile_pages: Callable[[], ProfilePages] | None = None
        self._window = window
        self._actions = actions
        self._settings_store = settings_store
        self._clipboard = clipboard
        self._profile: Profile | None = None
        self._settings: SettingsView | None = None
        self._profile_pages: ProfilePages | None = None
        self._worker = Worker("browsers")
        self._about: AboutController | None = None
        settings_store.changed.connect(self._show_settings)
        settings_store.changed.connect(lambda settings: window.theme.choose_scheme(settings.theme))
        settings_store.failed.connect(self._show_failure)
        self._browsers_found.connect(self._show_browsers)
        self._browser_tried.connect(self._on_browser_tried)

    def set_session(self, session: Session | None) -> None:
        """Show the token and the profile of `session` from now on."""
        self.details.set_session(session)
        self._profile = session.profile if session is not None else None
        if (view := self._opened_settings()) is not None:
            view.show_profile(self._profile)

    def open_settings(self) -> None:
        """Open the settings, or close them if they are in sight."""
        if self._window.is_covered:
            return
        if self._window.page is not None and self._window.page is self._settings:
            self._window.close_page()
            return
        from desktop.ui.pages.settings_view import SettingsView

        with unheard():
            view = self._settings = SettingsView(self._actions, self, self._window.theme)
            view.show_profile(self._profile)
            view.apply_policy(self._settings_store.policy)
            view.show_settings(self._settings_store.settings)
            view.set_autostart_unavailable(self._settings_store.why_no_autostart)
        self._window.show_page(view)
        self._settings_store.check_file()
        self._settings_store.read_autostart()
        self._list_browsers()

    def open_shortcuts(self) -> None:
        """Open the sheet of keyboard shortcuts, or close it if it is in sight."""
        from desktop.ui.pages.shortcuts_view import ShortcutsView

        if isinstance(self._window.page, ShortcutsView):
            self._window.close_page()
        elif not self._window.is_covered:
            with unheard():
                page = ShortcutsView(go_back=self.close_page)
            self._window.show_page(page)

    def open_about(self) -> None:
        from desktop.ui.pages.about_page import AboutController

        if self._about is None:
            self._about = AboutController(self._window, self._clipboard)
        self._about.open()

    def open_form(self, id_: str = "") -> None:
        """Open the form of profile `id_`, or of a new one."""
        if pages := self._get_profile_pages():
            pages.open_form(id_)

    def open_switcher(self) -> None:
        """Open the list in which profiles are found, or go back to its search."""
        from desktop.ui.profiles.switcher_view import SwitcherView

        page = self._window.page
        if self._window.is_covered:
            return
        if not isinstance(page, SwitcherView):
            with unheard():
                page = SwitcherView(
                    self._actions,
                    self._window.theme,
                    go_back=self.close_page,
                    leave=self._window.close_pages,
                )
            self._window.show_page(page)
        page.search.setFocus()
        page.search.selectAll()

    def open_profiles(self) -> None:
        if pages := self._get_profile_pages():
            pages.open_profiles()

    def open_connection_check(self, id_: str) -> None:
        """Open the page that checks the connection of profile `id_`."""
        if pages := self._get_profile_pages():
            pages.open_connection_check(id_)

    def open_profiles_folder(self) -> ProfileError | None:
        """Open the profiles folder, with an example in it if it was empty."""
        from desktop.services.configuration.profile_reader import prepare_folder
        from desktop.services.model.profile import ProfileError

        try:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(prepare_folder())))
        except ProfileError as error:
            return error
        return None

    def open_log_folder(self) -> None:
        from desktop.services.system.paths import log_folder

        QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_folder())))

    def open_in(self, browser: str, link: str) -> None:
        """Open `link` in the chosen browser, or in the default one if that can't be started.

        An empty `browser` is the default one. The window says if no browser starts.
        """
        platform = QGuiApplication.platformName()
        self._worker.submit(partial(_try_browsers, browser, link, platform)).add_done_callback(
            lambda tried: self._browser_tried.emit(tried, browser, link)
        )

    def close_page(self) -> None:
        self._window.close_page()

    async def close(self) -> None:
        """End what the pages have started, and wait until changed settings are saved."""
        if self._profile_pages is not None:
            await self._profile_pages.close()
        await self.details.close()
        await self._settings_store.close()

    def _get_profile_pages(self) -> ProfilePages | None:
        if self._profile_pages is None and self.make_profile_pages is not None:
            self._profile_pages = self.make_profile_pages()
        return self._profile_pages

    def _opened_settings(self) -> SettingsView | None:
        return self._settings if self._settings in self._window.pages else None

    def _list_browsers(self) -> None:
        from desktop.services.system.browsers import find_browsers

        self._worker.submit(find_browsers).add_done_callback(self._browsers_found.emit)

    def _show_browsers(self, found: Future[tuple[Browser, ...]]) -> None:
        if (view := self._opened_settings()) is not None:
            view.show_browsers(found.result())

    def _on_browser_tried(self, tried: Future[_Tried], browser: str, link: str) -> None:
        from desktop.ui.wording.page_texts import browser_not_started

        chosen, opened = tried.result()
        if opened is None:
            opened = QDesktopServices.openUrl(QUrl(link, QUrl.ParsingMode.StrictMode))
        if not opened:
            self._window.view.show_browser_failure(link)
            self.browser_failed.emit()
        if not opened or (browser and not chosen):
            self._settings_store.failed.emit(browser_not_started(opened=opened))

    def _show_settings(self) -> None:
        if (view := self._opened_settings()) is not None:
            view.apply_policy(self._settings_store.policy)
            view.show_settings(self._settings_store.settings)

    def _show_failure(self, text: str) -> None:
        if (view := self._opened_settings()) is not None:
            view.show_failure(text)


def can_rely_on_qt(platform: str) -> bool:
    """Whether Qt notices that there is no browser; on Linux it only starts xdg-open."""
    return platform not in {"wayland", "xcb"}


def _try_browsers(browser: str, link: str, platform: str) -> _Tried:
    from desktop.services.system import browsers

    if browser and browsers.open_in(browser, link):
        return True, True
    if browser and can_rely_on_qt(platform):
        return False, None
    # On Wayland only Qt can pass on the right to come to the front, so it opens what is there.
    if platform == "wayland" and browsers.find_browsers():
        return False, None
    return False, browsers.open_default(link)

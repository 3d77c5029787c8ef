"""The pages that are laid on top of the view, and what only they need."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop.services.model.profile import ProfileError
    from desktop.services.model.states import SignedIn
    from desktop.services.session.session import Session
    from desktop.services.session.token_recipients import TokenRecipient, TokenRecipients
    from desktop.services.system.browsers import Browser
    from desktop.services.token.details import TokenDetails
    from desktop.ui.copy.clipboard import Clipboard
    from desktop.ui.pages.about_controller import AboutController
    from desktop.ui.pages.browser_opener import BrowserOpener
    from desktop.ui.pages.details_view import DetailsView
    from desktop.ui.pages.server_query import Fetch, ServerAnswer, ServerQuery
    from desktop.ui.pages.settings_store import SettingsStore
    from desktop.ui.pages.settings_view import SettingsView
    from desktop.ui.profiles.profile_pages import ProfilePages
    from desktop.ui.views.actions import Actions
    from desktop.ui.window.window import Window


class Pages(QObject):
    """Opens the details and the settings, each loaded when it is first opened, and serves them.

    `session` is whose token it is, once there is one. `make_profile_pages` is called when one of
    those is first opened.
    """

    def __init__(
        self, window: Window, actions: Actions, keeper: SettingsStore, clipboard: Clipboard
    ) -> None:
        super().__init__()
        self._window = window
        self._actions = actions
        self._settings_store = keeper
        self._clipboard = clipboard
        self.session: Session | None = None
        self.make_profile_pages: Callable[[], ProfilePages] | None = None
        self._recipients: TokenRecipients | None = None
        self._queries: dict[Fetch, ServerQuery] = {}
        self._profile_pages: ProfilePages | None = None
        self._browser_opener: BrowserOpener | None = None
        self._about: AboutController | None = None
        window.page_closed.connect(self._on_closed)
        keeper.changed.connect(self._show_settings)
        keeper.changed.connect(lambda settings: window.theme.choose_scheme(settings.theme))
        keeper.failed.connect(self._show_failure)

    def set_session(self, session: Session | None) -> None:
        """Speak of the token and the profile of `session` from now on, or of none."""
        before, self.session = self.session, session
        if session is before:
            return
        if self._shown_details() is not None:
            self._window.close_page()  # the token and the person on it are those of another
        elif (page := self._shown_settings()) is not None:
            page.show_profile(session.profile if session is not None else None)

    def watch_recipients(self, hand_outs: TokenRecipients) -> None:
        """Show `hand_outs` in the details from now on."""
        self._recipients = hand_outs
        hand_outs.on_change = self._show_recipients

    def open_details(self) -> None:
        """Show all that is known of the token."""
        from desktop.ui.pages.details_view import DetailsView

        self._window.show_page(DetailsView(self._actions, self))

    def open_settings(self) -> None:
        """Show what can be set; where that is shown already, leave it."""
        from desktop.ui.pages.settings_view import SettingsView

        if self._shown_settings() is not None:
            self._window.close_page()
            return
        page = SettingsView(self._actions, self, self._window.theme)
        page.show_profile(self.session.profile if self.session is not None else None)
        page.apply_policy(self._settings_store.policy)
        page.show_settings(self._settings_store.settings)
        page.set_autostart_unavailable(self._settings_store.why_no_autostart)
        self._window.show_page(page)
        self._settings_store.check_file()
        self._settings_store.read_autostart()
        self._get_browser_opener().list_browsers()

    def open_in(self, browser: str, link: str) -> None:
        """Open `link` in the browser that was chosen."""
        self._get_browser_opener().open(browser, link)

    def _get_browser_opener(self) -> BrowserOpener:
        from desktop.ui.pages.browser_opener import BrowserOpener

        if self._browser_opener is None:
            self._browser_opener = BrowserOpener()
            self._browser_opener.listed.connect(self._show_browsers)
            self._browser_opener.failed.connect(self._on_browser_failed)
        return self._browser_opener

    def _show_browsers(self, browsers: tuple[Browser, ...]) -> None:
        if (page := self._shown_settings()) is not None:
            page.show_browsers(browsers)

    def _on_browser_failed(self, opened: bool) -> None:  # noqa: FBT001 - a slot
        from desktop.ui.wording.page_texts import browser_not_started

        self._settings_store.failed.emit(browser_not_started(opened=opened))

    def open_form(self, id_: str = "") -> None:
        """Open the form: of profile `id_`, or of a new one."""
        if pages := self._get_profile_pages():
            pages.open_form(id_)

    def open_profiles(self) -> None:
        """Show all profiles, to be changed."""
        if pages := self._get_profile_pages():
            pages.open_profiles()

    def _get_profile_pages(self) -> ProfilePages | None:
        if self._profile_pages is None and self.make_profile_pages is not None:
            self._profile_pages = self.make_profile_pages()
        return self._profile_pages

    def open_profiles_folder(self) -> ProfileError | None:
        """Show the folder of the profiles, with an example in it where there are none."""
        from desktop.services.configuration.profile_reader import prepare_folder
        from desktop.services.model.profile import ProfileError

        try:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(prepare_folder())))
        except ProfileError as error:
            return error
        return None

    async def close(self) -> None:
        """End what the pages have begun; what was set has been written then."""
        if self._profile_pages is not None:
            await self._profile_pages.close()
        for asker in self._queries.values():
            await asker.close()
        await self._settings_store.close()

    # The wishes of the pages

    def close_page(self) -> None:
        """Leave the page."""
        self._window.close_page()

    def details(self, state: SignedIn) -> TokenDetails | None:
        """All that is known of the token, itself excepted; `None` where there is none."""
        from desktop.services.token.details import token_details

        if self.session is None:
            return None
        return token_details(
            state,
            profile=self.session.profile,
            metadata=self.session.metadata,
            claims=self.session.claims(),
        )

    def recipients(self) -> tuple[TokenRecipient, ...]:
        """Which programs got the token of late, the latest first."""
        if self._recipients is None or self.session is None:
            return ()
        return self._recipients.for_profile(self.session.profile.id)

    def reveal_token(self) -> str | None:
        """The access token, to be shown because the person asked for it; `None` if it is over."""
        return self.session.access_token() if self.session is not None else None

    def query_userinfo(self) -> None:
        """Ask the server who signed in; the page is shown the answer."""
        from desktop.ui.pages.details_view import DetailsView
        from desktop.ui.pages.server_query import fetch_userinfo

        self._query(fetch_userinfo, DetailsView.show_userinfo)

    def query_app_grant(self) -> None:
        """Ask the server what this app has been granted; the page is shown the answer."""
        from desktop.ui.pages.details_view import DetailsView
        from desktop.ui.pages.server_query import fetch_app_grant

        self._query(fetch_app_grant, DetailsView.show_app_grant)

    def _query(self, question: Fetch, show: Callable[[DetailsView, ServerAnswer], None]) -> None:
        from desktop.ui.pages.server_query import ServerQuery

        if self.session is None:
            return
        if question not in self._queries:
            self._queries[question] = ServerQuery(question)
            self._queries[question].answered.connect(partial(self._show_answer, show))
        self._queries[question].start(self.session)

    def open_about(self) -> None:
        """Show what the program says of itself."""
        from desktop.ui.pages.about_controller import AboutController

        if self._about is None:
            self._about = AboutController(self._window, self._clipboard)
        self._about.open()

    def open_log_folder(self) -> None:
        """Show the folder of the log."""
        from desktop.services.system.paths import log_folder

        QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_folder())))

    # What comes of them

    def _shown_details(self) -> DetailsView | None:
        """The details, while they are shown; where nothing is, their module is not loaded."""
        page = self._window.page
        if page is None:
            return None
        from desktop.ui.pages.details_view import DetailsView

        return page if isinstance(page, DetailsView) else None

    def _shown_settings(self) -> SettingsView | None:
        """The settings, in the same way."""
        page = self._window.page
        if page is None:
            return None
        from desktop.ui.pages.settings_view import SettingsView

        return page if isinstance(page, SettingsView) else None

    def _on_closed(self) -> None:
        for asker in self._queries.values():
            asker.cancel()

    def _show_answer(
        self, show: Callable[[DetailsView, ServerAnswer], None], answer: ServerAnswer
    ) -> None:
        if (page := self._shown_details()) is not None:
            show(page, answer)

    def _show_recipients(self) -> None:
        if (page := self._shown_details()) is not None:
            page.show_recipients()

    def _show_settings(self) -> None:
        if (page := self._shown_settings()) is not None:
            page.apply_policy(self._settings_store.policy)
            page.show_settings(self._settings_store.settings)

    def _show_failure(self, text: str) -> None:
        if (page := self._shown_settings()) is not None:
            page.show_failure(text)

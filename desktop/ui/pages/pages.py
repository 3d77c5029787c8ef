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
    from desktop.services.session.token_recipients import HandOut, HandOuts
    from desktop.services.system.browsers import Browser
    from desktop.services.token.details import TokenDetails
    from desktop.ui.copy.clipboard import Clipboard
    from desktop.ui.pages.about_controller import AboutPage
    from desktop.ui.pages.browser_opener import BrowserOpener
    from desktop.ui.pages.details_view import DetailsView
    from desktop.ui.pages.server_query import Ask, Asker, Said
    from desktop.ui.pages.settings_store import SettingsKeeper
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
        self, window: Window, actions: Actions, keeper: SettingsKeeper, clipboard: Clipboard
    ) -> None:
        super().__init__()
        self._window = window
        self._actions = actions
        self._keeper = keeper
        self._clipboard = clipboard
        self.session: Session | None = None
        self.make_profile_pages: Callable[[], ProfilePages] | None = None
        self._hand_outs: HandOuts | None = None
        self._askers: dict[Ask, Asker] = {}
        self._profile_pages: ProfilePages | None = None
        self._browsers: BrowserOpener | None = None
        self._about: AboutPage | None = None
        window.page_closed.connect(self._on_closed)
        keeper.changed.connect(self._show_settings)
        keeper.changed.connect(lambda settings: window.theme.choose(settings.theme))
        keeper.failed.connect(self._show_failure)

    def serve(self, session: Session | None) -> None:
        """Speak of the token and the profile of `session` from now on, or of none."""
        before, self.session = self.session, session
        if session is before:
            return
        if self._details() is not None:
            self._window.close_page()  # the token and the person on it are those of another
        elif (page := self._settings()) is not None:
            page.show_profile(session.profile if session is not None else None)

    def list_hand_outs(self, hand_outs: HandOuts) -> None:
        """Show `hand_outs` in the details from now on."""
        self._hand_outs = hand_outs
        hand_outs.changed = self._show_hand_outs

    def open_details(self) -> None:
        """Show all that is known of the token."""
        from desktop.ui.pages.details_view import DetailsView

        self._window.show_page(DetailsView(self._actions, self))

    def open_settings(self) -> None:
        """Show what can be set; where that is shown already, leave it."""
        from desktop.ui.pages.settings_view import SettingsView

        if self._settings() is not None:
            self._window.close_page()
            return
        page = SettingsView(self._actions, self, self._window.theme)
        page.show_profile(self.session.profile if self.session is not None else None)
        page.lock(self._keeper.policy)
        page.show_settings(self._keeper.settings)
        page.forbid_start(self._keeper.why_not_at_login)
        self._window.show_page(page)
        self._keeper.look_at_the_file()
        self._keeper.ask_the_system()
        self._opener().look()

    def open_in(self, browser: str, link: str) -> None:
        """Open `link` in the browser that was chosen."""
        self._opener().open(browser, link)

    def _opener(self) -> BrowserOpener:
        from desktop.ui.pages.browser_opener import BrowserOpener

        if self._browsers is None:
            self._browsers = BrowserOpener()
            self._browsers.listed.connect(self._show_browsers)
            self._browsers.failed.connect(self._on_other_browser)
        return self._browsers

    def _show_browsers(self, browsers: tuple[Browser, ...]) -> None:
        if (page := self._settings()) is not None:
            page.show_browsers(browsers)

    def _on_other_browser(self, opened: bool) -> None:  # noqa: FBT001 - a slot
        from desktop.ui.wording.page_texts import other_browser

        self._keeper.failed.emit(other_browser(opened=opened))

    def open_form(self, id_: str = "") -> None:
        """Open the form: of profile `id_`, or of a new one."""
        if pages := self._of_profiles():
            pages.open_form(id_)

    def open_profiles(self) -> None:
        """Show all profiles, to be changed."""
        if pages := self._of_profiles():
            pages.open_profiles()

    def _of_profiles(self) -> ProfilePages | None:
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
        for asker in self._askers.values():
            await asker.close()
        await self._keeper.close()

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

    def hand_outs(self) -> tuple[HandOut, ...]:
        """Which programs got the token of late, the latest first."""
        if self._hand_outs is None or self.session is None:
            return ()
        return self._hand_outs.of(self.session.profile.id)

    def reveal_token(self) -> str | None:
        """The access token, to be shown because the person asked for it; `None` if it is over."""
        return self.session.access_token() if self.session is not None else None

    def ask_who_am_i(self) -> None:
        """Ask the server who signed in; the page is shown the answer."""
        from desktop.ui.pages.details_view import DetailsView
        from desktop.ui.pages.server_query import who_am_i

        self._ask(who_am_i, DetailsView.show_who_am_i)

    def ask_app_grant(self) -> None:
        """Ask the server what this app has been granted; the page is shown the answer."""
        from desktop.ui.pages.details_view import DetailsView
        from desktop.ui.pages.server_query import app_grant

        self._ask(app_grant, DetailsView.show_app_grant)

    def _ask(self, question: Ask, show: Callable[[DetailsView, Said], None]) -> None:
        from desktop.ui.pages.server_query import Asker

        if self.session is None:
            return
        if question not in self._askers:
            self._askers[question] = Asker(question)
            self._askers[question].answered.connect(partial(self._show_said, show))
        self._askers[question].ask(self.session)

    def open_about(self) -> None:
        """Show what the program says of itself."""
        from desktop.ui.pages.about_controller import AboutPage

        if self._about is None:
            self._about = AboutPage(self._window, self._clipboard)
        self._about.open()

    def open_log(self) -> None:
        """Show the folder of the log."""
        from desktop.services.system.paths import log_folder

        QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_folder())))

    # What comes of them

    def _details(self) -> DetailsView | None:
        """The details, while they are shown; where nothing is, their module is not loaded."""
        page = self._window.page
        if page is None:
            return None
        from desktop.ui.pages.details_view import DetailsView

        return page if isinstance(page, DetailsView) else None

    def _settings(self) -> SettingsView | None:
        """The settings, in the same way."""
        page = self._window.page
        if page is None:
            return None
        from desktop.ui.pages.settings_view import SettingsView

        return page if isinstance(page, SettingsView) else None

    def _on_closed(self) -> None:
        for asker in self._askers.values():
            asker.cancel()

    def _show_said(self, show: Callable[[DetailsView, Said], None], answer: Said) -> None:
        if (page := self._details()) is not None:
            show(page, answer)

    def _show_hand_outs(self) -> None:
        if (page := self._details()) is not None:
            page.show_hand_outs()

    def _show_settings(self) -> None:
        if (page := self._settings()) is not None:
            page.lock(self._keeper.policy)
            page.show_settings(self._keeper.settings)

    def _show_failure(self, text: str) -> None:
        if (page := self._settings()) is not None:
            page.show_failure(text)

"""Opens the details page, and provides what it shows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from desktop.ui.kit.reader_roles import unheard

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop.services.model.states import SignedIn
    from desktop.services.session.session import Session
    from desktop.services.session.token_recipients import TokenRecipient, TokenRecipients
    from desktop.services.token.details import TokenDetails
    from desktop.ui.pages.details_view import DetailsView
    from desktop.ui.pages.server_query import Fetch, ServerAnswer, ServerQuery
    from desktop.ui.views.actions import Actions
    from desktop.ui.window.window import Window


class DetailsController(QObject):
    """Serves the details of the token of `session`. The view is loaded when it is first opened."""

    def __init__(self, window: Window, actions: Actions) -> None:
        super().__init__()
        self.session: Session | None = None
        self._window = window
        self._actions = actions
        self._view: DetailsView | None = None
        self._recipients: TokenRecipients | None = None
        self._queries: dict[Fetch, ServerQuery] = {}
        window.page_closed.connect(self._on_closed)

    def set_session(self, session: Session | None) -> None:
        """Use the token of `session` from now on, and leave the page if it shows another one."""
        before, self.session = self.session, session
        if session is not before and (view := self._opened_view()) is not None:
            self._window.close_page(view)

    def watch_recipients(self, recipients: TokenRecipients) -> None:
        self._recipients = recipients
        recipients.on_change = self._show_recipients

    def open(self) -> None:
        from desktop.ui.pages.details_view import DetailsView

        with unheard():
            self._view = DetailsView(self._actions, self)
        self._window.show_page(self._view)

    def close_page(self) -> None:
        self._window.close_page()

    async def close(self) -> None:
        for query in self._queries.values():
            await query.close()

    def token_details(self, state: SignedIn) -> TokenDetails | None:
        """Everything known about the token, without the token itself; None without a session."""
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
        """The programs that recently got the token, the latest first."""
        if self._recipients is None or self.session is None:
            return ()
        return self._recipients.for_profile(self.session.profile.id)

    def is_confirmed_each_time(self) -> bool:
        """Whether the token can only be copied, which asks for a proof of presence first."""
        return self.session is not None and self.session.profile.presence == "always"

    def reveal_token(self) -> str | None:
        """The access token, to be shown on request; None once it is no longer valid."""
        if self.session is None or self.is_confirmed_each_time():
            return None
        token = self.session.access_token()
        if token is not None:
            self.session.audit.note_shown()
        return token

    def query_userinfo(self) -> None:
        """Ask the server who is signed in, and show the answer on the page."""
        from desktop.ui.pages.details_view import DetailsView
        from desktop.ui.pages.server_query import fetch_userinfo

        self._query(fetch_userinfo, DetailsView.show_userinfo)

    def query_app_grant(self) -> None:
        """Ask the server what this app has been granted, and show the answer on the page."""
        from desktop.ui.pages.details_view import DetailsView
        from desktop.ui.pages.server_query import fetch_app_grant

        self._query(fetch_app_grant, DetailsView.show_app_grant)

    def _query(self, fetch: Fetch, show: Callable[[DetailsView, ServerAnswer], None]) -> None:
        from desktop.ui.pages.server_query import ServerQuery

        if self.session is None:
            return
        if fetch not in self._queries:
            self._queries[fetch] = ServerQuery(fetch)
            self._queries[fetch].answered.connect(partial(self._show_answer, show))
        self._queries[fetch].start(self.session)

    def _opened_view(self) -> DetailsView | None:
        return self._view if self._view in self._window.pages else None

    def _on_closed(self) -> None:
        if self._opened_view() is None:
            for query in self._queries.values():
                query.cancel()

    def _show_answer(
        self, show: Callable[[DetailsView, ServerAnswer], None], answer: ServerAnswer
    ) -> None:
        if (view := self._opened_view()) is not None:
            show(view, answer)

    def _show_recipients(self) -> None:
        if (view := self._opened_view()) is not None:
            view.show_recipients()

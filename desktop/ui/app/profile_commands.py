"""The commands that go to a profile by its ID, whether or not it is in the window."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from desktop.services.model.copy_formats import CopyFormat

if TYPE_CHECKING:
    from desktop.services.session.session import Session
    from desktop.services.session.sessions import ProfileStatus
    from desktop.ui.app.controller import Controller
    from desktop.ui.kit.copy_progress import Copied


class ProfileCommands:
    """Carries out the commands of switcher and tray.

    `unreadable` is the number of profiles in the file that cannot be read.
    """

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self.unreadable = 0

    @property
    def statuses(self) -> tuple[ProfileStatus, ...]:
        """The state of every profile."""
        sessions = self._controller.sessions
        return sessions.statuses if sessions is not None else ()

    @property
    def listed(self) -> tuple[ProfileStatus, ...]:
        """The state of the profiles for a menu: all, or of many the few that were used last."""
        sessions = self._controller.sessions
        return sessions.listed if sessions is not None else ()

    def status(self, id_: str) -> ProfileStatus | None:
        """The state of profile `id_`; `None` if it is unknown."""
        sessions = self._controller.sessions
        return sessions.status(id_) if sessions is not None else None

    def by_recency(self) -> tuple[list[str], list[str]]:
        """The ids of the profiles that were used last, and those of the others by name."""
        sessions = self._controller.sessions
        return sessions.by_recency() if sessions is not None else ([], [])

    @property
    def are_many(self) -> bool:
        """Whether menus list only some of the profiles."""
        sessions = self._controller.sessions
        return sessions is not None and sessions.are_many

    @property
    def current_id(self) -> str:
        """The ID of the profile in the window; empty while there is none."""
        session = self._controller.session
        return session.profile.id if session is not None else ""

    @property
    def copied(self) -> Copied | None:
        """The token of the profile in the window, while it is on the clipboard."""
        copier, session = self._controller.copier, self._controller.session
        return copier.copied if session is not None and copier.session is session else None

    def switch(self, id_: str) -> None:
        """Show the profile in the window, unless it is gone since the menu was filled."""
        if self._controller.locking.is_locked:
            return
        if id_ != self.current_id and self.status(id_) is not None:
            self._controller.switch_requested.emit(id_)

    def switch_to_number(self, number: int) -> None:
        """Show the profile at this position, counted from 0; ignore a position past the end."""
        if number < len(self.statuses):
            self.switch(self.statuses[number].profile.id)

    def copy_token(self, id_: str, as_: CopyFormat = CopyFormat.TOKEN) -> None:
        self._controller.copy_token_of(self._session_of(id_), as_)

    @property
    def api_service(self) -> str:
        """The name of the API service that copied commands call, where a profile has it."""
        return self._controller.settings_store.settings.api_service

    def choose_api_service(self, name: str) -> None:
        """Let copied commands call the service `name` from now on."""
        settings = self._controller.settings_store.settings
        self._controller.change_settings(replace(settings, api_service=name))

    def check_connection(self) -> None:
        """Check server, client and scopes of the profile in the window, on a page of its own."""
        self._controller.pages.open_connection_check(self.current_id)

    def renew(self, id_: str) -> None:
        if (session := self._session_of(id_)) is not None:
            session.renew()

    def sign_in(self, id_: str) -> None:
        """Show the profile in the window, and sign in with it."""
        if self.status(id_) is not None:
            self.switch(id_)
            self._controller.sign_in()

    def sign_out(self, id_: str) -> None:
        if (session := self._session_of(id_)) is not None:
            self._controller.sign_out_of(session)

    def _session_of(self, id_: str) -> Session | None:
        sessions = self._controller.sessions
        return sessions.find(id_) if sessions is not None else None

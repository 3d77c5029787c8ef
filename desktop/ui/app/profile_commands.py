"""What a person can ask for of a profile by its id, whether or not it is the one in the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.services.model.copy_formats import CopyFormat

if TYPE_CHECKING:
    from desktop.services.session.session import Session
    from desktop.services.session.sessions import ProfileStatus
    from desktop.ui.app.controller import Controller


class ProfileCommands:
    """The commands of the switcher and of the tray's submenus. Each returns at once."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self.unreadable = 0  # profiles in the file that make no sense

    @property
    def statuses(self) -> tuple[ProfileStatus, ...]:
        """Every profile, and how it stands."""
        sessions = self._controller.sessions
        return sessions.statuses if sessions is not None else ()

    @property
    def current_id(self) -> str:
        """The id of the profile in the window; empty while there is none."""
        session = self._controller.session
        return session.profile.id if session is not None else ""

    def switch(self, id_: str) -> None:
        """Bring the profile into the window; one that is gone since a menu was filled is not."""
        if id_ != self.current_id and self._is_known(id_):
            self._controller.switch_requested.emit(id_)

    def switch_to_number(self, number: int) -> None:
        """Bring the profile at that place into the window, counted from 0; nothing beyond."""
        if number < len(self.statuses):
            self.switch(self.statuses[number].profile.id)

    def copy_token(self, id_: str, as_: CopyFormat = CopyFormat.TOKEN) -> None:
        """Put its access token on the clipboard."""
        self._controller.copy_token_of(self._session_of(id_), as_)

    def renew(self, id_: str) -> None:
        """Renew its token now."""
        if (session := self._session_of(id_)) is not None:
            session.renew()

    def sign_in(self, id_: str) -> None:
        """Ask for a code for it, in the window."""
        if self._is_known(id_):
            self.switch(id_)
            self._controller.sign_in()

    def sign_out(self, id_: str) -> None:
        """Remove its token from this computer, and any token from the clipboard."""
        if (session := self._session_of(id_)) is not None:
            self._controller.sign_out_of(session)

    def _is_known(self, id_: str) -> bool:
        return any(each.profile.id == id_ for each in self.statuses)

    def _session_of(self, id_: str) -> Session | None:
        sessions = self._controller.sessions
        return sessions.find(id_) if sessions is not None else None

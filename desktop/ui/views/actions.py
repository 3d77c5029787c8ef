"""What a person can ask for. Views call these; what comes of it arrives as a new state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from desktop.services.model.copy_formats import CopyFormat

if TYPE_CHECKING:
    from desktop.services.model.settings import Settings
    from desktop.services.model.states import Revocation
    from desktop.services.session.sessions import ProfileStatus


class ProfileActions(Protocol):
    """The commands that go to a profile by its id, whether or not it is the one in the window.

    `unreadable` is how many profiles there are besides that make no sense.
    """

    unreadable: int

    @property
    def statuses(self) -> tuple[ProfileStatus, ...]:
        """Every profile, and how it stands."""

    @property
    def current_id(self) -> str:
        """The id of the profile in the window; empty while there is none."""

    def switch(self, id_: str) -> None:
        """Bring the profile into the window."""

    def copy_token(self, id_: str, as_: CopyFormat = CopyFormat.TOKEN) -> None:
        """Put its access token on the clipboard."""

    def renew(self, id_: str) -> None:
        """Renew its token now."""

    def sign_in(self, id_: str) -> None:
        """Ask for a code for it, in the window."""

    def sign_out(self, id_: str) -> None:
        """Remove its token from this computer."""


class Actions(Protocol):
    """The commands behind the buttons. Each returns at once."""

    @property
    def profiles(self) -> ProfileActions:
        """What can be done with a profile by its id."""

    def sign_in(self) -> None:
        """Ask for a code."""

    def cancel(self) -> None:
        """Give up what is under way."""

    def request_new_code(self) -> None:
        """Another code in place of this one."""

    def retry(self) -> None:
        """Do once more what failed."""

    def continue_without_keyring(self) -> None:
        """Sign in, keeping the token in memory only."""

    def save_again(self) -> None:
        """Try once more to save the token."""

    def sign_out(self) -> None:
        """Remove the token from this computer."""

    def open_browser(self) -> bool:
        """Open the approval page and copy the code, if any; whether a browser was started."""

    def open_profiles_folder(self) -> None:
        """Show the folder of the profiles."""

    def add_profile(self) -> None:
        """Open the form for a new profile."""

    def edit_profile(self) -> None:
        """Open the form of the profile in the window."""

    def manage_profiles(self) -> None:
        """Show all profiles, to be changed."""

    def copy_code(self) -> None:
        """Put the code on the clipboard."""

    def copy_link(self) -> None:
        """Put the link on the clipboard."""

    def copy_token(self, as_: CopyFormat = CopyFormat.TOKEN) -> None:
        """Put the access token on the clipboard, renewed first where that is due."""

    def cancel_copy(self) -> None:
        """Wait no longer for a token that was to be copied."""

    def copy_details(self) -> None:
        """Put what support asks for on the clipboard."""

    def renew(self) -> None:
        """Renew the token now."""

    def revoke_again(self) -> None:
        """Try once more to tell the server that the token is no longer wanted."""

    def open_details(self) -> None:
        """Show all that is known of the token."""

    def open_settings(self) -> None:
        """Show what can be set."""

    def revocation_offered(self) -> Revocation | None:
        """What signing out can do at the server; `None` while that is not known."""

    def change_settings(self, settings: Settings) -> None:
        """Go by `settings` from now on, and keep them."""

    def quit(self) -> None:
        """End the program."""

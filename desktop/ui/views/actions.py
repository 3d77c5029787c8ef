"""The actions behind the buttons. Views call them; the result arrives as a new state.

These are protocols because the classes that implement them, in ui/app, need the views.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from desktop.services.model.copy_formats import CopyFormat

if TYPE_CHECKING:
    from desktop.services.model.settings import Settings
    from desktop.services.model.states import Revocation
    from desktop.services.session.sessions import ProfileStatus


class ProfileActions(Protocol):
    """Actions on a profile by its id, whether or not it is the one in the window.

    `unreadable` is the number of profiles that can't be read.
    """

    unreadable: int

    @property
    def statuses(self) -> tuple[ProfileStatus, ...]:
        """Every profile with its state."""

    @property
    def current_id(self) -> str:
        """The id of the profile in the window; empty if there is none."""

    def switch(self, id_: str) -> None:
        """Show the profile in the window."""

    def copy_token(self, id_: str, as_: CopyFormat = CopyFormat.TOKEN) -> None:
        """Copy its access token."""

    def renew(self, id_: str) -> None:
        """Renew its token now."""

    def sign_in(self, id_: str) -> None:
        """Start its sign-in, in the window."""

    def sign_out(self, id_: str) -> None:
        """Sign out of it."""


class Actions(Protocol):
    """Actions on the profile in the window and on the app. Each returns at once."""

    @property
    def profiles(self) -> ProfileActions:
        """Actions on a profile by its id."""

    def sign_in(self) -> None:
        """Start a sign-in."""

    def cancel(self) -> None:
        """Cancel what is under way."""

    def request_new_code(self) -> None:
        """Replace the code with a new one."""

    def retry(self) -> None:
        """Repeat what failed."""

    def continue_without_keyring(self) -> None:
        """Sign in, and keep the token in memory only."""

    def save_again(self) -> None:
        """Try again to save the token."""

    def sign_out(self) -> None:
        """Sign out."""

    def open_browser(self) -> bool:
        """Open the approval page and copy the code; return whether a browser was started."""

    def open_profiles_folder(self) -> None:
        """Open the folder of the profiles."""

    def add_profile(self) -> None:
        """Open the form for a new profile."""

    def edit_profile(self) -> None:
        """Open the form of the profile in the window."""

    def manage_profiles(self) -> None:
        """Open the list of profiles."""

    def copy_code(self) -> None:
        """Copy the code."""

    def copy_link(self) -> None:
        """Copy the link."""

    def copy_token(self, as_: CopyFormat = CopyFormat.TOKEN) -> None:
        """Copy the access token; renew it first if necessary."""

    def cancel_copy(self) -> None:
        """Cancel the copy that waits for the token."""

    def copy_details(self) -> None:
        """Copy what support asks for."""

    def renew(self) -> None:
        """Renew the token now."""

    def revoke_again(self) -> None:
        """Try again to revoke the token at the server."""

    def open_details(self) -> None:
        """Open the details of the token."""

    def open_settings(self) -> None:
        """Open the settings."""

    def revocation_offered(self) -> Revocation | None:
        """Return what signing out does at the server; `None` if that is not known."""

    def change_settings(self, settings: Settings) -> None:
        """Apply and save `settings`."""

    def quit(self) -> None:
        """Quit the app."""

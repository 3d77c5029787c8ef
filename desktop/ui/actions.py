"""What a person can ask for. Views call these; what comes of it arrives as a new state."""

from typing import Protocol

from desktop.services.copy_formats import CopyFormat
from desktop.services.settings import Settings


class Actions(Protocol):
    """The commands behind the buttons. Each returns at once."""

    def sign_in(self) -> None:
        """Ask for a code."""

    def cancel(self) -> None:
        """Give up what is under way."""

    def new_code(self) -> None:
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
        """Open the approval page and copy the code; whether a browser was started."""

    def open_profiles(self) -> None:
        """Show the folder of the profiles."""

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

    def change_settings(self, settings: Settings) -> None:
        """Go by `settings` from now on, and keep them."""

    def quit(self) -> None:
        """End the program."""

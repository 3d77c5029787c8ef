"""What a person can ask for. Views call these; what comes of it arrives as a new state."""

from typing import Protocol


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

    def copy_token(self) -> bool:
        """Put the access token on the clipboard; whether there was one."""

    def copy_details(self) -> None:
        """Put what support asks for on the clipboard."""

"""Output of a sign-in: text on stderr, or JSON events on stdout."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from io import StringIO
from urllib.parse import urlsplit

from desktop.cli.terminal.columns import display_width, pad, shorten, terminal_width
from desktop.cli.terminal.error_reports import report_error
from desktop.cli.terminal.exits import Exit
from desktop.cli.terminal.output import print_event, print_message
from desktop.oauth.addresses import is_loopback
from desktop.services.model.errors import RenewalRefused, SignedOutByServer
from desktop.services.model.instants import format_instant
from desktop.services.model.profile import Profile
from desktop.services.model.states import AwaitingApproval, SignedIn
from desktop.services.system.translation import translate
from desktop.services.wording.formats import (
    format_countdown,
    format_duration,
    format_time,
    join_sentences,
)
from desktop.services.wording.messages import Surface, advice_for
from desktop.services.wording.spoken import spoken_code, spoken_mark


class Reporter:
    """Reports the progress of a sign-in.

    It is redrawn every `redraw_interval` seconds, or never if that is `None`. What does nothing
    here is for people only.
    """

    redraw_interval: float | None = None
    waits_for_browser = False  # whether a new code is reported only when a browser was started

    def note(self, text: str) -> None:
        """Report something in one line."""

    def report_waiting(self, state: AwaitingApproval, *, opens_browser: bool) -> None:
        """Show a new code or link to approve."""
        raise NotImplementedError

    def report_trouble(self, error: Exception) -> None:
        """Report an error that does not end the sign-in."""

    def report_not_saved(self, error: Exception) -> None:
        """Report that the token could not be saved."""

    def report_failure(self, error: Exception, *, user_code: str = "") -> Exit:
        """Report the error that ends the sign-in; gives the exit code."""
        raise NotImplementedError

    def report_signed_in(self, profile: Profile, state: SignedIn, *, next_command: str) -> None:
        """Report success, and `next_command` unless it is empty."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Update the remaining time."""


class JsonReporter(Reporter):
    """One JSON object per line: `code`, then `signed_in` or `error` (docs/command-line.md)."""

    waits_for_browser = True

    def report_waiting(self, state: AwaitingApproval, *, opens_browser: bool) -> None:
        """Print the event `code`; its `user_code` is null if there is no code to compare."""
        print_event(
            "code",
            user_code=state.user_code or None,
            verification_uri=state.verification_uri,
            verification_uri_complete=state.verification_uri_complete,
            expires_at=format_instant(state.expires_at),
            browser_opened=opens_browser,
            host_is_known=state.host_is_known,
        )

    def report_failure(self, error: Exception, *, user_code: str = "") -> Exit:
        return report_error(error, as_json=True, user_code=user_code)

    def report_signed_in(self, profile: Profile, state: SignedIn, *, next_command: str) -> None:  # noqa: ARG002 - for people
        print_event(
            "signed_in",
            profile=profile.id,
            scope=" ".join(state.scope),
            expires_at=format_instant(state.expires_at),
            renewable=state.renewable,
        )


class TextReporter(Reporter):
    """Text on stderr; on a terminal with a QR code and a countdown.

    With `qr` the QR code is always printed. With `plain`, as screen readers need it, nothing is
    redrawn, the code is spelled, and there are no symbols.
    """

    def __init__(self, *, qr: bool = False, plain: bool = False) -> None:
        on_terminal = sys.stderr.isatty() and not plain
        self._is_plain = plain
        self._left: float | None = None  # seconds, when it was last looked at
        self._shows_qr = qr or on_terminal
        self._any_width = qr
        self._is_live = on_terminal and os.environ.get("TERM") != "dumb"
        self.redraw_interval = 1.0 if self._is_live or plain else None
        self._waiting: AwaitingApproval | None = None
        self._drawn = ""

    def note(self, text: str) -> None:
        self._clear_countdown()
        print_message(text)

    def report_waiting(self, state: AwaitingApproval, *, opens_browser: bool) -> None:
        self._clear_countdown()
        if state.in_browser:
            _print_link(state, opens_browser=opens_browser)
        else:
            self._print_code(state, opens_browser=opens_browser)
        self._waiting, self._left = state, None
        if self._is_live:
            self.redraw()
        else:
            print_message(_waiting_text(state, plain=self._is_plain))

    def report_trouble(self, error: Exception) -> None:
        """Print what failed, and that the sign-in continues."""
        advice = advice_for(error, surface=Surface.TERMINAL)
        title = advice.title
        if self._waiting is not None and self._waiting.in_browser:
            self.note(translate("{problem}. Retrying automatically.", problem=title))
        elif self._waiting is not None:
            self.note(
                translate(
                    "{problem}. Your code is still valid. Retrying automatically.", problem=title
                )
            )
        elif isinstance(error, (RenewalRefused, SignedOutByServer)):
            self.note(translate("{problem}. Signing in again.", problem=title))
        else:
            self.note(advice.message)
            self.note(translate("Continuing without saving the token."))

    def report_not_saved(self, error: Exception) -> None:
        self.note(translate("{problem}. The token was not saved.", problem=advice_for(error).title))

    def report_failure(self, error: Exception, *, user_code: str = "") -> Exit:
        self._clear_countdown()
        return report_error(error, user_code=user_code)

    def report_signed_in(self, profile: Profile, state: SignedIn, *, next_command: str) -> None:
        """Print who is signed in until when, and what to do next."""
        message = _signed_in_message(profile, state)
        lines = [message.removeprefix(_DONE) if self._is_plain else message]
        if not state.renewable and state.expires_at is not None:
            lines.append(
                translate(
                    "This server issued no refresh token. Sign in again when your token expires."
                )
            )
        self.note(join_sentences(*lines))
        if next_command:
            self.note(translate("Next: {command}", command=next_command))

    def redraw(self) -> None:
        """Redraw the countdown in place; in plain output, print the time left at a few marks."""
        if self._waiting is None:
            return
        if self._is_plain:
            before, self._left = self._left, _seconds_left(self._waiting)
            if mark := spoken_mark(before, self._left):
                print_message(mark)
            return
        line = shorten(_waiting_text(self._waiting), terminal_width(2) - 1)
        sys.stderr.write("\r" + pad(line, display_width(self._drawn)))
        sys.stderr.flush()
        self._drawn = line

    def _clear_countdown(self) -> None:
        """Erase the countdown, so that the next line starts at the margin."""
        if self._drawn:
            sys.stderr.write("\r" + " " * display_width(self._drawn) + "\r")
            self._drawn = ""

    def _print_code(self, state: AwaitingApproval, *, opens_browser: bool) -> None:
        # Above the code, which it would push off a small screen.
        can_scan = self._shows_qr and not is_loopback(state.host)
        if can_scan and (code := _render_qr(state.link, any_width=self._any_width)):
            print_message(code)
        print_message(
            translate("Your code:  {code}", code=state.user_code), bold=not self._is_plain
        )
        if self._is_plain:
            print_message(translate("Spelled: {code}", code=spoken_code(state.user_code)))
        print_message(translate("Approve the sign-in: {link}", link=state.link))
        _warn_of_host(state)
        if opens_browser:
            print_message(translate("Opening the link in your browser."))
        print_message(
            translate(
                "Check that the page shows this code. Never approve a code that someone sent you."
            )
        )


_DONE = "✓ "


def _signed_in_message(profile: Profile, state: SignedIn) -> str:
    name, user = profile.name, state.user
    if state.expires_at is None and user:
        return translate("✓ Signed in to {profile} as {user}.", profile=name, user=user)
    if state.expires_at is None:
        return translate("✓ Signed in to {profile}.", profile=name)
    time = format_time(state.expires_at, now=datetime.now(UTC))
    if user:
        return translate(
            "✓ Signed in to {profile} as {user} (expires {time}).",
            profile=name,
            user=user,
            time=time,
        )
    return translate("✓ Signed in to {profile} (expires {time}).", profile=name, time=time)


def _print_link(state: AwaitingApproval, *, opens_browser: bool) -> None:
    port = urlsplit(state.redirect_uri).port
    if opens_browser:
        print_message(translate("Opening this link in your browser:"))
    else:
        print_message(translate("Open this link in a browser on this computer:"))
    print_message(state.link)
    _warn_of_host(state)
    if not opens_browser:
        print_message(translate("If your browser is on another computer, first run this there:"))
        print_message(f"ssh -L {port}:127.0.0.1:{port} THIS-COMPUTER")
    print_message(translate("Approve only what you started yourself."))


def _waiting_text(state: AwaitingApproval, *, plain: bool = False) -> str:
    seconds = _seconds_left(state)
    # A screen reader reads a countdown as a time of day.
    left = format_duration(seconds) if plain else format_countdown(seconds)
    if state.in_browser:
        return translate("Waiting for approval. The link expires in {time}.", time=left)
    return translate("Waiting for approval. The code expires in {time}.", time=left)


def _seconds_left(state: AwaitingApproval) -> float:
    return max(0.0, (state.expires_at - datetime.now(UTC)).total_seconds())


def _warn_of_host(state: AwaitingApproval) -> None:
    if not state.host_is_known:
        warning = translate(
            "Warning: this link goes to {host}, not to the server in your profile. "
            "Continue only if your administrator told you to expect it.",
            host=state.host,
        )
        print_message(warning, color="yellow")


def _render_qr(link: str, *, any_width: bool) -> str:
    import segno  # rarely needed

    code = segno.make_qr(link, error="l")  # the length of a link is limited
    if not any_width and code.symbol_size()[0] > terminal_width(2):
        return ""
    text = StringIO()
    code.terminal(text, compact=True)
    return text.getvalue().rstrip("\n")

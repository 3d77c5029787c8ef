"""What a sign-in says: to a person on stderr, to a program as events on stdout."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from io import StringIO
from shutil import get_terminal_size
from typing import Protocol
from urllib.parse import urlsplit

from desktop.cli.terminal.exits import Exit, report_error
from desktop.cli.terminal.output import print_event, print_message
from desktop.services.model.errors import SignedOutByServer
from desktop.services.model.instants import format_instant
from desktop.services.model.profile import Profile
from desktop.services.model.states import AwaitingApproval, SignedIn
from desktop.services.wording.durations import format_countdown
from desktop.services.wording.field_names import for_terminal
from desktop.services.wording.messages import advice_for


class Reporter(Protocol):
    """Tells what happens; `redraws_every` so many seconds, or never for `None`."""

    redraw_interval: float | None

    def note(self, text: str) -> None:
        """Something that is worth a line."""

    def report_waiting(self, state: AwaitingApproval, *, opens_browser: bool) -> None:
        """A new code or link waits for a person."""

    def report_trouble(self, error: Exception) -> None:
        """Something failed, and it goes on by itself."""

    def report_not_saved(self, error: Exception) -> None:
        """The token lives in this program alone."""

    def report_failure(self, error: Exception, *, user_code: str = "") -> Exit:
        """It is over; gives the exit code."""

    def report_signed_in(self, profile: Profile, state: SignedIn) -> None:
        """It is done."""

    def redraw(self) -> None:
        """Time has passed."""


class JsonReporter:
    """One JSON object a line: `code`, then `signed_in` or `error` (docs/command-line.md)."""

    redraw_interval: float | None = None

    def note(self, text: str) -> None:
        """Nothing that a program waits for."""

    def report_waiting(self, state: AwaitingApproval, *, opens_browser: bool) -> None:
        """The event `code`; without a code to compare its `user_code` is null."""
        print_event(
            "code",
            user_code=state.user_code or None,
            verification_uri=state.verification_uri,
            verification_uri_complete=state.verification_uri_complete,
            expires_at=format_instant(state.expires_at),
            browser_opened=opens_browser,
            host_is_known=state.host_is_known,
        )

    def report_trouble(self, error: Exception) -> None:
        """Nothing that a program waits for."""

    def report_not_saved(self, error: Exception) -> None:
        """Nothing that a program waits for."""

    def report_failure(self, error: Exception, *, user_code: str = "") -> Exit:
        """The event `error`."""
        return report_error(error, as_json=True, user_code=user_code)

    def report_signed_in(self, profile: Profile, state: SignedIn) -> None:
        """The event `signed_in`."""
        print_event(
            "signed_in",
            profile=profile.id,
            scope=" ".join(state.scope),
            expires_at=format_instant(state.expires_at),
        )

    def redraw(self) -> None:
        """Nothing that a program waits for."""


class TextReporter:
    """The words of the window on stderr; on a terminal with a QR code and a countdown.

    With `qr` that code is printed wherever the words go.
    """

    def __init__(self, *, qr: bool = False) -> None:
        on_terminal = sys.stderr.isatty()
        self._shows_qr = qr or on_terminal
        self._any_width = qr
        self._is_live = on_terminal and os.environ.get("TERM") != "dumb"
        self.redraw_interval: float | None = 1.0 if self._is_live else None
        self._waiting: AwaitingApproval | None = None
        self._drawn = ""

    def note(self, text: str) -> None:
        """A line of its own."""
        self._clear_countdown()
        print_message(text)

    def report_waiting(self, state: AwaitingApproval, *, opens_browser: bool) -> None:
        """The code, or the link, and what to do with it."""
        self._clear_countdown()
        if state.in_browser:
            _print_link(state, opens_browser=opens_browser)
        else:
            self._print_code(state, opens_browser=opens_browser)
        self._waiting = state
        if self._is_live:
            self.redraw()
        else:
            print_message(_waiting_text(state))

    def report_trouble(self, error: Exception) -> None:
        """What failed, and that it goes on."""
        title = advice_for(error).title
        if self._waiting is not None:
            kept = "approval" if self._waiting.in_browser else "code"
            self.note(f"{title}. Your {kept} stays valid: asking again by itself.")
        elif isinstance(error, SignedOutByServer):
            self.note(f"{title}: signing in again.")
        else:
            self.note(for_terminal(f"{title}. {advice_for(error).text}"))
            self.note("Going on without saving the token.")

    def report_not_saved(self, error: Exception) -> None:
        """That the token is gone with this program."""
        self.note(f"{advice_for(error).title}: the token was not saved.")

    def report_failure(self, error: Exception, *, user_code: str = "") -> Exit:
        """What failed, and what to do about it."""
        self._clear_countdown()
        return report_error(error, user_code=user_code)

    def report_signed_in(self, profile: Profile, state: SignedIn) -> None:
        """Who, with which scopes, for how long."""
        left = state.remaining(datetime.now(UTC))
        time = "does not expire" if left is None else f"{format_countdown(left)} left"
        who = f" as {state.user}" if state.user else ""
        scopes = " ".join(state.scope) or "none"
        self.note(f"Signed in to {profile.name}{who} · scopes: {scopes} · {time}")

    def redraw(self) -> None:
        """The countdown, in the place of the last one."""
        if self._waiting is None:
            return
        line = _waiting_text(self._waiting)[: get_terminal_size().columns - 1]
        sys.stderr.write("\r" + line.ljust(len(self._drawn)))
        sys.stderr.flush()
        self._drawn = line

    def _clear_countdown(self) -> None:
        """Take the countdown away: what follows begins at the margin."""
        if self._drawn:
            sys.stderr.write("\r" + " " * len(self._drawn) + "\r")
            self._drawn = ""

    def _print_code(self, state: AwaitingApproval, *, opens_browser: bool) -> None:
        print_message(f"Your code:  {state.user_code}", bold=True)
        print_message(f"Approve it: {state.link}")
        _warn_of_host(state)
        if self._shows_qr and (code := _render_qr(state.link, any_width=self._any_width)):
            print_message(code)
        if opens_browser:
            print_message("Opening it in your browser.")
        print_message(
            "Check that the page shows this code. Never approve a code that someone sent you."
        )


def _print_link(state: AwaitingApproval, *, opens_browser: bool) -> None:
    port = urlsplit(state.redirect_uri).port
    if opens_browser:
        print_message("Opening this in your browser:")
    else:
        print_message("Open this in a browser on this computer:")
    print_message(state.link)
    _warn_of_host(state)
    if not opens_browser:
        print_message(
            f"It comes back to {state.redirect_uri}. From another computer, as over ssh, that is"
        )
        print_message("impossible unless its port is forwarded first; there, in another terminal:")
        print_message(f"ssh -L {port}:127.0.0.1:{port} THIS-COMPUTER")
    print_message("Approve only what you started here.")


def _waiting_text(state: AwaitingApproval) -> str:
    left = format_countdown((state.expires_at - datetime.now(UTC)).total_seconds())
    if state.in_browser:
        return f"Waiting for approval, for {left}."
    return f"Waiting for approval. The code expires in {left}."


def _warn_of_host(state: AwaitingApproval) -> None:
    if not state.host_is_known:
        print_message(f"Careful: {state.host} is not the host of your profile.", color="yellow")


def _render_qr(link: str, *, any_width: bool) -> str:
    import segno  # needed by few

    code = segno.make_qr(link, error="l")  # a checked link always fits one
    if not any_width and code.symbol_size()[0] > get_terminal_size().columns:
        return ""
    text = StringIO()
    code.terminal(text, compact=True)
    return text.getvalue().rstrip("\n")

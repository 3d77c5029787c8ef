"""The parts of the app that copy: SIGUSR1 copies, SIGUSR2 shows a window, SIGTERM quits.

`python -m tests.end_to_end.copier_app FORMAT SECONDS` prints every progress as a line. The token
is that of `make_token`; there is no session, and no window until SIGUSR2.
"""

import asyncio
import signal
import sys
from datetime import UTC, datetime
from itertools import chain, repeat
from typing import cast

from PySide6.QtGui import QWindow
from PySide6.QtWidgets import QPushButton

from desktop.services.audit.audit_log import AuditLog
from desktop.services.model.access_token import AccessToken
from desktop.services.model.copy_formats import CopyFormat
from desktop.services.model.profile import Profile
from desktop.services.session.audit.session_audit import SessionAudit
from desktop.services.session.session import Session
from desktop.ui.app.app import make_application
from desktop.ui.app.event_loop import EventLoop
from desktop.ui.copy.clipboard import Clipboard
from desktop.ui.copy.copier import Copier
from desktop.ui.copy.copy_window import CopyWindow
from desktop.ui.kit.copy_progress import Cleared, Copied, Copying, CopyProgress
from desktop.ui.kit.theme import Theme

TOKEN = "eyJ-a.to~ken+of/test=="
RENEWED = "eyJ-the-next-token"
EXPIRES_AT = datetime(2026, 11, 23, 3, 10, tzinfo=UTC)


def make_token(
    access_token: str = TOKEN,
    token_type: str = "Bearer",
    expires_at: datetime | None = EXPIRES_AT,
) -> AccessToken:
    """Make a token with scopes and an end."""
    return AccessToken(access_token, token_type, expires_at, ("enrich:read", "casebook"))


class Source:
    """A stand-in for a session."""

    profile = Profile(
        "x", "X", "c", issuer="https://127.0.0.1", userinfo_endpoint="https://127.0.0.1/whoami"
    )
    metadata = None

    def __init__(self, token: AccessToken) -> None:
        self._token = token
        self.audit = SessionAudit(self.profile, AuditLog())

    async def fetch_token(self) -> AccessToken:
        """Give the one token there is."""
        return self._token


class ReportingCopyWindow(CopyWindow):
    """A copy window that reports when it asks for a click."""

    async def wait_for_press(self, *, refused: bool) -> bool:
        print_line(f"asks, {'refused' if refused else 'without the focus'}")
        return await super().wait_for_press(refused=refused)


def report(progress: CopyProgress) -> None:
    """Print the progress of a copy."""
    match progress:
        case Copying(format):
            line = f"copying {format.name}"
        case Copied(format, clear_after):
            line = f"copied {format.name} for {clear_after:.0f} s"
        case Cleared():
            line = "cleared"
        case _:
            line = f"not copied: {progress.text}"
    print_line(line)


def print_line(line: str) -> None:
    """Print a line and flush."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def run(copier: Copier, format_: CopyFormat) -> None:
    """Handle signals until the end."""
    end = asyncio.Event()
    clipboard = application.clipboard()

    def on_change() -> None:
        if not clipboard.ownsClipboard():
            print_line("owns nothing")

    def on_focus(focused: QWindow | None) -> None:
        if focused is not None:
            print_line("focused")

    clipboard.dataChanged.connect(on_change)
    application.focusWindowChanged.connect(on_focus)
    window = QPushButton("Copy token")
    window.setWindowTitle("the main window")
    tokens = chain([make_token()], repeat(make_token(RENEWED)))

    def copy() -> None:
        copier.copy(cast("Session", Source(next(tokens))), format_)

    window.clicked.connect(copy)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, copy)
    loop.add_signal_handler(signal.SIGUSR2, window.show)
    loop.add_signal_handler(signal.SIGTERM, end.set)
    print_line("ready")
    await end.wait()
    await copier.close()


if __name__ == "__main__":
    application = make_application()
    theme = Theme(application)
    copying = Copier(Clipboard(clear_after=float(sys.argv[2])), make_window=ReportingCopyWindow)
    copying.progressed.connect(report)
    with EventLoop(application) as event_loop:
        event_loop.run_until_complete(run(copying, CopyFormat[sys.argv[1]]))

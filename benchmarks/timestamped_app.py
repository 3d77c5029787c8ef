"""The real app, which prints when things happened.

`python -m benchmarks.timestamped_app ADDRESS [beat] [copy] [scopes] [NAME] [CA_FILE]` signs in to
the demo server at ADDRESS. Each line is a name and the time on the monotonic clock, which all
processes of a computer share. With "beat", a timer fires every millisecond after the first paint,
and "longest" is the longest time in seconds that the event loop was blocked. Without it, no timer
disturbs the other figures. With "copy" the token is copied once, and with "scopes" 1,000 more are
requested. With the NAME of a line, such as "painted" or "code", the app exits after that line.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

gc.disable()  # as `xdr-login` does: before PySide6 is loaded

from PySide6.QtCore import QElapsedTimer, QTimer  # noqa: E402
from PySide6.QtGui import QGuiApplication  # noqa: E402

from desktop.options import Options  # noqa: E402
from desktop.ui.app import app  # noqa: E402
from desktop.ui.app.application import Application  # noqa: E402
from desktop.ui.window.window import Window  # noqa: E402

if TYPE_CHECKING:
    from datetime import datetime

    from PySide6.QtGui import QPaintEvent
    from PySide6.QtWidgets import QWidget

    from desktop.services.configuration.profile_reader import Profiles
    from desktop.services.model.states import State
    from desktop.ui.kit.theme import Theme

_SIGNED_IN_TIME = 600  # milliseconds on screen after the token has come
_SCOPES = 1000
_CLIENT_ID = "client-0a6e1f5c-7d1b-4c39-9b52-5f1d0c2e8a01"  # a client of the demo server
_SCOPE = ("enrich:read", "inspect:read", "casebook", "private-intel:read", "profile", "response")


def report(name: str, value: float | None = None) -> None:
    """Print one line, and exit if it is the last one wanted."""
    sys.stdout.write(f"{name} {time.monotonic() if value is None else value}\n")
    sys.stdout.flush()
    if name in sys.argv:
        os._exit(0)  # a normal end would be counted too


class WatchedWindow(Window):
    """A window that reports when it, the code and the token were painted."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._longest = 0.0
        self._seen: set[str] = set()
        self._since_beat = QElapsedTimer()
        self._beat = QTimer(self)
        self._beat.setProperty("timerType", 0)  # Qt.TimerType.PreciseTimer
        self._beat.setInterval(1)
        self._beat.timeout.connect(self._on_beat)
        self.painted.connect(self._on_painted)

    def show_state(self, state: State, at: datetime, *, news: str = "") -> None:
        """Draw the state, and report when it is on screen."""
        from desktop.services.model.states import AwaitingApproval, SignedIn

        super().show_state(state, at, news=news)
        if isinstance(state, AwaitingApproval) and state.approved:
            self._report_once("approved")
        elif isinstance(state, AwaitingApproval):
            from desktop.ui.views.code_tiles import CodeTiles

            self._report_once_painted(CodeTiles, "code")
        elif isinstance(state, SignedIn):
            from desktop.ui.views.ring import Ring

            self._report_once_painted(Ring, "signed_in")

    def _report_once_painted(self, kind: type[QWidget], name: str) -> None:
        # A new view is laid out and painted in the next iterations of the event loop. Repainting
        # the window here would draw it without the view and report too early.
        if name in self._seen:
            return
        paint = kind.paintEvent

        def paint_and_report(widget: QWidget, event: QPaintEvent) -> None:
            paint(widget, event)
            QTimer.singleShot(0, lambda: self._report_once(name))

        kind.paintEvent = paint_and_report  # type: ignore[method-assign]

    def _report_once(self, name: str) -> None:
        if name not in self._seen:
            self._seen.add(name)
            report(name)
            if name == "signed_in":
                QTimer.singleShot(_SIGNED_IN_TIME, self._copy if "copy" in sys.argv else self._end)

    def _on_painted(self) -> None:
        report("painted")
        if "beat" in sys.argv:
            self._since_beat.start()
            self._beat.start()

    def _on_beat(self) -> None:
        self._longest = max(self._longest, self._since_beat.nsecsElapsed() / 1e9)
        self._since_beat.restart()

    def _copy(self) -> None:
        def on_copied() -> None:
            self._report_once("copied")
            QTimer.singleShot(0, self._end)

        QGuiApplication.clipboard().dataChanged.connect(on_copied)
        report("copying")
        if self._actions is not None:
            self._actions.copy_token()

    def _end(self) -> None:
        report("longest", self._longest)
        application = Application.instance()
        if isinstance(application, Application):
            application.on_quit()


class WatchedOptions(Options):
    """Options for the server that is already running."""

    def load_profiles(self) -> Profiles:
        """Return a profile of the server at the given address.

        It is not the one of the demo, which would load the package of the demo server.
        """
        from dataclasses import replace

        from desktop.services.configuration.profile_reader import Profiles
        from desktop.services.model.profile import Profile

        profile = Profile(
            id="(demo)",
            name="Northwind SOC",
            client_id=_CLIENT_ID,
            issuer=sys.argv[1],
            expected_issuer="IROH Auth",
            client_authentication="none",
            scope=_SCOPE,
            scope_guide="xdr",
            ca_file=next((each for each in sys.argv[2:] if Path(each).is_absolute()), ""),
        )
        if "scopes" in sys.argv:
            more = tuple(f"enrich/part-{number}:read" for number in range(_SCOPES))
            profile = replace(profile, scope=(*profile.scope, *more))
        return Profiles(Path(), {profile.id: profile}, {})


if __name__ == "__main__":
    app.Window = WatchedWindow  # type: ignore[attr-defined]
    sys.exit(app.run(WatchedOptions()))

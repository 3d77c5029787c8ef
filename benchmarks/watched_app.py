"""The real program, with a watch beside it that prints when things happened.

`python -m benchmarks.watched_app ADDRESS [beat]` signs in to the demo server at ADDRESS. Each line
is a name and the time on the monotonic clock, which all processes of a machine share. With "beat" a
timer fires every millisecond after the first paint, and "longest" is the longest time, in seconds,
for which the event loop let it wait; without, that timer disturbs nothing.
"""

from __future__ import annotations

import gc
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

gc.disable()  # as `xdr-login` does: before PySide6 is loaded

from PySide6.QtCore import QElapsedTimer, QTimer  # noqa: E402

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

_LINGER = 600  # milliseconds on screen after the token has come


def report(name: str, value: float | None = None) -> None:
    """Print one line."""
    sys.stdout.write(f"{name} {time.monotonic() if value is None else value}\n")
    sys.stdout.flush()


class WatchedWindow(Window):
    """Tells when it was painted, and when the code and the token were drawn."""

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

    def show_state(self, state: State, at: datetime) -> None:
        """Draw, and tell once it is on screen."""
        from desktop.services.model.states import AwaitingApproval, SignedIn

        super().show_state(state, at)
        if isinstance(state, AwaitingApproval) and state.approved:
            self._report_once("approved")
        elif isinstance(state, AwaitingApproval):
            from desktop.ui.views.code_tiles import CodeTiles

            self._report_once_painted(CodeTiles, "code")
        elif isinstance(state, SignedIn):
            from desktop.ui.views.ring import Ring

            self._report_once_painted(Ring, "signed_in")

    def _report_once_painted(self, kind: type[QWidget], name: str) -> None:
        # A new view is laid out and painted in the turns of the loop that follow. To repaint the
        # window right here would draw it without, and tell too early.
        if name in self._seen:
            return
        paint = kind.paintEvent

        def paint_and_tell(widget: QWidget, event: QPaintEvent) -> None:
            paint(widget, event)
            QTimer.singleShot(0, lambda: self._report_once(name))

        kind.paintEvent = paint_and_tell  # type: ignore[method-assign]

    def _report_once(self, name: str) -> None:
        if name not in self._seen:
            self._seen.add(name)
            report(name)
            if name == "signed_in":
                QTimer.singleShot(_LINGER, self._end)

    def _on_painted(self) -> None:
        report("painted")
        if "beat" in sys.argv:
            self._since_beat.start()
            self._beat.start()

    def _on_beat(self) -> None:
        self._longest = max(self._longest, self._since_beat.nsecsElapsed() / 1e9)
        self._since_beat.restart()

    def _end(self) -> None:
        report("longest", self._longest)
        application = Application.instance()
        if isinstance(application, Application):
            application.on_quit()


class WatchedOptions(Options):
    """Signs in to the server that runs already."""

    def load_profiles(self) -> Profiles:
        """The profile of the demo server at the address that was given."""
        from desktop.options import demo_profile
        from desktop.services.configuration.profile_reader import Profiles

        profile = demo_profile(sys.argv[1])
        return Profiles(Path(), {profile.id: profile}, {})


if __name__ == "__main__":
    app.Window = WatchedWindow  # type: ignore[attr-defined]
    sys.exit(app.run(WatchedOptions()))

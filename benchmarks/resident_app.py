"""The real app, which hides in the tray as soon as it is signed in.

`python -m benchmarks.resident_app ADDRESS SECONDS [sign-out]` signs in to the demo server at
ADDRESS and copies the token every SECONDS; 0 means never. With "sign-out" it signs out first.
"""

from __future__ import annotations

import gc

gc.disable()  # as `xdr-login` does

import sys  # noqa: E402
from typing import TYPE_CHECKING  # noqa: E402

from PySide6.QtCore import QTimer  # noqa: E402

from benchmarks.timestamped_app import WatchedOptions, report  # noqa: E402
from desktop.services.model.states import SignedIn, SignedOut  # noqa: E402
from desktop.ui.app import app  # noqa: E402
from desktop.ui.window.window import Window  # noqa: E402

if TYPE_CHECKING:
    from datetime import datetime

    from desktop.services.model.states import State
    from desktop.ui.kit.theme import Theme

_VISIBLE_TIME = 2000  # milliseconds with the token on screen


class ResidentWindow(Window):
    """A window that closes after showing the token, and copies it periodically."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._is_signed_in = False
        self._copying = QTimer(self, interval=round(float(sys.argv[2]) * 1000))
        self._copying.timeout.connect(self._copy)

    def show_state(self, state: State, at: datetime, *, news: str = "") -> None:
        """Draw the state, and hide when signed in, or signed out again."""
        super().show_state(state, at, news=news)
        if isinstance(state, SignedIn) and not self._is_signed_in:
            self._is_signed_in = True
            if "sign-out" in sys.argv:
                QTimer.singleShot(_VISIBLE_TIME, self._sign_out)
            else:
                QTimer.singleShot(_VISIBLE_TIME, self._hide)
        elif isinstance(state, SignedOut) and self._is_signed_in and self.isVisible():
            self._hide()

    def _sign_out(self) -> None:
        if self._actions is not None:
            self._actions.sign_out()

    def _hide(self) -> None:
        self.close()
        report("hidden")
        if self._copying.interval() > 0:
            self._copying.start()

    def _copy(self) -> None:
        if self._actions is not None:
            self._actions.copy_token()


if __name__ == "__main__":
    app.Window = ResidentWindow  # type: ignore[attr-defined]
    sys.exit(app.run(WatchedOptions()))

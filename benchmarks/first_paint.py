"""The real app for a bundle; prints when its window was painted and exits."""

import gc

gc.disable()  # as `xdr-login` does: before PySide6 is loaded

import os  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402

from desktop.__main__ import main  # noqa: E402
from desktop.ui.app import app  # noqa: E402
from desktop.ui.kit.theme import Theme  # noqa: E402
from desktop.ui.window.window import Window  # noqa: E402


class WatchedWindow(Window):
    """A window that reports when it was painted and exits."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.painted.connect(_report_and_exit)


def _report_and_exit() -> None:
    sys.stdout.write(f"painted {time.monotonic()}\n")
    sys.stdout.flush()
    os._exit(0)  # a normal end would be measured too


app.Window = WatchedWindow  # type: ignore[attr-defined]
sys.exit(main([]))

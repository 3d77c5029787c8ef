"""The app, which also prints what is on screen, one JSON object per line.

`python -m tests.end_to_end.reporting_app ARGUMENTS...` takes the arguments of `xdr-login`.
"""

import json
import sys
from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QMenu, QWidget

from desktop.cli.program import run
from desktop.ui.app import app
from desktop.ui.kit.theme import Theme
from desktop.ui.views.code_tiles import CodeTiles
from desktop.ui.window.window import Window


class ReportingWindow(Window):
    """A window that reports changes ten times a second."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._last_report = ""
        self._stays = False
        self._timer = QTimer(self, interval=100)
        self._timer.timeout.connect(self._report)
        self._timer.start()

    def set_may_hide(self, may_hide: Callable[[], bool]) -> None:
        """Report that everything is loaded, so closing the window no longer quits."""
        super().set_may_hide(may_hide)
        self._stays = True

    def _report(self) -> None:
        windows = [
            self,
            *(each for each in QApplication.topLevelWidgets() if _is_question_window(each)),
        ]
        every = [widget for window in windows for widget in window.findChildren(QWidget)]
        seen = [widget for widget in every if widget.isVisible()]
        focus = QApplication.focusWidget()
        screen = {
            "texts": [widget.text() for widget in seen if isinstance(widget, QLabel)],
            "codes": [widget.accessibleName() for widget in seen if isinstance(widget, CodeTiles)],
            "buttons": {
                widget.text().replace("&", ""): [*_middle(widget), widget.isEnabled()]
                for widget in seen
                if isinstance(widget, QAbstractButton)
            },
            "focus": focus.text() if isinstance(focus, QAbstractButton) else "",
            "menu": _menu_entries(QApplication.activePopupWidget()),
            "stays": self._stays,
        }
        report = json.dumps(screen)
        if report != self._last_report:
            self._last_report = report
            sys.stdout.write(f"{report}\n")
            sys.stdout.flush()


def _is_question_window(window: QWidget) -> bool:
    return type(window).__name__ == "PermissionWindow" and window.isVisible()


def _menu_entries(menu: QWidget | None) -> dict[str, tuple[int, int, bool]]:
    if not isinstance(menu, QMenu):
        return {}
    shown = [each for each in menu.actions() if each.isVisible() and each.text()]
    places = [menu.mapToGlobal(menu.actionGeometry(each).center()) for each in shown]
    return {
        each.text(): (place.x(), place.y(), each.isEnabled())
        for each, place in zip(shown, places, strict=True)
    }


def _middle(widget: QWidget) -> tuple[int, int]:
    middle = widget.mapToGlobal(widget.rect().center())
    return middle.x(), middle.y()


if __name__ == "__main__":
    app.Window = ReportingWindow  # type: ignore[attr-defined]
    sys.exit(run(sys.argv[1:]))

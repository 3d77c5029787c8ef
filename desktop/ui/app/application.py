"""The application of Qt, as this program wants it to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import QEvent


class Application(QApplication):
    """Asked to quit by the system, it does so in order: requests under way are ended first."""

    has_painted = False
    on_quit: Callable[[], object]

    def event(self, event: QEvent) -> bool:
        """Answer what a Dock, a session manager or a logout asks."""
        # Telling one event from another loads them all: not before the first paint.
        if not self.has_painted or event.type().name != "Quit":
            return super().event(event)
        self.on_quit()
        event.ignore()
        return True

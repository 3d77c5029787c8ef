"""The Qt application, with an orderly quit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import QEvent


class Application(QApplication):
    """Calls `on_quit` instead of ending at once when the system asks it to quit."""

    has_painted = False
    on_quit: Callable[[], object]

    def event(self, event: QEvent) -> bool:
        """Handle a quit request from the Dock, a session manager or a logout."""
        # The first `event.type()` loads all event types, which would delay the first paint.
        if not self.has_painted or event.type().name != "Quit":
            return super().event(event)
        self.on_quit()
        event.ignore()
        return True

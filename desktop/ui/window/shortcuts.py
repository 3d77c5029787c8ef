"""The keyboard shortcuts of the window."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence, QShortcut

if TYPE_CHECKING:
    from desktop.ui.views.actions import Actions
    from desktop.ui.window.window import Window


def add_shortcuts(window: Window, actions: Actions) -> None:
    """Add the standard shortcuts of every app, and our own.

    Ctrl+K and Ctrl+1 to Ctrl+9 are for profiles; Ctrl+L locks. What is added here is listed in
    `ShortcutsView`.
    """
    keys = QKeySequence.StandardKey
    for key, callback in (
        (keys.Quit, actions.quit),
        (keys.Close, window.close),
        (keys.Cancel, window.escape),
        (keys.Copy, window.copy_shown),
        ("Ctrl+,", actions.open_settings),  # a standard key on macOS only
        ("Ctrl+K", actions.switch_profile),
        ("Ctrl+L", actions.locking.lock),
        ("F1", actions.open_shortcuts),
        ("Ctrl+/", actions.open_shortcuts),
    ):
        QShortcut(QKeySequence(key), window).activated.connect(callback)
    for number in range(9):
        digit = QShortcut(QKeySequence(f"Ctrl+{number + 1}"), window)
        digit.activated.connect(partial(actions.profiles.switch_to_number, number))

"""The keys of the window, besides those that Qt has by itself."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence, QShortcut

if TYPE_CHECKING:
    from desktop.ui.controller import Controller


def add_shortcuts(controller: Controller) -> None:
    """Let `controller` do what every program does by these keys, and bring profiles by number."""
    window = controller.window
    keys = QKeySequence.StandardKey
    for key, deed in (
        (keys.Quit, controller.quit),
        (keys.Close, window.close),
        (keys.Cancel, window.escape),
        (keys.Copy, window.copy_shown),
        ("Ctrl+,", controller.open_settings),  # which only macOS has among the keys that all have
    ):
        QShortcut(QKeySequence(key), window).activated.connect(deed)
    for number in range(9):
        digit = QShortcut(QKeySequence(f"Ctrl+{number + 1}"), window)
        digit.activated.connect(partial(controller.profiles.switch_to_number, number))

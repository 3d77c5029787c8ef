"""The keys that do something wherever one is in the window."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence, QShortcut

if TYPE_CHECKING:
    from desktop.ui.controller import Controller

_DIGITS = 9


def add_shortcuts(controller: Controller) -> None:
    """The keys that every program has, and one each for the first nine profiles."""
    window, keys = controller.window, QKeySequence.StandardKey
    for key, deed in (
        (keys.Quit, controller.quit),
        (keys.Close, window.close),
        (keys.Cancel, window.escape),
        (keys.Copy, window.copy_shown),
        ("Ctrl+,", controller.open_settings),  # which only macOS has among the keys that all have
    ):
        QShortcut(QKeySequence(key), window).activated.connect(deed)
    for number in range(_DIGITS):
        digit = QShortcut(QKeySequence(f"Ctrl+{number + 1}"), window)
        digit.activated.connect(partial(controller.profiles.switch_to_number, number))

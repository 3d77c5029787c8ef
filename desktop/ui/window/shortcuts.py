"""The keys of the window, besides those that Qt has by itself."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence, QShortcut

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop.ui.window.window import Window


def add_shortcuts(
    window: Window,
    leave: Callable[[], None],
    open_settings: Callable[[], None],
    switch_to_number: Callable[[int], None],
) -> None:
    """Have `window` do what every program does by these keys, and bring profiles by number."""
    keys = QKeySequence.StandardKey
    for key, deed in (
        (keys.Quit, leave),
        (keys.Close, window.close),
        (keys.Cancel, window.escape),
        (keys.Copy, window.copy_shown),
        ("Ctrl+,", open_settings),  # which only macOS has among the keys that all have
    ):
        QShortcut(QKeySequence(key), window).activated.connect(deed)
    for number in range(9):
        digit = QShortcut(QKeySequence(f"Ctrl+{number + 1}"), window)
        digit.activated.connect(partial(switch_to_number, number))

"""A small window that copies on Wayland, where only a window with the focus may do that."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.ui.kit.qt_constants import ESCAPE
from desktop.ui.kit.theme import GAP, NARROWEST, SPACE
from desktop.ui.kit.widgets import Button, label
from desktop.ui.wording import window_texts

if TYPE_CHECKING:
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QCloseEvent, QKeyEvent

ACTIVE_WITHIN = 2.0  # seconds until the person is asked to press
_READ_WITHIN = 1600  # milliseconds that "Copied" stays


class CopyWindow(QWidget):
    """Says that it copies, then that it has; asks for a press where the focus does not come.

    `active_within` is for how many seconds the focus is waited for.
    """

    def __init__(self, *, active_within: float = ACTIVE_WITHIN) -> None:
        super().__init__()
        self._active_within = active_within
        self._changed: asyncio.Future[None] | None = None
        self._is_pressed = False
        self._is_closed = False
        self._has_copied = False
        self.setWindowTitle(window_texts.COPYING_TITLE)
        self.setMinimumWidth(NARROWEST)
        self.resize(NARROWEST, 0)
        self._text = label(centred=True)
        self._button = Button("Copy", self._press, "primary")
        self._button.hide()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        self._column.setSpacing(GAP)
        self._column.addWidget(self._text)
        self._column.addWidget(self._button)
        self._show_text(window_texts.COPYING)

    async def open(self) -> bool:
        """Come up; whether the focus came too."""
        self.show()
        self.activateWindow()
        if not self.isActiveWindow():
            await self._wait_for_change(self._active_within)
        return self.isActiveWindow()

    async def wait_for_press(self, *, refused: bool) -> bool:
        """Ask for a press; whether it came, or the person closed the window.

        `refused` says that the desktop has not taken what was copied from here.
        """
        self._is_pressed = False
        self._button.show()
        self._button.setFocus()
        self._show_text(window_texts.COPY_REFUSED if refused else window_texts.PRESS_TO_COPY)
        while not (self._is_pressed or self._is_closed):
            await self._wait_for_change(None)
        self._show_text(window_texts.COPYING)
        return not self._is_closed

    def show_copied(self, clear_after: float) -> None:
        """Say that it is done; `clear_after` in seconds."""
        self._has_copied = True
        self._button.hide()
        self._show_text(window_texts.copied(clear_after))

    def finish(self) -> None:
        """Close: at once, or when the good news has been read."""
        if self._has_copied:
            QTimer.singleShot(_READ_WITHIN, self, self.close)
        else:
            self.close()

    def changeEvent(self, event: QEvent) -> None:
        """Notice the focus."""
        super().changeEvent(event)
        if event.type().name == "ActivationChange":
            self._notify_changed()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape gives up."""
        if event.key() == ESCAPE:
            self.close()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Notice that the person gave up."""
        super().closeEvent(event)
        self._is_closed = True
        self._notify_changed()

    def _press(self) -> None:
        self._is_pressed = True
        self._notify_changed()

    def _show_text(self, words: str) -> None:
        self._text.setText(words)
        self.setAccessibleName(words)
        self._column.activate()
        self.resize(self.width(), self._column.totalHeightForWidth(self.width()))

    def _notify_changed(self) -> None:
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)

    async def _wait_for_change(self, within: float | None) -> None:
        self._changed = asyncio.get_running_loop().create_future()
        await asyncio.wait({self._changed}, timeout=within)

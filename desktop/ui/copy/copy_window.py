"""A small window that copies on Wayland, where only a window with the focus may do that."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.services.system.translation import translate
from desktop.ui.kit.reader_roles import read_as
from desktop.ui.kit.theme import GAP, NARROWEST, SPACE
from desktop.ui.kit.widgets import Button, label
from desktop.ui.wording import window_texts

if TYPE_CHECKING:
    from PySide6.QtGui import QCloseEvent, QKeyEvent

ACTIVE_WITHIN = 2.0  # seconds until the user is asked to click
_READ_WITHIN = 1600  # milliseconds that "Copied" stays


class CopyWindow(QWidget):
    """Shows that the token is being copied; asks for a click if the window gets no focus.

    `active_within` is how many seconds to wait for the focus.
    """

    def __init__(self, *, active_within: float = ACTIVE_WITHIN) -> None:
        super().__init__()
        read_as(self, "Dialog")
        self._active_within = active_within
        self._changed: asyncio.Future[None] | None = None
        self._is_pressed = False
        self._is_closed = False
        self._has_copied = False
        self.setWindowTitle(translate(window_texts.COPYING_TITLE))
        self.setMinimumWidth(NARROWEST)
        self.resize(NARROWEST, 0)
        self._text = label(centered=True)
        self._button = Button(translate("Copy"), self._press, "primary")
        self._button.hide()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        self._column.setSpacing(GAP)
        self._column.addWidget(self._text)
        self._column.addWidget(self._button)
        self._show_text(translate(window_texts.COPYING))

    async def open(self) -> bool:
        self.show()
        self.activateWindow()
        if not self.isActiveWindow():
            await self._wait_for_change(self._active_within)
        return self.isActiveWindow()

    async def wait_for_press(self, *, refused: bool) -> bool:
        """Ask for a click; return False if the window was closed instead.

        `refused` says that the desktop did not accept the copy.
        """
        self._is_pressed = False
        self._button.show()
        self._button.setFocus()
        self._show_text(
            translate(window_texts.COPY_REFUSED if refused else window_texts.PRESS_TO_COPY)
        )
        while not (self._is_pressed or self._is_closed):
            await self._wait_for_change(None)
        self._show_text(translate(window_texts.COPYING))
        return not self._is_closed

    def show_copied(self, clear_after: float) -> None:
        """Show that the token was copied; `clear_after` in seconds."""
        self._has_copied = True
        self._button.hide()
        self._show_text(window_texts.copied(clear_after))

    def finish(self) -> None:
        """Close: at once, or when there was time to read that it was copied."""
        if self._has_copied:
            QTimer.singleShot(_READ_WITHIN, self, self.close)
        else:
            self.close()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange:
            self._notify_changed()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self._is_closed = True
        self._notify_changed()

    def _press(self) -> None:
        self._is_pressed = True
        self._notify_changed()

    def _show_text(self, text: str) -> None:
        self._text.setText(text)
        self.setAccessibleName(text)
        self._column.activate()
        self.resize(self.width(), self._column.totalHeightForWidth(self.width()))

    def _notify_changed(self) -> None:
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)

    async def _wait_for_change(self, within: float | None) -> None:
        self._changed = asyncio.get_running_loop().create_future()
        await asyncio.wait({self._changed}, timeout=within)

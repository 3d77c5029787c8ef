"""The clipboard, with care for secrets: kept out of histories, and cleared after a while.

The X11 selection, which the middle mouse button pastes, is never changed.

Wayland does not report whether a copy was accepted, and Qt shows its own content either way. A
compositor accepts a copy from a window that has the focus and, mostly, was just clicked; with the
data control protocol, which `ui/app/app.py` lets Qt use, from any app.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QByteArray, QMimeData, QObject, QTimer, Signal
from PySide6.QtGui import QClipboard, QGuiApplication

from desktop.services.system.translation import without_isolates

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QWindow

CLEAR_AFTER = 30.0  # seconds
ECHO = 0.5  # seconds within which a compositor announces what it has accepted

# What clipboard managers and histories look for; each platform ignores the marks of the others.
# The one of macOS, org.nspasteboard.ConcealedType, would need QUtiMimeConverter, which PySide6 does
# not bind: Qt writes a type that it does not know under a name of its own.
_DO_NOT_RECORD = {
    'application/x-qt-windows-mime;value="ExcludeClipboardContentFromMonitorProcessing"': b"1",
    'application/x-qt-windows-mime;value="CanIncludeInClipboardHistory"': b"\0\0\0\0",
    'application/x-qt-windows-mime;value="CanUploadToCloudClipboard"': b"\0\0\0\0",
    "x-kde-passwordManagerHint": b"secret",
}


class Clipboard(QObject):
    """Copies text, and clears a secret after a while if it is still there.

    `clear_after` is how long the next secret stays, in seconds. It does not change when the current
    one is cleared.

    Signals:
        secret_forgotten: the secret was cleared or, as far as the platform tells, replaced.
        secret_cleared: the secret was on the clipboard until now.
    """

    secret_forgotten = Signal()
    secret_cleared = Signal()

    def __init__(self, *, clear_after: float = CLEAR_AFTER, wayland: bool | None = None) -> None:
        super().__init__()
        self.clear_after = clear_after
        self._wayland = is_wayland() if wayland is None else wayland
        self._clipboard: QClipboard = QGuiApplication.clipboard()
        self._secret: str | None = None
        self._code: str | None = None  # with which somebody signs in: it stays until a lock
        self._leftover_secrets: set[str] = set()  # secrets that the desktop may have kept
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.clear_secret)
        if self._wayland:
            application = cast("QGuiApplication", QGuiApplication.instance())
            application.focusWindowChanged.connect(self._on_focus)
            self._clipboard.dataChanged.connect(self._on_change)
        else:
            self._clipboard.dataChanged.connect(self._tell_replaced)

    @property
    def needs_focus(self) -> bool:
        """Whether the desktop may refuse a copy from an app without the focus."""
        return self._wayland

    @property
    def clears_in(self) -> float:
        """Seconds until the secret is cleared; 0 if there is none."""
        return max(0, self._timer.remainingTime()) / 1000  # -1 while it is not running

    def copy(self, text: str) -> None:
        self._forget_secret()
        self._code = None
        self._clipboard.setText(without_isolates(text))

    def copy_code(self, text: str) -> None:
        """Copy a code, or a link that contains one, until it is replaced or `clear_for_lock`."""
        self.copy(text)
        self._code = text

    async def copy_secret(self, text: str) -> bool:
        """Copy `text` for a short time, kept out of histories; return whether it is there."""
        before = self._leftover_secrets | ({self._secret} if self._secret is not None else set())
        self._forget_secret()
        there = False
        try:
            there = await self._put(text)
        finally:
            if there:
                self._leftover_secrets.clear()
            else:
                self._forget_secret()
                self._clear_later(before)
        return there

    async def _put(self, text: str) -> bool:
        """Copy `text`; return whether it is there."""
        if self._wayland and self._clipboard.ownsClipboard():
            # Clearing is announced too, which must not be taken for the announcement of `text`.
            await self._change_and_wait_for_echo(self._clipboard.clear)
        self._secret = text
        self._timer.start(round(self.clear_after * 1000))
        put = partial(self._clipboard.setMimeData, _marked(text))
        if self._wayland:
            return await self._put_on_wayland(put)
        put()
        return self._holds(text)

    def clear_secret(self) -> None:
        """Empty the clipboard if it still holds the secret that was put there."""
        secret = self._secret
        self._forget_secret()
        if self._clear(secret):
            self.secret_cleared.emit()

    def clear_for_lock(self) -> None:
        """Empty the clipboard if it still holds the secret or the code that was put there."""
        self.clear_secret()
        code, self._code = self._code, None
        self._clear(code)

    async def close(self) -> None:
        """Clear the secret for good, before the app quits."""
        self.clear_secret()
        if self._leftover_secrets:
            await asyncio.sleep(ECHO)
            # Without waiting, the app would be gone before the change is sent.
            await self._change_and_wait_for_echo(self._clear_leftovers)

    def _clear(self, text: str | None) -> bool:
        if text is None or not self._holds(text):
            return False
        self._clipboard.clear()
        if self._wayland:
            self._clear_later({text})
        return True

    def _holds(self, text: str) -> bool:
        # Owning the clipboard is not enough: something else may have been copied in our window.
        # If another program owns it, such as a clipboard manager, and hangs, each request blocks
        # Qt for five seconds on X11; so this asks as little as possible.
        content: QMimeData | None = self._clipboard.mimeData()  # None once it is empty
        return content is not None and bool(content.formats()) and content.text() == text

    async def _put_on_wayland(self, put: Callable[[], None]) -> bool:
        """Call `put`; return whether the compositor accepted it. If not, clear it again."""
        try:
            if await self._change_and_wait_for_echo(put) and self._clipboard.ownsClipboard():
                return True
        except asyncio.CancelledError:
            self.clear_secret()
            raise
        # Qt believes that it owns what was refused. The compositor refuses this change too, so
        # nobody else's content is cleared.
        self._clipboard.clear()
        return False

    async def _change_and_wait_for_echo(self, change: Callable[[], None]) -> bool:
        """Call `change`; return whether the compositor announced anything."""
        change()
        # Qt's own signals have been sent by now. The next one comes from the compositor: the
        # clipboard has changed or, as GNOME answers an app without the focus, a refusal.
        echo = asyncio.get_running_loop().create_future()

        def on_change() -> None:
            if not echo.done():
                echo.set_result(None)

        self._clipboard.dataChanged.connect(on_change)
        try:
            await asyncio.wait({echo}, timeout=ECHO)
        finally:
            self._clipboard.dataChanged.disconnect(on_change)
        return echo.done()

    def _on_focus(self, window: QWindow | None) -> None:
        if window is not None and self._leftover_secrets:
            QTimer.singleShot(0, self, self._clear_leftovers)

    def _on_change(self) -> None:
        self._on_focus(QGuiApplication.focusWindow())

    def _tell_replaced(self) -> None:
        """Tell that another program has replaced the secret.

        It may come back from a history of the clipboard, so it is still cleared later.
        """
        secret = self._secret
        if secret is not None and not self._clipboard.ownsClipboard() and not self._holds(secret):
            self.secret_forgotten.emit()

    def _clear_leftovers(self) -> None:
        """Clear the copies that the desktop has kept of cleared secrets."""
        # GNOME keeps a copy of what is cleared, and hides it from apps without the focus.
        if not self._leftover_secrets or (self._wayland and QGuiApplication.focusWindow() is None):
            return
        text = self._clipboard.text()
        if self._wayland and not text:
            return  # the compositor may announce the content only after the focus
        if text in self._leftover_secrets:
            self._clipboard.clear()
        self._leftover_secrets.clear()

    def _clear_later(self, secrets: set[str]) -> None:
        """Clear what is left of `secrets`, now or when a window gets the focus."""
        self._leftover_secrets |= secrets
        QTimer.singleShot(round(ECHO * 1000), self, self._clear_leftovers)

    def _forget_secret(self) -> None:
        held, self._secret = self._secret is not None, None
        self._timer.stop()
        if held:
            self.secret_forgotten.emit()


def is_wayland() -> bool:
    return QGuiApplication.platformName().startswith("wayland")


def _marked(text: str) -> QMimeData:
    content = QMimeData()
    content.setText(text)
    for mark, value in _DO_NOT_RECORD.items():
        content.setData(mark, QByteArray(value))
    return content

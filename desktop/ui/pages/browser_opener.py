"""Opens links in the browser that was chosen, off the event loop, and tells which there are."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from desktop.services.system.browsers import find_browsers, open_in
from desktop.services.system.worker import Worker

if TYPE_CHECKING:
    from concurrent.futures import Future


class BrowserOpener(QObject):
    """Where the chosen browser cannot be started, the usual one takes its place.

    Signals:
        listed: the browsers of this computer, a tuple of `Browser`.
        failed: the chosen one was not started; whether the usual one was.
    """

    listed = Signal(object)
    failed = Signal(bool)
    _opened = Signal(object, str)

    def __init__(self) -> None:
        super().__init__()
        self._worker = Worker("browsers")
        # From the thread of the worker to the one of the window.
        self._opened.connect(self._on_opened)

    def open(self, id_: str, link: str) -> None:
        """Open `link` in browser `id_`."""
        self._worker.submit(partial(open_in, id_, link)).add_done_callback(
            lambda future: self._opened.emit(future, link)
        )

    def list_browsers(self) -> None:
        """Find out which there are."""
        self._worker.submit(find_browsers).add_done_callback(
            lambda future: self.listed.emit(future.result())
        )

    def _on_opened(self, future: Future[bool], link: str) -> None:
        if not future.result():
            url = QUrl(link, QUrl.ParsingMode.StrictMode)
            self.failed.emit(QDesktopServices.openUrl(url))

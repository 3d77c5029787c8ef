"""Lists the browsers of this computer and opens links in them, off the event loop."""

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
    """Opens links in a chosen browser, or in the default browser if that one cannot be started.

    Signals:
        listed: the browsers of this computer, a tuple of `Browser`.
        failed: the chosen browser was not started; whether the default browser was.
    """

    listed = Signal(object)
    failed = Signal(bool)
    _opened = Signal(object, str)

    def __init__(self) -> None:
        super().__init__()
        self._worker = Worker("browsers")
        # The signal crosses from the worker's thread to the window's.
        self._opened.connect(self._on_opened)

    def open(self, id_: str, link: str) -> None:
        self._worker.submit(partial(open_in, id_, link)).add_done_callback(
            lambda future: self._opened.emit(future, link)
        )

    def list_browsers(self) -> None:
        self._worker.submit(find_browsers).add_done_callback(
            lambda future: self.listed.emit(future.result())
        )

    def _on_opened(self, future: Future[bool], link: str) -> None:
        if not future.result():
            url = QUrl(link, QUrl.ParsingMode.StrictMode)
            self.failed.emit(QDesktopServices.openUrl(url))

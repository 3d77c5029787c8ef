"""Opens the page about XDR Login, and loads the list of components off the event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from desktop.services.system.components import licenses_folder, load_components
from desktop.services.system.translation import translate
from desktop.services.system.worker import Worker
from desktop.ui.pages.about_view import AboutView
from desktop.ui.window.announcer import Announcer

if TYPE_CHECKING:
    from concurrent.futures import Future

    from desktop.services.system.components import Component
    from desktop.ui.copy.clipboard import Clipboard
    from desktop.ui.window.window import Window


class AboutController(QObject):
    """Serves the page. The components are loaded once, they cannot change while the app runs."""

    _read = Signal(object)

    def __init__(self, window: Window, clipboard: Clipboard) -> None:
        super().__init__()
        self._window = window
        self._clipboard = clipboard
        self._announcer = Announcer(window)
        self._worker = Worker("about")
        self._components: tuple[Component, ...] = ()
        # The signal crosses from the worker's thread to the window's.
        self._read.connect(self._on_read)

    def open(self) -> None:
        page = AboutView(self)
        page.show_components(self._components)
        self._window.show_page(page)
        if not self._components:
            self._worker.submit(load_components).add_done_callback(self._read.emit)

    def close_page(self) -> None:
        self._window.close_page()

    def copy(self, text: str) -> None:
        """Copy `text`, which must not contain secrets."""
        self._clipboard.copy(text)
        self._announcer.announce(translate("Copied"))

    def open_licenses(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(licenses_folder())))

    def _on_read(self, read: Future[tuple[Component, ...]]) -> None:
        self._components = read.result()
        page = self._window.page
        if isinstance(page, AboutView):
            page.show_components(self._components)

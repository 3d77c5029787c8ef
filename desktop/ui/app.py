"""The program with a window: paint first, load the rest while it is on screen, then live."""

from __future__ import annotations

import sys
import threading
from importlib import import_module
from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QIcon, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication

from desktop.services.resources import resource
from desktop.ui.controller import Controller
from desktop.ui.theme import Theme

if TYPE_CHECKING:
    from desktop.options import Options

APPLICATION_ID = "io.github.xdr_login.XDRLogin"

# In the order of their need: the event loop, then what asks for a code, then the keyring.
_HEAVY_MODULES = (
    "asyncio",
    "qasync",
    "desktop.services.session",
    "desktop.services.network",
    "desktop.services.keyring_vault",
    "desktop.ui.life",
    "desktop.ui.waiting_view",
)


def run(options: Options) -> int:
    """Show the window until it is closed; gives the exit code."""
    application = _application()
    theme = Theme(application)
    controller = Controller(theme)
    application.styleHints().colorSchemeChanged.connect(lambda _scheme: theme.follow())
    _add_shortcuts(controller)
    first_paint = QEventLoop()
    controller.window.painted.connect(first_paint.quit)
    controller.quit_wanted.connect(first_paint.quit)
    controller.window.show()
    first_paint.exec()
    controller.window.set_icon(QIcon(str(resource("icons/app.svg"))))
    if not _load_in_background(controller):
        return 0
    # Loaded by now; before the first paint it would have doubled the time to it.
    from desktop.ui.life import live

    return live(application, controller, options)


class _Loader(QObject):
    """Imports in a thread, so that the window stays alive meanwhile.

    Signals:
        finished: everything has been imported, or the import has failed.
    """

    finished = Signal()

    def start(self) -> None:
        """Begin."""
        threading.Thread(target=self._load, name="loader", daemon=True).start()

    def _load(self) -> None:
        try:
            for name in _HEAVY_MODULES:
                import_module(name)
        finally:
            self.finished.emit()


def _load_in_background(controller: Controller) -> bool:
    """Whether the person is still there when everything has been loaded."""
    loader = _Loader()
    waiting = QEventLoop()
    loader.finished.connect(waiting.quit)
    controller.quit_wanted.connect(waiting.quit)
    if controller.window.isVisible():
        loader.start()
        waiting.exec()
    return controller.window.isVisible()


def _application() -> QApplication:
    QGuiApplication.setDesktopFileName(APPLICATION_ID)
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(
        Qt.HighDpiScaleFactorRoundingPolicy.PassThrough
    )
    application = QApplication(sys.argv[:1])
    application.setApplicationName("xdr-login")
    application.setApplicationDisplayName("XDR Login")
    application.setStyle("Fusion")
    # The end is ours to say: requests under way are ended first.
    application.setQuitOnLastWindowClosed(False)
    return application


def _add_shortcuts(controller: Controller) -> None:
    window = controller.window
    for key, deed in (
        (QKeySequence.StandardKey.Quit, window.close),
        (QKeySequence.StandardKey.Close, window.close),
        (QKeySequence.StandardKey.Cancel, controller.cancel),
        (QKeySequence.StandardKey.Copy, lambda: window.view.copy()),
    ):
        QShortcut(QKeySequence(key), window).activated.connect(deed)

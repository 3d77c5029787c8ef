"""Starts the app: paints the window first, and loads the rest while it is on screen."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from desktop.ui.app import import_hook  # noqa: F401 - first, so that it's gone for the others
from desktop.ui.app.application import Application
from desktop.ui.kit.theme import Theme
from desktop.ui.window.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PySide6.QtCore import SignalInstance

    from desktop.options import Options

APPLICATION_ID = "io.github.xdr_login.XDRLogin"

_SHORT_SWITCH_INTERVAL = 0.0005  # seconds


def run(options: Options) -> int:
    """Run the app until it quits; returns the exit code."""
    application = make_application()
    theme = Theme(application)
    window = Window(theme)
    application.on_quit = window.close
    if options.hidden:
        window.handle()  # session managers may ask for it
        if sys.platform == "darwin":
            from desktop.ui.window.dock import show_in_dock

            show_in_dock(False)
    else:
        window.show()
        if not _wait_for_signal(window, window.painted):
            return 0
    application.has_painted = True
    loader = _Loader()
    loaded = _wait_for_signal(window, loader.finished, start=loader.start)
    loader.join()  # if the window was closed, the thread would signal a deleted object
    if loader.error is not None:
        raise loader.error
    if not loaded:
        return 0
    from desktop.ui.app.lifetime import run_until_quit

    return run_until_quit(application, window, theme=theme, options=options)


def make_application() -> Application:
    """Create the Qt application, without a theme yet."""
    QGuiApplication.setDesktopFileName(APPLICATION_ID)
    if sys.platform == "win32":
        _set_app_user_model_id()
    # With the data control protocol of some Wayland compositors (KDE, Sway), Qt can copy from the
    # tray and clear a secret without the focus. Qt uses it only when this variable is set.
    os.environ.setdefault("QT_WAYLAND_USE_DATA_CONTROL", "1")
    # Without threads for drawing, which end 30 seconds after each icon and wake the computer again.
    os.environ.setdefault("QT_NO_GUI_THREADPOOL", "1")
    # The style is a command-line option because setStyle() makes PySide6 build 12 enumerations,
    # which takes half as long as creating the application.
    application = Application([*sys.argv[:1], "-style", "Fusion"])
    from desktop.services.system.language import (  # after `import_hook`
        current_language,
        is_right_to_left,
    )

    if is_right_to_left():
        from PySide6.QtCore import Qt  # slow to load

        application.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    if current_language() != "en":
        from desktop.ui.wording.qt_texts import QtTexts

        application.installTranslator(QtTexts(application))
    application.setApplicationName("xdr-login")
    application.setApplicationDisplayName("XDR Login")
    # Quitting is up to `lifetime`, which ends running requests first.
    application.setQuitOnLastWindowClosed(False)
    return application


def _set_app_user_model_id() -> None:
    """Group windows and notifications by the ID of the shortcut, not by the executable."""
    if sys.platform == "win32":  # for the type checker
        import ctypes

        ctypes.windll.shell32.SetCurrentProcessExplicitAppUserModelID(APPLICATION_ID)


class _Loader(QObject):
    """Imports everything the app needs without freezing the window.

    A thread imports libraries and services; then the event loop imports the Qt modules in steps.

    WORKAROUND: below Python 3.12, PySide6 6.11 keeps its classes in a table that the event loop
    reads without the interpreter lock (`PepType_SOTP`). Creating such a class in another thread,
    by importing a module or first using a name of Qt, crashed about one start in a hundred.

    Signals:
        finished: everything has been imported, or an import has failed.
    """

    finished = Signal()
    _loaded = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._load, name="loader", daemon=True)
        self._views = _load_views()
        self._loaded.connect(self._go_on)

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    def _load(self) -> None:
        # The window takes the interpreter lock several times a frame and would wait this long each
        # time. `load_after_start` restores the default.
        sys.setswitchinterval(_SHORT_SWITCH_INTERVAL)
        try:
            load_without_qt()
        except BaseException as error:  # noqa: BLE001 - raised again by `run`
            self.error = error
        finally:
            self._loaded.emit()

    def _go_on(self) -> None:
        self._thread.join()  # it may still be emitting the signal, which reads that table
        if self.error is None:
            try:
                next(self._views)
            except StopIteration:
                pass
            except BaseException as error:  # noqa: BLE001 - as above
                self.error = error
            else:
                QTimer.singleShot(0, self._go_on)
                return
        self.finished.emit()


def load_without_qt() -> None:
    """Import what `lifetime` needs besides Qt. May be called in any thread."""
    # httpx loads `anyio` and `httpcore` at its first request.
    import anyio._backends._asyncio  # noqa: F401
    import httpcore  # noqa: F401

    import desktop.ipc.agent
    import desktop.ipc.server
    import desktop.options
    import desktop.services.network.linux_proxy
    import desktop.services.network.real_environment
    import desktop.services.session.session
    import desktop.services.session.sessions
    import desktop.services.system.logs
    import desktop.ui.kit.copy_progress
    import desktop.ui.views.actions
    import desktop.ui.wording.page_texts
    import desktop.ui.wording.window_texts  # noqa: F401


def _load_views() -> Iterator[None]:
    """Import the Qt modules that `lifetime` needs, in steps shorter than a frame."""
    import desktop.ui.views.waiting_view

    yield
    import desktop.ui.app.controller

    yield
    import desktop.ui.app.lifetime  # noqa: F401


def _wait_for_signal(
    window: Window, signal: SignalInstance, *, start: Callable[[], None] | None = None
) -> bool:
    """Run Qt's event loop until `signal`; returns whether it came before the window closed."""
    waiting = QEventLoop()
    closed: list[bool] = []

    def on_closed() -> None:
        closed.append(True)
        waiting.quit()

    signal.connect(waiting.quit)
    window.closed.connect(on_closed)
    if start is not None:
        start()
    waiting.exec()
    window.closed.disconnect(on_closed)
    return not closed

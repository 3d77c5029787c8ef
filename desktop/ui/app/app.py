"""The program with a window: paint first, load the rest while it is on screen, then live."""

from __future__ import annotations

import linecache
import os
import sys
import threading
from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication

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
    """Show the window until it is closed; gives the exit code."""
    application = make_application()
    theme = Theme(application)
    window = Window(theme)
    application.on_quit = window.close
    if options.hidden:
        window.handle()  # which the session manager of the desktop and others may ask for
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
    loader.join()  # closed meanwhile, it would tell an object that is gone
    if loader.error is not None:
        raise loader.error
    if not loaded:
        return 0
    from desktop.ui.app.lifetime import run_until_quit

    return run_until_quit(application, window, theme=theme, options=options)


def make_application() -> Application:
    """The application, as this program wants it; without a theme yet."""
    QGuiApplication.setDesktopFileName(APPLICATION_ID)
    if sys.platform == "win32":
        _set_app_user_model_id()
    # Where a Wayland compositor has the data control protocol, as KDE and Sway do, Qt can copy
    # from the tray, and take a secret back, without the focus; it does so only when told.
    os.environ.setdefault("QT_WAYLAND_USE_DATA_CONTROL", "1")
    # Said in Qt's own words: a call would hand the style over as an object, and PySide6 builds the
    # 12 enumerations of its class before that; half as long again as the application takes.
    application = Application([*sys.argv[:1], "-style", "Fusion"])
    application.setApplicationName("xdr-login")
    application.setApplicationDisplayName("XDR Login")
    # The end is ours to say: requests under way are ended first.
    application.setQuitOnLastWindowClosed(False)
    return application


def _set_app_user_model_id() -> None:
    """Let the taskbar and notifications of Windows know this by the shortcut's id, not the file."""
    if sys.platform == "win32":  # for the type checker
        import ctypes

        ctypes.windll.shell32.SetCurrentProcessExplicitAppUserModelID(APPLICATION_ID)


class _Loader(QObject):
    """Imports whatever the program needs, so that the window stays alive meanwhile.

    Libraries and services in a thread, and then, one at a time, what has to do with Qt.

    WORKAROUND: below Python 3.12 PySide6 keeps its classes in a table that the event loop reads
    without the interpreter's lock (6.11, `PepType_SOTP`). A class that another thread makes, by
    the import of a module or the first use of a name of Qt, ended one start in some hundred.

    Signals:
        finished: everything has been imported, or the import has failed.
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
        """Begin."""
        self._thread.start()

    def join(self) -> None:
        """Return when the thread has ended."""
        self._thread.join()

    def _load(self) -> None:
        # The window asks for the interpreter's lock several times a frame, and would wait this
        # long each time; `life` sets it back.
        sys.setswitchinterval(_SHORT_SWITCH_INTERVAL)
        try:
            load_without_qt()
        except BaseException as error:  # noqa: BLE001 - raised where it ends the program
            self.error = error
        finally:
            self._loaded.emit()

    def _go_on(self) -> None:
        self._thread.join()  # it may not have left the signal yet, which looks into that table
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
    """Import what `life` needs and has nothing to do with Qt. May be called in any thread."""
    # Statements, not `import_module`: PySide6 looks once at the source of every module that a
    # statement names, and what it has not seen here it would look at on the loop.
    # `anyio` and `httpcore` are what httpx would load at its first request; `html` is for tooltips.
    import html  # noqa: F401

    import anyio._backends._asyncio  # noqa: F401
    import httpcore  # noqa: F401

    # What PySide6 has looked at would stay in memory, a tenth of all that is taken.
    linecache.clearcache()
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
    import desktop.ui.wording.tray_texts
    import desktop.ui.wording.window_texts  # noqa: F401

    linecache.clearcache()


def _load_views() -> Iterator[None]:
    """Import what of `life` is Qt's, in steps that are shorter than a frame."""
    import desktop.ui.views.waiting_view

    yield
    import desktop.ui.app.controller

    yield
    import desktop.ui.app.lifetime  # noqa: F401

    linecache.clearcache()


def _wait_for_signal(
    window: Window, signal: SignalInstance, *, start: Callable[[], None] | None = None
) -> bool:
    """Turn Qt's own event loop until `signal` comes; whether it came before the window closed."""
    waiting = QEventLoop()
    closed: list[bool] = []

    def on_closed() -> None:
        closed.append(True)
        waiting.quit()

    signal.connect(waiting.quit)
    window.closed.connect(on_closed)
    if start is not None:
        start()  # not before somebody listens
    waiting.exec()
    window.closed.disconnect(on_closed)
    return not closed

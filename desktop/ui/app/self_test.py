"""The part of the self-test that needs Qt: painting, icons and the event loop."""

import asyncio
from collections.abc import Callable, Coroutine

from PySide6.QtCore import QLibraryInfo, QSize, qVersion
from PySide6.QtGui import QGuiApplication, QIcon, QImage, QImageReader
from PySide6.QtWidgets import QStyleFactory

from desktop.services.system.resources import resource
from desktop.ui.app.app import make_application
from desktop.ui.app.event_loop import EventLoop
from desktop.ui.kit.theme import Theme
from desktop.ui.window.window import Window

PAINT_TIMEOUT = 30.0  # seconds for the first paint and for the work, each, on a busy machine


def paint_and_run(work: Callable[[], Coroutine[None, None, str]]) -> str:
    """Show the window until it is painted, run `work` on its loop, and return a report.

    Raises whatever keeps the window from being visible.
    """
    application = make_application()
    application.has_painted = True
    window = Window(Theme(application))
    window.setWindowIcon(QIcon(str(resource("icons/app.svg"))))
    _check_icon()
    with EventLoop(application) as loop:
        report = loop.run_until_complete(_wait_painted(window, work))
    colors = _colors(window.grab().toImage())
    if colors < 10:
        raise ValueError(f"the window has only {colors} colors: nothing was drawn")
    window.hide()
    formats = ", ".join(each.toStdString() for each in QImageReader.supportedImageFormats())
    return (
        f"painted with Qt {qVersion()} on {QGuiApplication.platformName()}, {report}; "
        f"styles {', '.join(QStyleFactory.keys())}; pictures {formats}; "
        f"plugins in {QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath)}"
    )


async def _wait_painted(window: Window, work: Callable[[], Coroutine[None, None, str]]) -> str:
    painted = asyncio.Event()
    window.painted.connect(painted.set)
    window.show()
    await asyncio.wait_for(painted.wait(), PAINT_TIMEOUT)
    return await asyncio.wait_for(work(), PAINT_TIMEOUT)


def _check_icon() -> None:
    picture = QIcon(str(resource("icons/app.svg"))).pixmap(QSize(64, 64)).toImage()
    if picture.isNull() or _colors(picture) < 2:
        raise ValueError("Qt cannot draw SVG: its icon engine is missing")


def _colors(picture: QImage) -> int:
    step = max(1, picture.width() // 64)
    points = range(0, picture.width(), step), range(0, picture.height(), step)
    return len({picture.pixel(x, y) for x in points[0] for y in points[1]})

"""asyncio on Qt's event loop, with timers that load nothing."""

import asyncio

import qasync
from PySide6.QtCore import QTimer


class EventLoop(qasync.QEventLoop):  # type: ignore[misc]  # qasync is untyped
    """The loop of qasync.

    WORKAROUND: qasync ends each of its timers with `QObject.killTimer`. That one takes a
    `Qt.TimerId` too, so the first call makes PySide6 build all 130 enumerations of `Qt`: the loop
    stands still for fifteen milliseconds, and the code comes later by as much.
    """

    def _add_callback(self, handle: asyncio.Handle, delay: float = 0) -> asyncio.Handle:
        QTimer.singleShot(int(max(0, delay) * 1000), lambda: self._call(handle))
        return handle

    def _call(self, handle: asyncio.Handle) -> None:
        if not handle.cancelled() and not self.is_closed():
            handle._run()  # noqa: SLF001 - what every event loop of asyncio does

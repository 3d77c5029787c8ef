"""asyncio on Qt's event loop, with one timer for all that is due."""

import asyncio
import heapq
import itertools
import math
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Any

import qasync
from PySide6.QtCore import QTimer

from desktop.ui.kit.qt_constants import PRECISE_TIMER

_LONGEST_ALARM = 24 * 3600 * 1000  # milliseconds; Qt counts them in 31 bits


class EventLoop(qasync.QEventLoop):  # type: ignore[misc]  # qasync is untyped
    """The loop of qasync, with timers of its own.

    WORKAROUND: qasync takes a timer of Qt for every call, and ends it with `QObject.killTimer`.
    That one takes a `Qt.TimerId` too, so that its first use makes PySide6 build all 130
    enumerations of `Qt` while the loop stands still. And a call that was cancelled would still wake
    the computer when its time has come.

    WORKAROUND: qasync 0.28 was made for Python 3.13 and older. docs/decisions/qasync.md lists what
    newer ones need.
    """

    def __init__(self, *arguments: Any) -> None:  # noqa: ANN401 - those of qasync
        self._due: list[tuple[float, int, asyncio.Handle]] = []
        self._order = itertools.count()  # what is due at one instant is called first in, first out
        self._alarm = QTimer(singleShot=True)
        self._alarm.setProperty("timerType", PRECISE_TIMER)
        self._alarm.timeout.connect(self._on_alarm)
        super().__init__(*arguments)

    def call_later(
        self,
        delay: float,
        callback: Callable[..., object],
        *arguments: Any,  # noqa: ANN401 - those of the callback
        context: Context | None = None,
    ) -> asyncio.Handle:
        """Call in `delay` seconds, without the deprecated check that qasync makes each time."""
        return self._add_callback(asyncio.Handle(callback, arguments, self, context), delay)

    def call_soon_threadsafe(
        self,
        callback: Callable[..., object],
        *arguments: Any,  # noqa: ANN401 - those of the callback
        context: Context | None = None,
    ) -> None:
        """Call from another thread, in `context`, which qasync ignores."""
        super().call_soon_threadsafe(_context_or_copy(context).run, callback, *arguments)

    def close(self) -> None:
        super().close()
        self._alarm.stop()
        self._due.clear()

    def _add_reader(
        self,
        file: Any,  # noqa: ANN401 - a number, or what has a fileno()
        callback: Callable[..., object],
        *arguments: Any,  # noqa: ANN401 - those of the callback
        context: Context | None = None,
    ) -> None:
        super()._add_reader(file, _context_or_copy(context).run, callback, *arguments)

    def _add_writer(
        self,
        file: Any,  # noqa: ANN401 - as above
        callback: Callable[..., object],
        *arguments: Any,  # noqa: ANN401 - as above
        context: Context | None = None,
    ) -> None:
        super()._add_writer(file, _context_or_copy(context).run, callback, *arguments)

    def _add_callback(self, handle: asyncio.Handle, delay: float = 0) -> asyncio.Handle:
        self._check_closed()
        heapq.heappush(self._due, (self.time() + max(0.0, delay), next(self._order), handle))
        if self._due[0][2] is handle:
            self._set_alarm()
        return handle

    def _set_alarm(self) -> None:
        while self._due and self._due[0][2].cancelled():
            heapq.heappop(self._due)
        if self._due:
            wait = math.ceil(max(0.0, self._due[0][0] - self.time()) * 1000)
            self._alarm.start(min(wait, _LONGEST_ALARM))

    def _on_alarm(self) -> None:
        # qasync turns Qt's loop once more after it has unset the running loop of asyncio.
        before = asyncio._get_running_loop()  # noqa: SLF001 - meant for those who write event loops
        asyncio._set_running_loop(self)  # noqa: SLF001 - as above
        try:
            self._run_due_handles()
        finally:
            asyncio._set_running_loop(before)  # noqa: SLF001 - as above

    def _run_due_handles(self) -> None:
        now = self.time()  # what these calls ask for comes after Qt's own events, in another turn
        while self._due and self._due[0][0] <= now:
            handle = heapq.heappop(self._due)[2]
            self._set_alarm()  # before the call: it may turn Qt's loop itself, as a menu does
            if not handle.cancelled():
                handle._run()  # noqa: SLF001 - what every event loop of asyncio does
        self._set_alarm()


def _context_or_copy(context: Context | None) -> Context:
    return copy_context() if context is None else context  # an empty context is false

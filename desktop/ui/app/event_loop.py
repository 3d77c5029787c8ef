"""asyncio on Qt's event loop, with one timer for all scheduled calls."""

import asyncio
import heapq
import itertools
import math
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Any

import qasync
from PySide6.QtCore import QTimer

_LONGEST_ALARM = 24 * 3600 * 1000  # milliseconds; Qt's timers take 31 bits


class EventLoop(qasync.QEventLoop):  # type: ignore[misc]  # qasync is untyped
    """The event loop of qasync, with its own timer.

    WORKAROUND: qasync starts a Qt timer for every call and ends it with `QObject.killTimer`. The
    first use of that method makes PySide6 build all 130 enumerations of `Qt`, which blocks the
    loop. Also, a canceled call would still wake the computer when it is due.

    WORKAROUND: qasync 0.28 supports Python up to 3.13. docs/decisions/qasync.md lists what newer
    versions need.
    """

    def __init__(self, *arguments: Any) -> None:  # noqa: ANN401 - as in qasync
        self._due: list[tuple[float, int, asyncio.Handle]] = []
        self._order = (
            itertools.count()
        )  # calls due at the same time run in the order they were made
        self._alarm = QTimer(singleShot=True)
        self._alarm.setProperty("timerType", "PreciseTimer")
        self._alarm.timeout.connect(self._on_alarm)
        super().__init__(*arguments)

    def call_later(
        self,
        delay: float,
        callback: Callable[..., object],
        *arguments: Any,  # noqa: ANN401 - any callback's
        context: Context | None = None,
    ) -> asyncio.Handle:
        """Call in `delay` seconds, without qasync's deprecated check of the callback."""
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
        file: Any,  # noqa: ANN401 - a number or an object with fileno()
        callback: Callable[..., object],
        *arguments: Any,  # noqa: ANN401 - any callback's
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
        # qasync runs Qt's loop once more after it has unset the running loop of asyncio.
        before = asyncio._get_running_loop()  # noqa: SLF001 - meant for event loops
        asyncio._set_running_loop(self)  # noqa: SLF001 - as above
        try:
            self._run_due_handles()
        finally:
            asyncio._set_running_loop(before)  # noqa: SLF001 - as above

    def _run_due_handles(self) -> None:
        now = self.time()  # calls scheduled by these run in the next turn, after Qt's own events
        while self._due and self._due[0][0] <= now:
            handle = heapq.heappop(self._due)[2]
            self._set_alarm()  # before the call, which may run Qt's loop itself, as a menu does
            if not handle.cancelled():
                handle._run()  # noqa: SLF001 - as every asyncio event loop does
        self._set_alarm()


def _context_or_copy(context: Context | None) -> Context:
    return copy_context() if context is None else context  # an empty context is falsy

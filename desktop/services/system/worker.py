"""Blocking calls, kept off the event loop."""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")


class Worker:
    """One thread that does blocking calls in the order in which they were asked for.

    It is a daemon: a keyring that waits for its password must not keep the program from ending,
    as the threads of an executor would.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._calls: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def submit(self, work: Callable[[], Result]) -> Future[Result]:
        """Have `work` done in its turn, whether or not anybody waits for it."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
            self._thread.start()
        future: Future[Result] = Future()
        self._calls.put((future, work))
        return future

    async def run(self, work: Callable[[], Result]) -> Result:
        """What `work` returns or raises. A cancelled call that has not begun is never made."""
        return await asyncio.wrap_future(self.submit(work))

    def _serve(self) -> None:
        while True:
            future, work = self._calls.get()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - handed to whoever awaits the call
                future.set_exception(error)

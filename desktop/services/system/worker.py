"""A thread for blocking calls, which must not hold up the event loop."""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")


class Worker:
    """One thread that makes blocking calls in the order in which they are submitted.

    It is a daemon thread: a keyring that waits for its password must not keep XDR Login from
    quitting, as the threads of an executor would.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._calls: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def submit(self, work: Callable[[], Result]) -> Future[Result]:
        """Queue `work`, which is done whether or not anybody waits for it."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
            self._thread.start()
        future: Future[Result] = Future()
        self._calls.put((future, work))
        return future

    async def run(self, work: Callable[[], Result]) -> Result:
        """Return or raise what `work` does. A call that is canceled in the queue is never made."""
        return await asyncio.wrap_future(self.submit(work))

    def _serve(self) -> None:
        while True:
            future, work = self._calls.get()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - raised where the call is awaited
                future.set_exception(error)

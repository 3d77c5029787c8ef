"""One task at work: what begins replaces what was under way, and waits for its end."""

import asyncio
from collections.abc import Awaitable, Callable, Collection


class OneTask:
    """Owns the task; `crashed` is called with an error that the work did not expect.

    Such an error also goes to the event loop's exception handler, which writes the crash report.
    """

    def __init__(self, *, crashed: Callable[[Exception], None]) -> None:
        self._on_crash = crashed
        self._task: asyncio.Task[None] | None = None
        self._unfinished: set[asyncio.Task[None]] = set()
        self._is_closed = False

    def start(self, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None] | None:
        """Cancel what is under way and do `work` once it has ended, in the task that is given.

        After `close` nothing is done.
        """
        if self._is_closed:
            return None
        if self._task is not None:
            self._task.cancel()
        task = self._task = asyncio.ensure_future(_run(work, after=frozenset(self._unfinished)))
        self._unfinished.add(task)
        task.add_done_callback(self._unfinished.discard)
        task.add_done_callback(self._report_crash)
        return task

    async def close(self, *, patience: float) -> None:
        """Give what is under way `patience` seconds, then cancel it; returns when it has ended."""
        self._is_closed = True
        if self._task is not None:
            if patience > 0:
                await asyncio.wait({self._task}, timeout=patience)
            self._task.cancel()
        await _wait_for_all(self._unfinished)

    def _report_crash(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, Exception):
            context = {"message": "sign-in broke", "exception": error, "task": task}
            task.get_loop().call_exception_handler(context)
            if task is self._task:
                self._on_crash(error)


async def _run(
    work: Callable[[], Awaitable[None]], *, after: Collection[asyncio.Task[None]]
) -> None:
    # The old poll is gone before a new one begins: two would burn one code's interval. All that are
    # left, not only the last: that one may have been cancelled while it waited itself.
    await _wait_for_all(after)
    await work()


async def _wait_for_all(tasks: Collection[asyncio.Task[None]]) -> None:
    if tasks:
        await asyncio.wait(tasks)

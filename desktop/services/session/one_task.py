"""One task at a time: a new one cancels the one in progress, and waits for its end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from functools import partial

from desktop.oauth.errors import OAuthError
from desktop.services.model.errors import SessionError, SignedOutElsewhere, SignOutFailed
from desktop.services.model.states import AwaitingApproval, Failed, SignedOut
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.secrets.token_store import TokenStore
from desktop.services.session.renewer import Renewer
from desktop.services.session.session_state import SessionState

Work = Callable[[], Awaitable[None]]

_log = logging.getLogger(__name__)


class SessionTask:
    """Runs one piece of work at a time, and renews the tokens that it leaves in `store`.

    Expected errors become a `Failed` state. `last_work` is what a retry repeats.
    """

    def __init__(
        self, store: TokenStore, renewer: Renewer, state: SessionState, *, first: Work
    ) -> None:
        self.last_work = first
        self._store = store
        self._renewer = renewer
        self._state = state
        self._task = OneTask(on_crash=self._fail)

    def start(self, work: Work) -> asyncio.Task[None] | None:
        """Replace whatever is in progress; `None` after `close`."""
        self.last_work = work
        return self._task.start(partial(self._run, work))

    async def show_held(self) -> None:
        """Go back to the tokens that are held: expired ones can still be signed out."""
        self._state.publish_held()

    async def close(self, *, grace: float) -> None:
        """Give the work in progress `grace` seconds, then cancel it."""
        await self._task.close(grace=grace)

    async def _run(self, work: Work) -> None:
        # What a renewal brings must not replace what comes after it.
        await self._renewer.wait_for_renewal()
        try:
            await work()
            if self._store.held is not None and not self._task.is_closed:
                self.last_work = self.show_held
                await self._renewer.run()
        except SignedOutElsewhere:
            self._store.held = None
            self._state.publish(SignedOut())
        except (OAuthError, KeystoreError, SessionError) as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        state = self._state.current
        code = state.user_code if isinstance(state, AwaitingApproval) else ""
        _log.info("failed: %s %s", type(error).__name__, getattr(error, "trace_id", None) or "")
        self._state.publish(Failed(error, code, still_saved=isinstance(error, SignOutFailed)))


class OneTask:
    """Owns the task; `on_crash` is called with an error that the work did not expect.

    Such an error also goes to the event loop's exception handler, which writes the crash report.
    `is_closed` is set once it is to end: then nothing is started any more.
    """

    def __init__(self, *, on_crash: Callable[[Exception], None]) -> None:
        self._on_crash = on_crash
        self._task: asyncio.Task[None] | None = None
        self._unfinished: set[asyncio.Task[None]] = set()
        self.is_closed = False

    def start(self, work: Work) -> asyncio.Task[None] | None:
        """Cancel what is in progress, and do `work` in a new task once that has ended.

        After `close` it does nothing, and returns `None`.
        """
        if self.is_closed:
            return None
        self.cancel()
        task = self._task = asyncio.ensure_future(_run(work, after=frozenset(self._unfinished)))
        self._unfinished.add(task)
        task.add_done_callback(self._unfinished.discard)
        task.add_done_callback(self._report_crash)
        return task

    def cancel(self) -> None:
        """Cancel what is in progress."""
        if self._task is not None:
            self._task.cancel()

    async def close(self, *, grace: float) -> None:
        """Give what is in progress `grace` seconds, then cancel it; returns when it has ended."""
        self.is_closed = True
        if self._task is not None:
            if grace > 0:
                await asyncio.wait({self._task}, timeout=grace)
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


async def _run(work: Work, *, after: Collection[asyncio.Task[None]]) -> None:
    # Two polls at once would break the interval of one code. Wait for all that are left, not only
    # for the last one: that may have been canceled while it waited itself.
    await _wait_for_all(after)
    await work()


async def _wait_for_all(tasks: Collection[asyncio.Task[None]]) -> None:
    if tasks:
        await asyncio.wait(tasks)

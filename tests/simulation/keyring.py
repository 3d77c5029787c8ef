"""The keyring that all programs share, and a worker that takes its operations step by step."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

from keyring.backend import KeyringBackend
from keyring.errors import KeyringError, KeyringLocked

if TYPE_CHECKING:
    from tests.simulation.program import Program

Result = TypeVar("Result")


class Keyring:
    """Entries, and a `mood`: "fine", "locked", "failing" (now and then), "slow" or "hanging".

    `troubled_at` is when it last refused something, or kept somebody waiting. `fails_at` is the
    number of a step that fails in any mood, counted from 1; 0 for none.
    """

    def __init__(self, random: Random) -> None:
        self.entries: dict[str, str] = {}
        self.mood = "fine"
        self.steps = 0
        self.fails_at = 0
        self.troubled_at = -1.0
        self._random = random

    async def wait(self) -> None:
        """Let the time pass that one step takes."""
        longest = {"slow": 6.0, "hanging": 60.0}.get(self.mood, 0.004)
        self._note_trouble(longest)
        try:
            await asyncio.sleep(self._random.uniform(0, longest))
        finally:
            self._note_trouble(longest)

    def _note_trouble(self, longest: float) -> None:
        if self.mood != "fine" or longest > 1:
            self.troubled_at = asyncio.get_running_loop().time()

    def attempt(self, operation: Callable[[], str | None]) -> str | KeyringError | None:
        """Do one step; return its result or its error."""
        self.steps += 1
        if self.steps == self.fails_at:
            self.troubled_at = asyncio.get_running_loop().time()
            return KeyringError("failing once")
        if self.mood == "locked":
            return KeyringLocked("locked")
        if self.mood == "failing" and self._random.random() < 0.4:
            return KeyringError("failing")
        return operation()


class _Step(BaseException):
    """A step that has not been taken yet."""

    def __init__(self, operation: Callable[[], str | None]) -> None:
        super().__init__()
        self.operation = operation


class SteppedBackend(KeyringBackend):
    """A backend of the keyring library that repeats the steps that were taken before the next one.

    So a blocking function can be stopped between any two steps, without threads: it is called
    again, gets the same answers as before, and comes one step further.
    """

    priority = 1

    def __init__(self, keyring: Keyring) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.taken: list[str | KeyringError | None] = []
        self.position = 0
        self._entries = keyring.entries

    def get_password(self, service: str, username: str) -> str | None:
        """Read an entry."""
        return self._step(lambda: self._entries.get(f"{username}@{service}"))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Write an entry."""
        self._step(lambda: self._entries.update({f"{username}@{service}": password}))

    def delete_password(self, service: str, username: str) -> None:
        """Remove an entry."""
        self._step(lambda: self._entries.pop(f"{username}@{service}", None))

    def _step(self, operation: Callable[[], str | None]) -> str | None:
        if self.position == len(self.taken):
            raise _Step(operation)
        self.position += 1
        result = self.taken[self.position - 1]
        if isinstance(result, KeyringError):
            raise result
        return result


class SteppedWorker:
    """Does what `Worker` does, in order, but in virtual time and ending with its program."""

    def __init__(self, program: Program, keyring: Keyring, backend: SteppedBackend) -> None:
        self._program = program
        self._keyring = keyring
        self._backend = backend
        self._calls: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._serving: asyncio.Task[None] | None = None

    def submit(self, work: Callable[[], Result]) -> Future[Result]:
        """Queue `work`, which is done whether or not anybody waits for it."""
        future: Future[Result] = Future()
        self._calls.append((future, work))
        if self._serving is None and self._program.is_alive:
            self._serving = self._program.simulation.loop.create_task(self._serve())
        return future

    async def run(self, work: Callable[[], Result]) -> Result:
        """Return or raise what `work` does."""
        return await asyncio.wrap_future(self.submit(work))

    def stop(self) -> None:
        """End between two steps, as the process does."""
        self._calls.clear()
        if self._serving is not None:
            self._serving.cancel()

    async def _serve(self) -> None:
        while self._calls:
            future, work = self._calls.popleft()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(await self._perform(work))
            except Exception as error:  # noqa: BLE001 - raised where the call is awaited
                future.set_exception(error)
        self._serving = None

    async def _perform(self, work: Callable[[], Result]) -> Result:
        self._backend.taken.clear()
        while True:
            self._backend.position = 0
            try:
                return work()
            except _Step as step:
                await self._keyring.wait()
                self._backend.taken.append(self._keyring.attempt(step.operation))
                self._program.take_step()

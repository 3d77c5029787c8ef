"""Permission for a program to get the token: asks one question at a time, and remembers answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from desktop.oauth.clock import Moment, now
from desktop.services.model.errors import TokenPermissionDenied, TokenPermissionTimedOut

if TYPE_CHECKING:
    from desktop.oauth.clock import Clock
    from desktop.services.system.processes import Program

ANSWER_TIMEOUT = 60.0  # seconds; then the request is denied
ALLOWED_FOR = 3600.0  # seconds
DENIED_FOR = 60.0  # seconds; a script that retries must not cause a question each time


class PermissionAnswer(Enum):
    """What the user answered."""

    ONCE = auto()
    FOR_AN_HOUR = auto()
    DENY = auto()


PermissionKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class PermissionRequest:
    """The question whether `program` may have the token of the profile with the id `profile`."""

    program: Program
    profile: str
    profile_name: str

    @property
    def key(self) -> PermissionKey | None:
        """What an answer applies to: these very files, never their names, and this profile.

        `None` where it is not known what runs: then another program could use the answer.
        """
        identity = self.program.identity
        return None if identity is None else (identity, self.profile)


AskUser = Callable[[PermissionRequest], Awaitable[PermissionAnswer]]
"""Asks the user; canceling it withdraws the question."""


class TokenPermission:
    """Asks with `ask`, and keeps answers in memory by the identity of the program.

    Requests of the same program while the question is open share its answer.
    """

    def __init__(self, ask: AskUser, clock: Clock) -> None:
        self._ask = ask
        self._clock = clock
        self._answers: dict[PermissionKey, tuple[Moment, float, bool]] = {}
        self._asking: dict[PermissionKey, asyncio.Task[PermissionAnswer]] = {}
        self._waiting: dict[PermissionKey, int] = {}
        self._prompt_lock = asyncio.Lock()

    @property
    def is_asking(self) -> bool:
        return self._prompt_lock.locked()

    async def obtain(self, question: PermissionRequest) -> None:
        """Return if the user allows it; raises `TokenPermissionDenied`, also after a timeout."""
        remembered = self._remembered(question)
        if remembered is None:
            remembered = await self._ask_shared(question) is not PermissionAnswer.DENY
        if not remembered:
            raise TokenPermissionDenied

    def _remembered(self, question: PermissionRequest) -> bool | None:
        answer = None if question.key is None else self._answers.get(question.key)
        if question.key is None or answer is None:
            return None
        at, holds_for, allowed = answer
        if at.elapsed(self._clock) < holds_for:
            return allowed
        del self._answers[question.key]
        return None

    async def _ask_shared(self, question: PermissionRequest) -> PermissionAnswer:
        key = question.key
        if key is None:  # another unknown program may be a different one
            return await self._ask_in_turn(question)
        if key not in self._asking:
            self._asking[key] = asyncio.ensure_future(self._ask_in_turn(question))
        asking = self._asking[key]
        self._waiting[key] = self._waiting.get(key, 0) + 1
        try:
            return await asyncio.shield(asking)
        finally:
            self._waiting[key] -= 1
            if not self._waiting[key]:  # nobody waits any more, so the question is withdrawn
                del self._waiting[key]
                if self._asking.pop(key, None) is asking:
                    asking.cancel()

    async def _ask_in_turn(self, question: PermissionRequest) -> PermissionAnswer:
        async with self._prompt_lock:
            try:
                async with asyncio.timeout(ANSWER_TIMEOUT):
                    answer = await self._ask(question)
            except TimeoutError:
                raise TokenPermissionTimedOut from None
        if question.key is None:
            return answer
        self._asking.pop(question.key, None)
        if answer is not PermissionAnswer.ONCE:
            allowed = answer is PermissionAnswer.FOR_AN_HOUR
            holds_for = ALLOWED_FOR if allowed else DENIED_FOR
            self._answers[question.key] = (now(self._clock), holds_for, allowed)
        return answer

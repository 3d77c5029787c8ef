"""Permission for a program to get the token: asks one question at a time, and remembers answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from desktop.oauth.clock import Moment, now
from desktop.services.model.errors import (
    PresenceDeclined,
    TokenPermissionDenied,
    TokenPermissionTimedOut,
)
from desktop.services.session.lock.presence import Purpose, SystemPresence

if TYPE_CHECKING:
    from desktop.oauth.clock import Clock
    from desktop.services.session.lock.presence import Presence
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
    """The question whether `program` may have the token of the profile with the id `profile`.

    `exchange` names the exchange whose token it is, if it is not the first. `presence` is that of
    the profile: unless it is "never", whoever allows it proves that they are at the computer.
    """

    program: Program
    profile: str
    profile_name: str
    exchange: str = ""
    presence: str = "never"

    @property
    def key(self) -> PermissionKey | None:
        """What an answer applies to: these very files, never their names, and this token.

        `None` where it is not known what runs: then another program could use the answer.
        """
        identity = self.program.identity
        return None if identity is None else (identity, self._token)

    @property
    def denial_key(self) -> PermissionKey:
        """What a denial applies to: without a `key`, what is unknown in the same way.

        Those could be different programs, but a loop must not cause a question each second.
        """
        return self.key or (f"unknown:{self.program.origin}", self._token)

    @property
    def can_be_remembered(self) -> bool:
        """Whether an answer can hold for longer than this once."""
        return self.key is not None and self.presence != "always"

    @property
    def _token(self) -> str:
        # An answer without a proof is worth nothing once a proof is demanded.
        return f"{self.profile} {self.exchange} {self.presence}"


AskUser = Callable[[PermissionRequest], Awaitable[PermissionAnswer]]
"""Asks the user; canceling it withdraws the question."""


@dataclass(eq=False, slots=True)
class _Question:
    """A question that is open or waits for its turn, and how many wait for its answer."""

    task: asyncio.Task[PermissionAnswer]
    waiting: int = 0


class TokenPermission:
    """Asks with `ask`, and keeps answers in memory by the identity of the program.

    Requests of the same program while the question is open share its answer. `presence` proves who
    gave it, where the profile demands that.
    """

    def __init__(self, ask: AskUser, clock: Clock, *, presence: Presence | None = None) -> None:
        self._ask = ask
        self._clock = clock
        self._presence = presence or SystemPresence()
        self._answers: dict[PermissionKey, tuple[Moment, float, bool]] = {}
        self._open: dict[PermissionKey, _Question] = {}
        self._prompt_lock = asyncio.Lock()

    @property
    def is_asking(self) -> bool:
        return self._prompt_lock.locked()

    def forget_allowed(self) -> None:
        """Ask again about all programs that were allowed, as after a lock."""
        self._answers = {key: each for key, each in self._answers.items() if not each[2]}

    async def obtain(self, question: PermissionRequest) -> bool:
        """Return if the user allows it; tells whether they did so now and not earlier.

        Raises `TokenPermissionDenied`, also after a timeout, or `PresenceNotProven`.
        """
        allowed = self._remembered(question)
        is_new = allowed is None
        if is_new:
            allowed = await self._ask_shared(question) is not PermissionAnswer.DENY
        if not allowed:
            raise TokenPermissionDenied
        return is_new

    def _remembered(self, question: PermissionRequest) -> bool | None:
        answer = self._answers.get(question.denial_key)
        if answer is None:
            return None
        at, holds_for, allowed = answer
        if at.elapsed(self._clock) < holds_for:
            return allowed
        del self._answers[question.denial_key]
        return None

    async def _ask_shared(self, question: PermissionRequest) -> PermissionAnswer:
        key = question.key
        if key is None:  # another unknown program may be a different one
            return await self._ask_in_turn(question)
        shared = self._open.get(key)
        if shared is None or shared.task.done():  # one that was answered is over
            shared = _Question(asyncio.ensure_future(self._ask_in_turn(question)))
            self._open[key] = shared
        shared.waiting += 1
        try:
            return await asyncio.shield(shared.task)
        finally:
            shared.waiting -= 1
            if not shared.waiting:  # nobody waits any more, so the question is withdrawn
                shared.task.cancel()
                if self._open.get(key) is shared:
                    del self._open[key]

    async def _ask_in_turn(self, question: PermissionRequest) -> PermissionAnswer:
        async with self._prompt_lock:
            if self._remembered(question) is False:  # denied while this one waited
                return PermissionAnswer.DENY
            if question.presence != "never":
                await self._presence.check()  # otherwise the answer would be for nothing
            try:
                async with asyncio.timeout(ANSWER_TIMEOUT):
                    answer = await self._ask(question)
            except TimeoutError:
                raise TokenPermissionTimedOut from None
            if question.presence != "never" and answer is not PermissionAnswer.DENY:
                await self._prove(question)
        self._remember(question, answer)
        return answer

    async def _prove(self, question: PermissionRequest) -> None:
        try:
            await self._presence.prove(Purpose.USE_TOKEN)
        except PresenceDeclined:
            self._remember(question, PermissionAnswer.DENY)
            raise

    def _remember(self, question: PermissionRequest, answer: PermissionAnswer) -> None:
        if answer is PermissionAnswer.DENY:
            self._answers[question.denial_key] = (now(self._clock), DENIED_FOR, False)
        elif (
            answer is PermissionAnswer.FOR_AN_HOUR
            and question.key is not None
            and question.can_be_remembered
        ):
            self._answers[question.key] = (now(self._clock), ALLOWED_FOR, True)

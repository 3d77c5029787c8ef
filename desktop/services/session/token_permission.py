"""Permission for a program to get the token: asks one question at a time, and remembers answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from desktop.frozen import frozen
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
TERMINAL_ALLOWED_FOR = 12 * 3600.0  # seconds; terminals stay open for days
DENIED_FOR = 60.0  # seconds; a script that retries must not cause a question each time


class PermissionAnswer(Enum):
    """What the user answered."""

    ONCE = auto()
    FOR_TERMINAL = auto()
    """For all programs in the terminal session of the one that asks."""
    FOR_AN_HOUR = auto()
    """For this program, wherever it runs."""
    DENY = auto()


PermissionKey = tuple[str, str]


@frozen
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
        return self.presence != "always"

    @property
    def terminal_key(self) -> PermissionKey | None:
        """What an answer for the terminal applies to; `None` outside of one."""
        terminal = self.program.terminal
        return None if terminal is None else (f"terminal:{terminal.identity}", self._token)

    @property
    def _token(self) -> str:
        # An answer without a proof is worth nothing once a proof is demanded.
        return f"{self.profile} {self.exchange} {self.presence}"


AskUser = Callable[[PermissionRequest], Awaitable[PermissionAnswer]]
"""Asks the user; canceling it withdraws the question."""


@frozen
class _Answer:
    """An answer that was given `at`, and holds for so many seconds."""

    at: Moment
    holds_for: float
    is_allowed: bool

    def holds(self, clock: Clock) -> bool:
        return self.at.elapsed(clock) < self.holds_for


@dataclass(eq=False, slots=True)
class _Question:
    """A question that is open or waits for its turn, and how many wait for its answer."""

    task: asyncio.Task[PermissionAnswer]
    waiting: int = 0


class TokenPermission:
    """Asks with `ask`, and keeps answers in memory by the identity of the program or its terminal.

    Requests of the same program in the same terminal while the question is open share its answer.
    `presence` proves who gave it, where the profile demands that.
    """

    def __init__(self, ask: AskUser, clock: Clock, *, presence: Presence | None = None) -> None:
        self._ask = ask
        self._clock = clock
        self._presence = presence or SystemPresence()
        self._answers: dict[PermissionKey, _Answer] = {}
        self._open: dict[tuple[PermissionKey, PermissionKey | None], _Question] = {}
        self._prompt_lock = asyncio.Lock()
        self._times_forgotten = 0

    @property
    def is_asking(self) -> bool:
        return self._prompt_lock.locked()

    def forget_allowed(self) -> None:
        """Ask again about all programs that were allowed, as after a lock.

        An answer to a question that was asked before is not kept either.
        """
        self._times_forgotten += 1
        self._answers = {key: each for key, each in self._answers.items() if not each.is_allowed}

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
        """Return the answer that holds; that for the program counts more than its terminal's."""
        for key in (question.denial_key, question.terminal_key):
            answer = None if key is None else self._answers.get(key)
            if answer is not None and answer.holds(self._clock):
                return answer.is_allowed
        return None

    async def _ask_shared(self, question: PermissionRequest) -> PermissionAnswer:
        if question.key is None:  # another unknown program may be a different one
            return await self._ask_in_turn(question)
        key = (question.key, question.terminal_key)
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
            remembered = self._remembered(question)
            if remembered is not None:  # answered while this one waited
                return PermissionAnswer.ONCE if remembered else PermissionAnswer.DENY
            times_forgotten = self._times_forgotten
            if question.presence != "never":
                await self._presence.check()  # otherwise the answer would be for nothing
            try:
                async with asyncio.timeout(ANSWER_TIMEOUT):
                    answer = await self._ask(question)
            except TimeoutError:
                raise TokenPermissionTimedOut from None
            if question.presence != "never" and answer is not PermissionAnswer.DENY:
                await self._prove(question)
        if answer is PermissionAnswer.DENY or times_forgotten == self._times_forgotten:
            self._remember(question, answer)
        return answer

    async def _prove(self, question: PermissionRequest) -> None:
        try:
            await self._presence.prove(Purpose.USE_TOKEN)
        except PresenceDeclined:
            self._remember(question, PermissionAnswer.DENY)
            raise

    def _remember(self, question: PermissionRequest, answer: PermissionAnswer) -> None:
        key, holds_for = {
            PermissionAnswer.DENY: (question.denial_key, DENIED_FOR),
            PermissionAnswer.FOR_AN_HOUR: (question.key, ALLOWED_FOR),
            PermissionAnswer.FOR_TERMINAL: (question.terminal_key, TERMINAL_ALLOWED_FOR),
        }.get(answer, (None, 0.0))
        is_allowed = answer is not PermissionAnswer.DENY
        if key is None or (is_allowed and not question.can_be_remembered):
            return
        kept = {name: each for name, each in self._answers.items() if each.holds(self._clock)}
        self._answers = {**kept, key: _Answer(now(self._clock), holds_for, is_allowed)}

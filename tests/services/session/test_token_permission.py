"""The user decides which programs get a token; answers are kept for a while."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest

from desktop.services.model.errors import (
    PresenceDeclined,
    PresenceFailed,
    PresenceNotInstalled,
    TokenPermissionDenied,
    TokenPermissionTimedOut,
)
from desktop.services.session import token_permission as token_permission_module
from desktop.services.session.lock.presence import Purpose
from desktop.services.session.token_permission import (
    ALLOWED_FOR,
    DENIED_FOR,
    TERMINAL_ALLOWED_FOR,
    PermissionAnswer,
    PermissionRequest,
    TokenPermission,
)
from desktop.services.system.processes import UNKNOWN_PROGRAM, Program
from desktop.services.system.terminal.terminal_session import TerminalSession
from tests.services.harness import FakeClock, FakePresence, settle

DEPLOY = PermissionRequest(
    Program("deploy.py", "/srv/deploy.py", 7, "/usr/bin/python3", "identity-of-deploy"),
    "soc",
    "SOC",
)
MAKE = PermissionRequest(Program("make", "/usr/bin/make", 8, "", "of-make"), "soc", "SOC")


@dataclass
class Person:
    """Answers when a test says so."""

    asked: list[PermissionRequest] = field(default_factory=list)
    open: list[asyncio.Future[PermissionAnswer]] = field(default_factory=list)

    async def ask(self, question: PermissionRequest) -> PermissionAnswer:
        self.asked.append(question)
        self.open.append(asyncio.get_running_loop().create_future())
        return await self.open[-1]

    async def say(self, answer: PermissionAnswer) -> None:
        await settle()
        self.open[-1].set_result(answer)
        await settle()


@dataclass
class Setup:
    person: Person
    clock: FakeClock
    permission: TokenPermission
    presence: FakePresence
    tasks: list[asyncio.Task[bool]] = field(default_factory=list)

    def begin(self, question: PermissionRequest = DEPLOY) -> asyncio.Task[bool]:
        task = asyncio.ensure_future(self.permission.obtain(question))
        self.tasks.append(task)
        return task

    async def answered(
        self, answer: PermissionAnswer, question: PermissionRequest = DEPLOY
    ) -> bool:
        """Ask, and give this answer."""
        task = self.begin(question)
        await self.person.say(answer)
        return await task


@pytest.fixture
async def setup() -> AsyncIterator[Setup]:
    person, clock, presence = Person(), FakeClock(), FakePresence()
    permission = TokenPermission(person.ask, clock, presence=presence)
    made = Setup(person, clock, permission, presence)
    yield made
    for task in made.tasks:
        task.cancel()
    await asyncio.gather(*made.tasks, return_exceptions=True)


async def test_allow_once_applies_once(setup: Setup) -> None:
    await setup.answered(PermissionAnswer.ONCE)
    await setup.answered(PermissionAnswer.ONCE)
    assert setup.person.asked == [DEPLOY, DEPLOY]


async def test_allow_for_an_hour_ends_after_an_hour(setup: Setup) -> None:
    await setup.answered(PermissionAnswer.FOR_AN_HOUR)
    await setup.clock.advance(ALLOWED_FOR - 1)
    await setup.begin()
    assert len(setup.person.asked) == 1
    await setup.clock.advance(1)
    await setup.answered(PermissionAnswer.ONCE)
    assert len(setup.person.asked) == 2


async def test_what_was_allowed_can_be_forgotten_but_no_denial(setup: Setup) -> None:
    await setup.answered(PermissionAnswer.FOR_AN_HOUR)
    with pytest.raises(TokenPermissionDenied):
        await setup.answered(PermissionAnswer.DENY, MAKE)
    setup.permission.forget_allowed()
    await setup.answered(PermissionAnswer.ONCE)
    with pytest.raises(TokenPermissionDenied):
        await setup.begin(MAKE)
    assert setup.person.asked == [DEPLOY, MAKE, DEPLOY]


async def test_a_denied_program_does_not_cause_another_question_at_once(setup: Setup) -> None:
    with pytest.raises(TokenPermissionDenied):
        await setup.answered(PermissionAnswer.DENY)
    with pytest.raises(TokenPermissionDenied):
        await setup.begin()
    assert len(setup.person.asked) == 1
    await setup.clock.advance(DENIED_FOR)
    await setup.answered(PermissionAnswer.ONCE)


@pytest.mark.parametrize(
    "other",
    [
        MAKE,
        replace(DEPLOY, profile="other"),
        replace(DEPLOY, program=replace(DEPLOY.program, identity="another-file-of-that-name")),
    ],
)
async def test_an_answer_applies_to_its_program_and_profile(
    setup: Setup, other: PermissionRequest
) -> None:
    await setup.answered(PermissionAnswer.FOR_AN_HOUR)
    await setup.answered(PermissionAnswer.ONCE, other)
    assert setup.person.asked == [DEPLOY, other]


async def test_an_answer_applies_to_other_processes_of_the_program(setup: Setup) -> None:
    await setup.answered(PermissionAnswer.FOR_AN_HOUR)
    await setup.begin(replace(DEPLOY, program=replace(DEPLOY.program, pid=99)))
    assert len(setup.person.asked) == 1


@pytest.mark.parametrize("program", [UNKNOWN_PROGRAM, replace(DEPLOY.program, identity=None)])
async def test_no_answer_is_kept_where_it_is_not_known_what_runs(
    setup: Setup, program: Program
) -> None:
    unknown = replace(DEPLOY, program=program)
    await setup.answered(PermissionAnswer.FOR_AN_HOUR, unknown)
    await setup.answered(PermissionAnswer.FOR_AN_HOUR, unknown)
    assert len(setup.person.asked) == 2


async def test_unknown_programs_do_not_share_an_answer(setup: Setup) -> None:
    unknown = replace(DEPLOY, program=UNKNOWN_PROGRAM)
    first, second = setup.begin(unknown), setup.begin(unknown)
    await setup.person.say(PermissionAnswer.ONCE)
    await first
    await setup.person.say(PermissionAnswer.DENY)
    with pytest.raises(TokenPermissionDenied):
        await second
    third = setup.begin(replace(DEPLOY, program=replace(UNKNOWN_PROGRAM, origin="elsewhere")))
    await settle()
    third.cancel()
    await settle()
    assert setup.person.open[-1].cancelled()


async def test_requests_of_the_same_program_share_an_answer(setup: Setup) -> None:
    several = [setup.begin() for _ in range(5)]
    await setup.person.say(PermissionAnswer.ONCE)
    await asyncio.gather(*several)
    assert setup.person.asked == [DEPLOY]


async def test_one_question_is_open_at_a_time(setup: Setup) -> None:
    first, second = setup.begin(DEPLOY), setup.begin(MAKE)
    await settle()
    assert setup.permission.is_asking
    assert setup.person.asked == [DEPLOY]
    await setup.person.say(PermissionAnswer.ONCE)
    await first
    assert setup.person.asked == [DEPLOY, MAKE]
    await setup.person.say(PermissionAnswer.DENY)
    with pytest.raises(TokenPermissionDenied):
        await second


async def test_no_answer_denies(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_permission_module, "ANSWER_TIMEOUT", 0.0)
    with pytest.raises(TokenPermissionTimedOut):
        await setup.begin()
    await settle()
    assert not setup.permission.is_asking
    assert setup.person.open[0].cancelled() if setup.person.open else True
    monkeypatch.undo()
    await setup.answered(PermissionAnswer.ONCE)


async def test_the_question_is_withdrawn_when_nobody_waits(setup: Setup) -> None:
    one, other = setup.begin(), setup.begin()
    await settle()
    one.cancel()
    await settle()
    assert not setup.person.open[0].cancelled()
    other.cancel()
    await settle()
    assert setup.person.open[0].cancelled()
    await setup.answered(PermissionAnswer.ONCE)
    assert len(setup.person.asked) == 2


LOOP = replace(DEPLOY, program=Program("python3", "/usr/bin/python3", 9, origin="7:python3"))


async def test_a_loop_that_was_denied_does_not_ask_each_second(setup: Setup) -> None:
    with pytest.raises(TokenPermissionDenied):
        await setup.answered(PermissionAnswer.DENY, LOOP)
    for pid in range(10, 40):
        await setup.clock.advance(1)
        with pytest.raises(TokenPermissionDenied):
            await setup.begin(replace(LOOP, program=replace(LOOP.program, pid=pid)))
    assert len(setup.person.asked) == 1
    await setup.clock.advance(DENIED_FOR)
    await setup.answered(PermissionAnswer.ONCE, LOOP)
    assert len(setup.person.asked) == 2


@pytest.mark.parametrize(
    "other",
    [
        replace(LOOP, program=replace(LOOP.program, origin="8:python3")),
        replace(LOOP, profile="other"),
        DEPLOY,
    ],
)
async def test_the_denial_of_a_loop_applies_to_nothing_else(
    setup: Setup, other: PermissionRequest
) -> None:
    with pytest.raises(TokenPermissionDenied):
        await setup.answered(PermissionAnswer.DENY, LOOP)
    await setup.answered(PermissionAnswer.ONCE, other)
    assert len(setup.person.asked) == 2


async def test_a_denial_applies_to_those_that_wait_for_their_turn(setup: Setup) -> None:
    several = [setup.begin(LOOP) for _ in range(5)]
    await setup.person.say(PermissionAnswer.DENY)
    assert [each.done() for each in several] == [True] * 5
    ended = await asyncio.gather(*several, return_exceptions=True)
    assert {type(each) for each in ended} == {TokenPermissionDenied}
    assert len(setup.person.asked) == 1


async def test_who_asks_when_a_question_has_just_ended_is_asked_about(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those who waited for it have not gone on yet."""
    monkeypatch.setattr(token_permission_module, "ANSWER_TIMEOUT", 0.0)
    first = setup.begin()
    await asyncio.sleep(0)
    ending = next(iter(setup.permission._open.values())).task
    second: list[asyncio.Task[bool]] = []
    ending.add_done_callback(lambda _: second.append(setup.begin()))
    with pytest.raises(TokenPermissionTimedOut):
        await first
    monkeypatch.undo()
    await setup.person.say(PermissionAnswer.ONCE)
    await second[0]


async def test_an_answer_counts_for_one_token_only(setup: Setup) -> None:
    other = replace(DEPLOY, exchange="secure-endpoint")
    await setup.answered(PermissionAnswer.FOR_AN_HOUR)
    with pytest.raises(TokenPermissionDenied):
        await setup.answered(PermissionAnswer.DENY, other)
    await setup.begin()
    assert setup.person.asked == [DEPLOY, other]


# Presence


def demanding(presence: str, question: PermissionRequest = DEPLOY) -> PermissionRequest:
    return replace(question, presence=presence)


async def test_a_new_program_needs_a_proof_and_a_known_one_does_not(setup: Setup) -> None:
    question = demanding("ask")
    assert await setup.answered(PermissionAnswer.FOR_AN_HOUR, question)
    assert not await setup.permission.obtain(question)
    assert setup.presence.asked == [Purpose.USE_TOKEN]
    await setup.answered(PermissionAnswer.ONCE, demanding("ask", MAKE))
    assert setup.presence.asked == [Purpose.USE_TOKEN] * 2


async def test_where_each_use_is_confirmed_no_answer_is_remembered(setup: Setup) -> None:
    for _ in range(2):
        assert await setup.answered(PermissionAnswer.FOR_AN_HOUR, demanding("always"))
    assert len(setup.person.asked) == len(setup.presence.asked) == 2


async def test_an_answer_without_a_proof_is_not_one_with_it(setup: Setup) -> None:
    await setup.answered(PermissionAnswer.FOR_AN_HOUR)
    assert setup.presence.asked == []
    assert await setup.answered(PermissionAnswer.ONCE, demanding("ask"))
    assert setup.presence.asked == [Purpose.USE_TOKEN]


async def test_whoever_denies_has_nothing_to_prove(setup: Setup) -> None:
    with pytest.raises(TokenPermissionDenied):
        await setup.answered(PermissionAnswer.DENY, demanding("ask"))
    assert setup.presence.asked == []


async def test_without_a_proof_there_is_no_permission(setup: Setup) -> None:
    setup.presence.error = PresenceFailed()
    for _ in range(2):
        with pytest.raises(PresenceFailed):
            await setup.answered(PermissionAnswer.FOR_AN_HOUR, demanding("ask"))
    setup.presence.error = None
    assert await setup.answered(PermissionAnswer.ONCE, demanding("ask"))


async def test_a_prompt_that_is_closed_denies_for_a_minute(setup: Setup) -> None:
    setup.presence.error = PresenceDeclined()
    with pytest.raises(PresenceDeclined):
        await setup.answered(PermissionAnswer.ONCE, demanding("ask"))
    with pytest.raises(TokenPermissionDenied):
        await setup.permission.obtain(demanding("ask"))
    assert len(setup.person.asked) == 1


async def test_nobody_is_asked_what_they_could_not_prove(setup: Setup) -> None:
    setup.presence.unavailable = PresenceNotInstalled()
    with pytest.raises(PresenceNotInstalled):
        await setup.permission.obtain(demanding("ask"))
    assert setup.person.asked == []


# A terminal session


ONE, OTHER = TerminalSession("100:1.5", "GNOME Terminal"), TerminalSession("200:1.5", "kitty")


def within(
    terminal: TerminalSession | None, question: PermissionRequest = DEPLOY
) -> PermissionRequest:
    return replace(question, program=replace(question.program, terminal=terminal))


async def test_an_answer_for_a_terminal_holds_for_every_program_in_it(setup: Setup) -> None:
    await setup.answered(PermissionAnswer.FOR_TERMINAL, within(ONE))
    for each in (DEPLOY, MAKE, LOOP):
        await setup.begin(within(ONE, each))
    assert len(setup.person.asked) == 1


@pytest.mark.parametrize(
    "other",
    [
        within(OTHER),
        within(None),
        within(TerminalSession("100:9.5")),  # another process got the number
        replace(within(ONE), profile="other"),
        replace(within(ONE), exchange="secure-endpoint"),
    ],
)
async def test_it_holds_for_no_other_terminal_and_no_other_token(
    setup: Setup, other: PermissionRequest
) -> None:
    await setup.answered(PermissionAnswer.FOR_TERMINAL, within(ONE))
    await setup.answered(PermissionAnswer.ONCE, other)
    assert len(setup.person.asked) == 2


async def test_it_ends_after_twelve_hours(setup: Setup) -> None:
    await setup.answered(PermissionAnswer.FOR_TERMINAL, within(ONE))
    await setup.clock.advance(TERMINAL_ALLOWED_FOR - 1)
    await setup.begin(within(ONE))
    await setup.clock.advance(1)
    await setup.answered(PermissionAnswer.ONCE, within(ONE))
    assert len(setup.person.asked) == 2


async def test_it_ends_with_the_lock(setup: Setup) -> None:
    await setup.answered(PermissionAnswer.FOR_TERMINAL, within(ONE))
    setup.permission.forget_allowed()
    await setup.answered(PermissionAnswer.ONCE, within(ONE))
    assert len(setup.person.asked) == 2


async def test_without_a_terminal_it_holds_once(setup: Setup) -> None:
    await setup.answered(PermissionAnswer.FOR_TERMINAL, DEPLOY)
    await setup.answered(PermissionAnswer.ONCE, DEPLOY)
    assert len(setup.person.asked) == 2


async def test_a_program_that_was_denied_in_a_terminal_stays_denied_for_a_minute(
    setup: Setup,
) -> None:
    with pytest.raises(TokenPermissionDenied):
        await setup.answered(PermissionAnswer.DENY, within(ONE))
    await setup.answered(PermissionAnswer.FOR_TERMINAL, within(ONE, MAKE))
    with pytest.raises(TokenPermissionDenied):
        await setup.begin(within(ONE))
    await setup.clock.advance(DENIED_FOR)
    await setup.begin(within(ONE))


async def test_an_answer_for_a_terminal_is_not_shared_with_another_one(setup: Setup) -> None:
    here, there = setup.begin(within(ONE)), setup.begin(within(OTHER))
    await setup.person.say(PermissionAnswer.FOR_TERMINAL)
    await here
    assert not there.done()
    with_terminal = [each.program.terminal for each in setup.person.asked]
    assert with_terminal == [ONE, OTHER]
    await setup.person.say(PermissionAnswer.DENY)
    with pytest.raises(TokenPermissionDenied):
        await there


async def test_those_that_wait_in_the_terminal_that_was_allowed_go_on(setup: Setup) -> None:
    several = [setup.begin(within(ONE, each)) for each in (DEPLOY, MAKE, LOOP)]
    await setup.person.say(PermissionAnswer.FOR_TERMINAL)
    await asyncio.gather(*several)
    assert len(setup.person.asked) == 1


@pytest.mark.parametrize("answer", [PermissionAnswer.FOR_TERMINAL, PermissionAnswer.FOR_AN_HOUR])
async def test_an_answer_of_the_moment_of_a_lock_is_not_kept(
    setup: Setup, answer: PermissionAnswer
) -> None:
    """Pressed before the lock, but the question had not ended yet."""
    task = setup.begin(within(ONE))
    await settle()
    setup.person.open[-1].set_result(answer)
    setup.permission.forget_allowed()
    await task
    await setup.answered(PermissionAnswer.ONCE, within(ONE))
    assert len(setup.person.asked) == 2


async def test_a_denial_of_the_moment_of_a_lock_is_kept(setup: Setup) -> None:
    task = setup.begin(within(ONE))
    await settle()
    setup.person.open[-1].set_result(PermissionAnswer.DENY)
    setup.permission.forget_allowed()
    for each in (task, setup.begin(within(ONE))):
        with pytest.raises(TokenPermissionDenied):
            await each
    assert len(setup.person.asked) == 1


async def test_answers_that_hold_no_longer_take_no_memory(setup: Setup) -> None:
    await setup.answered(PermissionAnswer.FOR_AN_HOUR, DEPLOY)
    await setup.clock.advance(ALLOWED_FOR)
    await setup.answered(PermissionAnswer.FOR_AN_HOUR, MAKE)
    assert len(setup.permission._answers) == 1

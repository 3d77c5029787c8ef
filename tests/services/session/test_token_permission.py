"""The person is asked which programs may have the token; what they said holds for a while."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest

from desktop.services.model.errors import TokenPermissionDenied, TokenPermissionTimedOut
from desktop.services.session import token_permission as consent
from desktop.services.session.token_permission import (
    ALLOWED_FOR,
    REFUSED_FOR,
    PermissionAnswer,
    PermissionRequest,
    TokenPermission,
)
from desktop.services.system.processes import UNKNOWN_PROGRAM, Program
from tests.services.harness import FakeClock, settle

DEPLOY = PermissionRequest(
    Program("deploy.py", "/srv/deploy.py", 7, "/usr/bin/python3"), "soc", "SOC"
)
BASH = PermissionRequest(Program("bash", "/usr/bin/bash", 8), "soc", "SOC")


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
class Desk:
    person: Person
    clock: FakeClock
    consent: TokenPermission
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def begin(self, question: PermissionRequest = DEPLOY) -> asyncio.Task[None]:
        task = asyncio.ensure_future(self.consent.obtain(question))
        self.tasks.append(task)
        return task

    async def answered(
        self, answer: PermissionAnswer, question: PermissionRequest = DEPLOY
    ) -> None:
        """Ask, and give this answer."""
        task = self.begin(question)
        await self.person.say(answer)
        await task


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    person, clock = Person(), FakeClock()
    made = Desk(person, clock, TokenPermission(person.ask, clock))
    yield made
    for task in made.tasks:
        task.cancel()
    await asyncio.gather(*made.tasks, return_exceptions=True)


async def test_once_is_once(desk: Desk) -> None:
    await desk.answered(PermissionAnswer.ONCE)
    await desk.answered(PermissionAnswer.ONCE)
    assert desk.person.asked == [DEPLOY, DEPLOY]


async def test_an_hour_is_an_hour(desk: Desk) -> None:
    await desk.answered(PermissionAnswer.FOR_AN_HOUR)
    await desk.clock.advance(ALLOWED_FOR - 1)
    await desk.begin()
    assert len(desk.person.asked) == 1
    await desk.clock.advance(1)
    await desk.answered(PermissionAnswer.ONCE)
    assert len(desk.person.asked) == 2


async def test_who_was_refused_does_not_ask_again_at_once(desk: Desk) -> None:
    with pytest.raises(TokenPermissionDenied):
        await desk.answered(PermissionAnswer.REFUSE)
    with pytest.raises(TokenPermissionDenied):
        await desk.begin()
    assert len(desk.person.asked) == 1
    await desk.clock.advance(REFUSED_FOR)
    await desk.answered(PermissionAnswer.ONCE)


@pytest.mark.parametrize(
    "other",
    [
        BASH,
        replace(DEPLOY, profile="other"),
        replace(DEPLOY, program=replace(DEPLOY.program, path="/elsewhere/deploy.py")),
        replace(DEPLOY, program=replace(DEPLOY.program, interpreter="/elsewhere/python3")),
        replace(DEPLOY, program=replace(DEPLOY.program, name="another_module")),
    ],
)
async def test_an_answer_is_for_that_program_and_profile(
    desk: Desk, other: PermissionRequest
) -> None:
    await desk.answered(PermissionAnswer.FOR_AN_HOUR)
    await desk.answered(PermissionAnswer.ONCE, other)
    assert desk.person.asked == [DEPLOY, other]


async def test_another_process_of_the_same_program_is_the_same(desk: Desk) -> None:
    await desk.answered(PermissionAnswer.FOR_AN_HOUR)
    await desk.begin(replace(DEPLOY, program=replace(DEPLOY.program, pid=99)))
    assert len(desk.person.asked) == 1


async def test_nothing_is_remembered_of_a_program_that_is_not_known(desk: Desk) -> None:
    unknown = replace(DEPLOY, program=UNKNOWN_PROGRAM)
    await desk.answered(PermissionAnswer.FOR_AN_HOUR, unknown)
    await desk.answered(PermissionAnswer.FOR_AN_HOUR, unknown)
    assert len(desk.person.asked) == 2


async def test_two_that_are_not_known_are_not_the_same(desk: Desk) -> None:
    unknown = replace(DEPLOY, program=UNKNOWN_PROGRAM)
    first, second = desk.begin(unknown), desk.begin(unknown)
    await desk.person.say(PermissionAnswer.ONCE)
    await first
    await desk.person.say(PermissionAnswer.REFUSE)
    with pytest.raises(TokenPermissionDenied):
        await second
    third = desk.begin(unknown)
    await settle()
    third.cancel()
    await settle()
    assert desk.person.open[-1].cancelled()


async def test_all_that_wait_for_the_same_program_get_the_same_answer(desk: Desk) -> None:
    several = [desk.begin() for _ in range(5)]
    await desk.person.say(PermissionAnswer.ONCE)
    await asyncio.gather(*several)
    assert desk.person.asked == [DEPLOY]


async def test_one_thing_is_asked_at_a_time(desk: Desk) -> None:
    first, second = desk.begin(DEPLOY), desk.begin(BASH)
    await settle()
    assert desk.consent.is_asking
    assert desk.person.asked == [DEPLOY]
    await desk.person.say(PermissionAnswer.ONCE)
    await first
    assert desk.person.asked == [DEPLOY, BASH]
    await desk.person.say(PermissionAnswer.REFUSE)
    with pytest.raises(TokenPermissionDenied):
        await second


async def test_no_answer_is_a_no(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consent, "ANSWER_TIMEOUT", 0.0)
    with pytest.raises(TokenPermissionTimedOut):
        await desk.begin()
    await settle()
    assert not desk.consent.is_asking
    assert desk.person.open[0].cancelled() if desk.person.open else True
    monkeypatch.undo()
    await desk.answered(PermissionAnswer.ONCE)


async def test_the_question_is_taken_back_when_nobody_waits_any_more(desk: Desk) -> None:
    one, other = desk.begin(), desk.begin()
    await settle()
    one.cancel()
    await settle()
    assert not desk.person.open[0].cancelled()
    other.cancel()
    await settle()
    assert desk.person.open[0].cancelled()
    await desk.answered(PermissionAnswer.ONCE)
    assert len(desk.person.asked) == 2

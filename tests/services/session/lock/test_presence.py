"""Presence without a system: what each answer of polkit means. The real one: test_polkit.py."""

import asyncio
import os
import sys
from dataclasses import dataclass, field, replace
from typing import Self

import pytest
from jeepney import HeaderFields, Message, new_error, new_method_return
from jeepney.io.common import RouterClosed

from desktop.services.model import errors
from desktop.services.session.lock import polkit
from desktop.services.session.lock.polkit import PolkitPresence
from desktop.services.session.lock.presence import Purpose, SystemPresence, prove_for_use
from tests.services.harness import PROFILE, FakePresence, settle

Answer = tuple[bool, bool, dict[str, str]] | str | Exception
NOTHING: dict[str, str] = {}
CAN_ASK = (False, True, NOTHING)
YES = (True, False, NOTHING)


@dataclass
class FakeBus:
    """A bus on which polkit gives the `answers` in turn, and none after them."""

    answers: list[Answer] = field(default_factory=list)
    calls: list[Message] = field(default_factory=list)
    unique_name: str = ":1.7"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        pass

    async def send(self, message: Message) -> None:
        self.calls.append(message)

    async def send_and_get_reply(self, message: Message) -> Message:
        self.calls.append(message)
        if not self.answers:
            await asyncio.Event().wait()
        answer = self.answers.pop(0)
        message.header.serial = len(self.calls)
        message.header.fields[HeaderFields.sender] = self.unique_name
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, str):
            name, _, text = answer.partition(": ")
            return new_error(message, name, *(("s", (text,)) if text else ()))
        return new_method_return(message, "(bba{ss})", (answer,))

    @property
    def methods(self) -> list[str]:
        return [each.header.fields[HeaderFields.member] for each in self.calls]


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> FakeBus:
    made = FakeBus()
    monkeypatch.setattr(polkit, "open_dbus_router", lambda _bus: made)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(sys, "platform", "linux")
    return made


async def test_polkit_is_asked_about_this_process_and_may_ask_the_user(bus: FakeBus) -> None:
    bus.answers = [CAN_ASK, YES]
    await SystemPresence().prove(Purpose.UNLOCK)
    quiet, asking = (each.body for each in bus.calls)
    subject = ("system-bus-name", {"name": ("s", ":1.7")})
    assert quiet == (subject, "io.github.xdr_login.XDRLogin.unlock", {}, 0, "")
    assert asking[:4] == (subject, "io.github.xdr_login.XDRLogin.unlock", {}, 1)
    assert asking[4]


async def test_a_rule_that_answers_yes_asks_nobody(bus: FakeBus) -> None:
    bus.answers = [YES, YES]
    await SystemPresence().check()
    await SystemPresence().prove(Purpose.USE_TOKEN)
    assert [each.body[3] for each in bus.calls] == [0, 0]


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([(False, False, NOTHING)], errors.PresenceNotAllowedHere),
        ([CAN_ASK, (False, False, NOTHING)], errors.PresenceFailed),
        ([CAN_ASK, (False, False, {"polkit.dismissed": "true"})], errors.PresenceDeclined),
        ([CAN_ASK, CAN_ASK], errors.NoAuthenticationAgent),
        (
            ["org.freedesktop.PolicyKit1.Error.Failed: Action a is not registered"],
            errors.PresenceNotInstalled,
        ),
        (["org.freedesktop.DBus.Error.ServiceUnknown: no"], errors.PolkitMissing),
        (["org.freedesktop.DBus.Error.Spawn.ExecFailed"], errors.PolkitMissing),
        (["org.freedesktop.DBus.Error.AccessDenied: no"], errors.PolkitBroken),
        ([FileNotFoundError()], errors.PolkitMissing),
        ([EOFError()], errors.PolkitMissing),
        ([RouterClosed()], errors.PolkitMissing),
        ([TimeoutError()], errors.PolkitBroken),
    ],
)
async def test_each_answer_has_an_error_of_its_own(
    bus: FakeBus, answers: list[Answer], error: type[Exception]
) -> None:
    bus.answers = answers
    with pytest.raises(error) as caught:
        await SystemPresence().prove(Purpose.USE_TOKEN)
    assert type(caught.value) is error


async def test_an_error_without_a_text_is_told_by_its_name(bus: FakeBus) -> None:
    bus.answers = ["org.example.Odd"]
    with pytest.raises(errors.PolkitBroken) as caught:
        await SystemPresence().check()
    assert caught.value.reason == "org.example.Odd"


async def test_a_prompt_without_an_answer_is_withdrawn(bus: FakeBus) -> None:
    bus.answers = [CAN_ASK]
    with pytest.raises(errors.PresenceTimedOut):
        await PolkitPresence(timeout=0).prove(Purpose.USE_TOKEN)
    assert bus.methods[1:] == ["CheckAuthorization", "CancelCheckAuthorization"]
    assert bus.calls[2].body == (bus.calls[1].body[4],)


async def test_a_proof_that_is_canceled_is_withdrawn(bus: FakeBus) -> None:
    bus.answers = [CAN_ASK]
    proving = asyncio.ensure_future(SystemPresence().prove(Purpose.USE_TOKEN))
    await settle()
    proving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await proving
    assert bus.methods[-1] == "CancelCheckAuthorization"


async def test_root_is_not_asked(bus: FakeBus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    for step in (SystemPresence().check(), SystemPresence().prove(Purpose.UNLOCK)):
        with pytest.raises(errors.PresenceOfRoot):
            await step
    assert bus.calls == []


@pytest.mark.parametrize("platform", ["win32", "darwin"])
async def test_other_systems_prove_nothing(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    for step in (SystemPresence().check(), SystemPresence().prove(Purpose.UNLOCK)):
        with pytest.raises(errors.PresenceNotSupported):
            await step


@pytest.mark.parametrize(
    ("mode", "said"), [("never", "not_required"), ("ask", "not_required"), ("always", "proved")]
)
async def test_a_use_in_the_window_needs_a_proof_only_if_each_does(mode: str, said: str) -> None:
    presence = FakePresence()
    assert await prove_for_use(presence, replace(PROFILE, presence=mode)) == said
    assert bool(presence.asked) is (said == "proved")

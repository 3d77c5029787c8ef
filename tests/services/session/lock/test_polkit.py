"""Presence with the real polkitd: everything it can answer, and what is withdrawn."""

import pytest

from tests.rigs.polkit import can_run_polkit, run_with_polkit

pytestmark = pytest.mark.skipif(not can_run_polkit(), reason="needs root and polkitd")

# Prints how each step ended.
PROOF = """
import asyncio, json, sys
from desktop.services.session.lock.polkit import PolkitPresence
from desktop.services.session.lock.presence import Purpose

async def ended(step):
    try:
        await step
    except Exception as error:
        return type(error).__name__
    return "proved"

async def main():
    presence = PolkitPresence(timeout=TIMEOUT)
    print(json.dumps([
        await ended(presence.check()), await ended(presence.prove(Purpose.PURPOSE))
    ]))

asyncio.run(main())
"""
USE_TOKEN = "BeginAuthentication io.github.xdr_login.XDRLogin.use-token"
UNLOCK = "BeginAuthentication io.github.xdr_login.XDRLogin.unlock"


def proof(purpose: str = "USE_TOKEN", *, timeout: float = 30) -> str:
    return PROOF.replace("PURPOSE", purpose).replace("TIMEOUT", str(timeout))


@pytest.mark.parametrize(("purpose", "asked"), [("USE_TOKEN", USE_TOKEN), ("UNLOCK", UNLOCK)])
def test_whoever_authenticates_has_proven_it(purpose: str, asked: str) -> None:
    run = run_with_polkit(proof(purpose))
    assert run.result == ["proved", "proved"]
    assert run.agent == [asked]


def test_a_proof_holds_once() -> None:
    twice = proof().replace(
        "await ended(presence.check())", "await ended(presence.prove(Purpose.USE_TOKEN))"
    )
    run = run_with_polkit(twice)
    assert run.agent == [USE_TOKEN, USE_TOKEN]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("deny", "PresenceFailed"),
        ("dismiss", "PresenceDeclined"),
        ("", "NoAuthenticationAgent"),
    ],
)
def test_nobody_who_does_not_authenticate_has_proven_it(answer: str, error: str) -> None:
    assert run_with_polkit(proof(), answer=answer).result == ["proved", error]


def test_a_prompt_that_nobody_answers_is_withdrawn() -> None:
    run = run_with_polkit(proof(timeout=0.3), answer="wait")
    assert run.result == ["proved", "PresenceTimedOut"]
    # Polkit withdraws it again when the program leaves the bus.
    assert list(dict.fromkeys(run.agent)) == [USE_TOKEN, "CancelAuthentication"]


def test_a_question_that_is_canceled_is_withdrawn() -> None:
    canceled = """
import asyncio, json
from desktop.services.session.lock.polkit import PolkitPresence
from desktop.services.session.lock.presence import Purpose

async def main():
    task = asyncio.create_task(PolkitPresence().prove(Purpose.USE_TOKEN))
    await asyncio.sleep(0.5)
    task.cancel()
    await asyncio.wait({task})
    print(json.dumps(task.cancelled()))
    await asyncio.sleep(0.2)

asyncio.run(main())
"""
    run = run_with_polkit(canceled, answer="wait")
    assert run.result is True
    assert list(dict.fromkeys(run.agent)) == [USE_TOKEN, "CancelAuthentication"]


@pytest.mark.parametrize(
    ("missing", "error"),
    [
        ("has_actions", "PresenceNotInstalled"),
        ("has_polkit", "PolkitMissing"),
    ],
)
def test_an_installation_that_cannot_ask_says_so_before(missing: str, error: str) -> None:
    run = run_with_polkit(proof(), answer="", **{missing: False})
    assert run.result == [error, error]


def test_nobody_is_asked_in_a_remote_session() -> None:
    run = run_with_polkit(proof(), is_remote=True)
    assert run.result == ["PresenceNotAllowedHere", "PresenceNotAllowedHere"]
    assert run.agent == []


def test_root_has_proven_nothing() -> None:
    run = run_with_polkit(proof(), is_root=True)
    assert run.result == ["PresenceOfRoot", "PresenceOfRoot"]


# The loop of the window, which must not be held up. Prints its longest pause in seconds, too.
IN_THE_WINDOW = """
import asyncio, json, time
from PySide6.QtWidgets import QApplication
from desktop.ui.app.event_loop import EventLoop
from desktop.services.session.lock.presence import Purpose, SystemPresence

async def main():
    from desktop.services.session.lock import polkit  # loads it
    done, gaps = asyncio.Event(), []

    async def beat():
        while not done.is_set():
            at = time.perf_counter()
            await asyncio.sleep(0.001)
            gaps.append(time.perf_counter() - at)

    beating = asyncio.create_task(beat())
    await SystemPresence().check()
    await SystemPresence().prove(Purpose.USE_TOKEN)
    done.set()
    await beating
    return max(gaps)

with EventLoop(QApplication([])) as loop:
    print(json.dumps(loop.run_until_complete(main())))
"""


def test_the_window_goes_on_while_it_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    run = run_with_polkit(IN_THE_WINDOW)
    assert run.agent == [USE_TOKEN]
    assert run.result < 0.5

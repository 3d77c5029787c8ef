"""The agent of the running app: its permission window, settings and side effects."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast
from unittest.mock import AsyncMock

import pytest
from PySide6.QtCore import QRect

from desktop.ipc.agent import Agent
from desktop.services.model.errors import TokenPermissionDenied
from desktop.services.model.profile import Profile
from desktop.services.session.session import Session
from desktop.services.session.sessions import Sessions
from desktop.services.session.token_permission import PermissionAnswer, PermissionRequest
from desktop.services.session.token_recipients import TokenRecipient
from desktop.services.system.processes import Program
from desktop.ui.app.lifetime import make_agent
from desktop.ui.pages.details_view import DetailsView
from desktop.ui.window import permission_window
from tests.sample_states import PROFILE, signed_in
from tests.ui.harness import ControllerHarness, run_on_event_loop, settle

PROGRAM = Program("deploy.py", "/srv/deploy.py", 7)


class Person:
    """The window that asks, and what is answered in it."""

    answer = PermissionAnswer.ONCE
    asked: list[PermissionRequest]
    over: QRect

    def __init__(self, question: PermissionRequest, _icon: object, *, over: QRect) -> None:
        Person.asked.append(question)
        Person.over = over

    async def ask(self) -> PermissionAnswer:
        await asyncio.sleep(0)
        return Person.answer


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def agent(harness: ControllerHarness, told: list[str], monkeypatch: pytest.MonkeyPatch) -> Agent:
    Person.asked = []
    monkeypatch.setattr(permission_window, "PermissionWindow", Person)

    async def reload(_name: str) -> Profile:
        return PROFILE

    return make_agent(
        harness.controller,
        Sessions(lambda _profile, _observer: cast("Session", harness.session), lambda _: None),
        reload_profile=reload,
        reload_profiles=AsyncMock(),
        ready=asyncio.Event(),
        notify=lambda: told.append("asked"),
    )


@pytest.mark.parametrize("in_sight", [True, False])
def test_permission_is_asked_for_over_the_window_or_the_screen(
    agent: Agent, harness: ControllerHarness, told: list[str], *, in_sight: bool
) -> None:
    harness.show(signed_in())
    if not in_sight:
        harness.window.hide()
    run_on_event_loop(agent._permission.obtain(PermissionRequest(PROGRAM, "soc", "SOC")))
    assert [each.program for each in Person.asked] == [PROGRAM]
    assert told == ["asked"]
    where = harness.window.geometry() if in_sight else harness.window.screen().availableGeometry()
    assert where == Person.over


def test_denying_permission_raises(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Person, "answer", PermissionAnswer.DENY)
    with pytest.raises(TokenPermissionDenied):
        run_on_event_loop(agent._permission.obtain(PermissionRequest(PROGRAM, "soc", "SOC")))


def test_the_setting_decides_whether_permission_is_asked_for(
    agent: Agent, harness: ControllerHarness
) -> None:
    assert not agent._gate._needs_permission()
    harness.controller.settings_store.use(
        replace(harness.controller.settings_store.settings, ask_for_tokens=True)
    )
    assert agent._gate._needs_permission()


def test_signing_out_by_a_command_clears_the_clipboard(
    agent: Agent, harness: ControllerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    cleared: list[bool] = []
    monkeypatch.setattr(harness.controller.clipboard, "clear_secret", lambda: cleared.append(True))
    agent._start_sign_out(cast("Session", harness.session))
    assert cleared == [True]
    assert "sign_out" in harness.session.calls


def test_the_open_details_list_a_new_recipient(agent: Agent, harness: ControllerHarness) -> None:
    harness.show(signed_in())
    harness.controller.open_details()
    page = harness.window.page
    assert isinstance(page, DetailsView)
    agent.recipients.add(TokenRecipient(datetime.now(UTC), PROGRAM, harness.session.profile.id))
    agent.recipients.add(TokenRecipient(datetime.now(UTC), replace(PROGRAM, name="other"), "other"))
    settle()
    shown = page._recipients._shown
    assert shown is not None
    assert [value for _, value in shown] == ["deploy.py\n/srv/deploy.py"]

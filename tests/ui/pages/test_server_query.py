"""Asking the server who signed in, and what was granted."""

import asyncio
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from desktop.oauth import errors
from desktop.oauth.app_grant import AppGrant
from desktop.services.model.errors import NoToken
from desktop.services.secrets.keystore import KeyringLocked
from desktop.ui.pages.details_view import DetailsView
from desktop.ui.pages.server_query import Asker, Said, app_grant, who_am_i
from desktop.ui.wording.page_texts import NOTHING_TOLD, granted_rows
from tests.sample_states import APP_GRANT, STATES, WHO_AM_I
from tests.ui.harness import Desk, FakeSession, settle


@pytest.fixture
def answers(asker: Asker) -> list[Said]:
    told: list[Said] = []
    asker.answered.connect(told.append)
    return told


@pytest.fixture
def asker(qapp: QApplication) -> Asker:  # noqa: ARG001 - there must be one
    return Asker(who_am_i)


async def idle() -> None:
    """Let every task go on as far as it can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_an_answer_becomes_rows(asker: Asker, answers: list[Said]) -> None:
    asker.ask(FakeSession(answer=WHO_AM_I))
    await idle()
    (answer,) = answers
    assert ("user › user-name", "Dana Rivers") in answer.rows
    assert ("user › enabled?", "yes") in answer.rows
    assert answer.trouble == ""


async def test_an_echo_of_the_token_is_not_shown(asker: Asker, answers: list[Said]) -> None:
    session = FakeSession(answer={"echo": f"you sent {FakeSession().access_token()}"})
    asker.ask(session)
    await idle()
    assert answers == [Said((("echo", "[redacted]"),))]


async def test_a_server_that_says_nothing_is_told_as_such(
    asker: Asker, answers: list[Said]
) -> None:
    asker.ask(FakeSession(answer={}))
    await idle()
    assert answers == [Said(trouble=NOTHING_TOLD)]


@pytest.mark.parametrize(
    ("error", "trouble", "facts"),
    [
        (
            errors.ServerFault("login.example", status=503, trace_id="t-1"),
            (
                "The server has a problem. login.example cannot answer just now. "
                "Try again in a few minutes."
            ),
            "status 503 · trace t-1",
        ),
        (
            NoToken(),
            (
                "There is no token. You are not signed in, or no longer. "
                "Sign in (xdr-login login), then try again."
            ),
            "",
        ),
        (
            KeyringLocked(),
            (
                "The keyring is locked. Unlock it, then try again. You can also sign in without "
                "saving the token: it is then gone when you quit."
            ),
            "",
        ),
    ],
)
async def test_a_failure_is_told_in_words(
    asker: Asker, answers: list[Said], error: Exception, trouble: str, facts: str
) -> None:
    asker.ask(FakeSession(answer=error))
    await idle()
    assert answers == [Said(trouble=trouble, facts=facts)]


async def test_what_nobody_expected_reaches_the_crash_report_too(
    asker: Asker, answers: list[Said]
) -> None:
    reported: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, told: reported.append(told))
    asker.ask(FakeSession(answer=ZeroDivisionError("example")))
    await idle()
    assert answers[0].trouble.startswith("Something unexpected happened.")
    assert [type(each["exception"]) for each in reported] == [ZeroDivisionError]


async def test_asking_twice_asks_once(asker: Asker, answers: list[Said]) -> None:
    session = FakeSession(answer=WHO_AM_I)
    asker.ask(session)
    asker.ask(session)
    await idle()
    assert session.calls == ["who_am_i"]
    asker.ask(session)
    await idle()
    assert len(answers) == 2


async def test_nobody_waits_any_more_once_it_is_cancelled(
    asker: Asker, answers: list[Said]
) -> None:
    asker.cancel()
    asker.ask(FakeSession(answer=WHO_AM_I))
    asker.cancel()
    await idle()
    assert answers == []


async def test_the_page_gets_the_answer(desk: Desk) -> None:
    desk.session.answer = WHO_AM_I
    desk.show(STATES["signed_in"])
    desk.controller.open_details()
    page = desk.window.page
    assert isinstance(page, DetailsView)
    desk.controller.pages.ask_who_am_i()
    await idle()
    assert not page._who._rows.isHidden()


async def test_a_page_that_is_left_waits_for_nothing(desk: Desk) -> None:
    desk.session.answer = WHO_AM_I
    desk.show(STATES["signed_in"])
    desk.controller.open_details()
    desk.controller.pages.ask_who_am_i()
    desk.window.close_page()
    await idle()
    settle()
    assert desk.session.calls == []


async def test_the_end_waits_for_the_question_to_end(desk: Desk, answers: list[Said]) -> None:
    desk.session.renewed.clear()
    pages = desk.controller.pages
    pages.ask_who_am_i()
    await idle()
    await pages.close()
    (asker,) = pages._askers.values()
    assert asker._task is not None
    assert asker._task.cancelled()
    assert answers == []


async def test_where_nothing_was_asked_there_is_nothing_to_end(desk: Desk) -> None:
    await desk.controller.pages.close()
    assert desk.session.calls == []


async def test_asking_anew_after_a_cancel_asks_again(asker: Asker, answers: list[Said]) -> None:
    asker.ask(FakeSession(answer=WHO_AM_I))
    asker.cancel()
    asker.ask(FakeSession(answer=WHO_AM_I))
    await idle()
    assert len(answers) == 1


def test_without_a_session_nobody_is_asked(desk: Desk) -> None:
    pages = desk.controller.pages
    pages.session = None
    pages.ask_who_am_i()
    assert pages.reveal_token() is None
    assert desk.session.calls == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (APP_GRANT, Said(granted_rows(APP_GRANT))),
        (None, Said(trouble=NOTHING_TOLD)),
    ],
)
async def test_what_was_granted_becomes_rows(
    qapp: QApplication,  # noqa: ARG001 - there must be one
    answer: AppGrant | None,
    said: Said,
) -> None:
    told: list[Said] = []
    asker = Asker(app_grant)
    asker.answered.connect(told.append)
    session = FakeSession(answer=answer)
    asker.ask(session)
    await idle()
    assert session.calls == ["app_grant"]
    assert told == [said]


async def test_the_page_gets_both_answers(desk: Desk) -> None:
    desk.session.answer = APP_GRANT
    desk.show(STATES["signed_in"])
    desk.controller.open_details()
    page = desk.window.page
    assert isinstance(page, DetailsView)
    desk.controller.pages.ask_app_grant()
    await idle()
    assert not page._grant._rows.isHidden()
    assert page._who._rows.isHidden()

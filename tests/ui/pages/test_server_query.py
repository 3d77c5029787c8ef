"""Querying the server for the account and the grants."""

import asyncio
from typing import Any, cast

import pytest
from PySide6.QtWidgets import QApplication

from desktop.oauth import errors
from desktop.oauth.grants.app_grant import AppGrant
from desktop.services.model.errors import NoToken
from desktop.services.secrets.keystore import KeyringLocked
from desktop.services.session.session import Session
from desktop.ui.pages.details_view import DetailsView
from desktop.ui.pages.server_query import ServerAnswer, ServerQuery, fetch_app_grant, fetch_userinfo
from desktop.ui.wording.page_texts import NO_SERVER_ANSWER, grant_rows
from tests.sample_states import APP_GRANT, STATES, WHO_AM_I
from tests.ui.harness import ControllerHarness, FakeSession, settle


@pytest.fixture
def answers(query: ServerQuery) -> list[ServerAnswer]:
    told: list[ServerAnswer] = []
    query.answered.connect(told.append)
    return told


@pytest.fixture
def query(qapp: QApplication) -> ServerQuery:  # noqa: ARG001 - there must be one
    return ServerQuery(fetch_userinfo)


def start(query: ServerQuery, session: FakeSession) -> None:
    query.start(cast("Session", session))


async def idle() -> None:
    """Let every task go on as far as it can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_an_answer_becomes_rows(query: ServerQuery, answers: list[ServerAnswer]) -> None:
    start(query, FakeSession(answer=WHO_AM_I))
    await idle()
    (answer,) = answers
    assert ("user › user-name", "Dana Rivers") in answer.rows
    assert ("user › enabled?", "yes") in answer.rows
    assert answer.trouble == ""


async def test_an_empty_answer_is_reported(query: ServerQuery, answers: list[ServerAnswer]) -> None:
    start(query, FakeSession(answer={}))
    await idle()
    assert answers == [ServerAnswer(trouble=NO_SERVER_ANSWER)]


@pytest.mark.parametrize(
    ("error", "trouble", "facts"),
    [
        (
            errors.ServerFault("login.example", status=503, trace_id="t-1"),
            (
                "The server has a problem. login.example can't handle requests right now. "
                "Try again in a few minutes."
            ),
            "status 503 · trace t-1",
        ),
        (
            NoToken(),
            ("You're not signed in. Sign in, then try again."),
            "",
        ),
        (
            KeyringLocked(),
            (
                "The keyring is locked. Unlock your keyring, then try again. Or continue without "
                "saving: you'll have to sign in again after you quit."
            ),
            "",
        ),
    ],
)
async def test_a_failure_is_told_in_words(
    query: ServerQuery, answers: list[ServerAnswer], error: Exception, trouble: str, facts: str
) -> None:
    start(query, FakeSession(answer=error))
    await idle()
    assert answers == [ServerAnswer(trouble=trouble, facts=facts)]


async def test_an_unexpected_error_reaches_the_crash_report_too(
    query: ServerQuery, answers: list[ServerAnswer]
) -> None:
    reported: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, told: reported.append(told))
    start(query, FakeSession(answer=ZeroDivisionError("example")))
    await idle()
    assert answers[0].trouble.startswith("Something went wrong in XDR Login.")
    assert [type(each["exception"]) for each in reported] == [ZeroDivisionError]


async def test_starting_a_running_query_sends_it_once(
    query: ServerQuery, answers: list[ServerAnswer]
) -> None:
    session = FakeSession(answer=WHO_AM_I)
    start(query, session)
    start(query, session)
    await idle()
    assert session.calls == ["fetch_userinfo"]
    start(query, session)
    await idle()
    assert len(answers) == 2


async def test_a_cancelled_query_gives_no_answer(
    query: ServerQuery, answers: list[ServerAnswer]
) -> None:
    query.cancel()
    start(query, FakeSession(answer=WHO_AM_I))
    query.cancel()
    await idle()
    assert answers == []


async def test_the_page_gets_the_answer(harness: ControllerHarness) -> None:
    harness.session.answer = WHO_AM_I
    harness.show(STATES["signed_in"])
    harness.controller.open_details()
    page = harness.window.page
    assert isinstance(page, DetailsView)
    harness.controller.pages.details.query_userinfo()
    await idle()
    assert not page._userinfo._rows.isHidden()


async def test_leaving_the_page_cancels_the_query(harness: ControllerHarness) -> None:
    harness.session.answer = WHO_AM_I
    harness.show(STATES["signed_in"])
    harness.controller.open_details()
    harness.controller.pages.details.query_userinfo()
    harness.window.close_page()
    await idle()
    settle()
    assert harness.session.calls == []


async def test_closing_waits_for_the_query_to_end(
    harness: ControllerHarness, answers: list[ServerAnswer]
) -> None:
    harness.session.renewed.clear()
    pages = harness.controller.pages
    pages.details.query_userinfo()
    await idle()
    await pages.close()
    (query,) = pages.details._queries.values()
    assert query._task is not None
    assert query._task.cancelled()
    assert answers == []


async def test_closing_without_a_query_works(harness: ControllerHarness) -> None:
    await harness.controller.pages.close()
    assert harness.session.calls == []


async def test_a_query_can_start_again_after_a_cancel(
    query: ServerQuery, answers: list[ServerAnswer]
) -> None:
    start(query, FakeSession(answer=WHO_AM_I))
    query.cancel()
    start(query, FakeSession(answer=WHO_AM_I))
    await idle()
    assert len(answers) == 1


def test_without_a_session_nothing_is_queried(harness: ControllerHarness) -> None:
    pages = harness.controller.pages.details
    pages.session = None
    pages.query_userinfo()
    assert pages.reveal_token() is None
    assert harness.session.calls == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (APP_GRANT, ServerAnswer(grant_rows(APP_GRANT))),
        (None, ServerAnswer(trouble=NO_SERVER_ANSWER)),
    ],
)
async def test_what_was_granted_becomes_rows(
    qapp: QApplication,  # noqa: ARG001 - there must be one
    answer: AppGrant | None,
    said: ServerAnswer,
) -> None:
    told: list[ServerAnswer] = []
    query = ServerQuery(fetch_app_grant)
    query.answered.connect(told.append)
    session = FakeSession(answer=answer)
    start(query, session)
    await idle()
    assert session.calls == ["fetch_app_grant"]
    assert told == [said]


async def test_the_page_gets_both_answers(harness: ControllerHarness) -> None:
    harness.session.answer = APP_GRANT
    harness.show(STATES["signed_in"])
    harness.controller.open_details()
    page = harness.window.page
    assert isinstance(page, DetailsView)
    harness.controller.pages.details.query_app_grant()
    await idle()
    assert not page._grant._rows.isHidden()
    assert page._userinfo._rows.isHidden()

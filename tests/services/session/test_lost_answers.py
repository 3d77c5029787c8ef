"""Answers that come late, get lost, or refuse without a reason: nobody is signed out by them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import pairwise

import httpx
import pytest

from desktop.oauth import errors
from desktop.services.model.errors import (
    PollAnswerLost,
    RenewalAnswerLost,
    RenewalRefused,
    SignedOutAfterLoss,
    SignedOutByServer,
)
from desktop.services.model.profile import client_secret_key, tokens_binding, tokens_key
from desktop.services.model.states import AwaitingApproval, Failed, SignedIn
from desktop.services.secrets.keystore import KeyringFault, KeyringLocked
from desktop.services.secrets.secret_encoding import decode_tokens
from desktop.services.wording.error_codes import error_code
from desktop.services.wording.messages import Remedy, advice_for
from tests.services.harness import (
    ACCESS_TOKEN,
    DEVICE_CODE,
    PASSWORD,
    PENDING,
    PROFILE,
    TOKENS,
    Answer,
    SessionHarness,
    saved_client_secret,
    settle,
)

BROKEN_OFF = httpx.ReadError("broken off")
PAGE = "<!doctype html><title>Sign in</title>"


@pytest.fixture
async def harness() -> AsyncIterator[SessionHarness]:
    made = SessionHarness()
    await made.sign_in()
    yield made
    await made.close()
    assert made.server.open == 0
    assert not made.crashes


async def renew(harness: SessionHarness, *, seconds: float = 0) -> None:
    harness.session.renew()
    await settle()
    await harness.clock.advance(seconds)


def page(status: int, more: str = "") -> httpx.Response:
    return httpx.Response(status, text=f"{PAGE}{more}", headers={"content-type": "text/html"})


# Lost answers to a renewal


async def test_nothing_follows_a_lost_renewal_while_the_server_may_work_on_it(
    harness: SessionHarness,
) -> None:
    harness.server.rotation.troubles = [BROKEN_OFF]
    harness.session.set_visible(visible=True)
    await renew(harness)
    lost = harness.expect(SignedIn).trouble
    assert isinstance(lost, RenewalAnswerLost)
    await renew(harness, seconds=29)
    harness.session.wake()
    await renew(harness)
    assert harness.server.count_renewals() == 1
    await harness.clock.advance(2)
    await renew(harness)
    assert harness.server.count_renewals() == 2
    assert harness.session.access_token() == f"{ACCESS_TOKEN}-1"
    assert harness.expect(SignedIn).trouble is None


async def test_the_wait_begins_when_the_request_is_given_up(harness: SessionHarness) -> None:
    """Connecting takes a part of the request's time, and the server's begins after that."""
    harness.server.rotation.troubles = ["lost"]
    gate = harness.server.hold_requests("/token")
    await renew(harness, seconds=20)
    gate.set()
    await settle()
    await renew(harness, seconds=29)
    await renew(harness)
    assert harness.server.count_renewals() == 1
    await harness.clock.advance(2)
    await renew(harness)
    assert harness.server.count_renewals() == 2


async def test_lost_renewals_are_repeated_until_the_server_is_back(
    harness: SessionHarness,
) -> None:
    sent: list[float] = []
    answer = harness.server.rotation.answer

    def note(refresh_token: str) -> Answer:
        sent.append(harness.clock.elapsed)
        return answer(refresh_token)

    harness.server.rotation.answer = note  # type: ignore[method-assign]
    harness.server.rotation.troubles = [httpx.Response(504)] * 12
    for _ in range(120):
        harness.session.set_visible(visible=True)  # somebody is there
        await harness.clock.advance(60)
    assert harness.session.access_token() is not None
    pauses = [late - early for early, late in pairwise(sent[:13])]
    assert min(pauses) >= 30
    assert max(pauses) <= 600
    assert len(pauses) == 12


@pytest.mark.parametrize(
    "trouble",
    [BROKEN_OFF, httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("cut"), httpx.Response(504)],
    ids=repr,
)
async def test_every_request_without_an_answer_may_have_renewed(
    harness: SessionHarness, trouble: Answer
) -> None:
    harness.server.rotation.troubles = [trouble]
    await renew(harness)
    error = harness.expect(SignedIn).trouble
    assert isinstance(error, RenewalAnswerLost)
    advice = advice_for(error)
    assert advice.title == "No response to the renewal"
    assert "may have renewed your sign-in" in advice.text
    assert "Try again in 30 seconds." in advice.text
    assert error_code(error) == "network"


@pytest.mark.parametrize(
    "trouble",
    [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.Response(503)],
    ids=repr,
)
async def test_a_request_that_the_server_did_not_take_is_repeated_freely(
    harness: SessionHarness, trouble: Answer
) -> None:
    harness.server.rotation.troubles = [trouble] * 3
    harness.session.set_visible(visible=True)
    await renew(harness)
    assert not isinstance(harness.expect(SignedIn).trouble, RenewalAnswerLost)
    await harness.clock.advance(550)
    assert harness.server.count_renewals() == 4


async def test_a_rejected_repetition_says_that_an_answer_was_lost(harness: SessionHarness) -> None:
    harness.server.rotation.troubles = ["lost"]
    await renew(harness, seconds=31)
    await renew(harness)
    error = harness.expect(Failed).error
    assert isinstance(error, SignedOutAfterLoss)
    assert "was lost when your sign-in was last renewed" in advice_for(error).text
    assert advice_for(error).remedies == (Remedy.SIGN_IN_AGAIN,)
    assert error_code(error) == "sign_in_needed"


async def test_a_rejected_first_renewal_says_nothing_of_that(harness: SessionHarness) -> None:
    harness.server.rotation.revoked = True
    await renew(harness)
    assert type(harness.expect(Failed).error) is SignedOutByServer


async def test_another_program_waits_for_an_answer_that_was_lost_here(
    harness: SessionHarness,
) -> None:
    harness.server.rotation.troubles = [BROKEN_OFF]
    await renew(harness, seconds=10)
    other = SessionHarness(beside=harness)
    other.session.open(quietly=True)
    await settle()
    await renew(other, seconds=18)
    assert harness.server.count_renewals() == 1
    await harness.clock.advance(4)
    assert harness.server.count_renewals() == 2
    assert other.session.access_token() == f"{ACCESS_TOKEN}-1"
    await other.close()


async def test_another_program_that_runs_already_waits_too(harness: SessionHarness) -> None:
    other = SessionHarness(beside=harness)
    other.session.open(quietly=True)
    await settle()
    harness.server.rotation.troubles = ["lost"]
    await renew(harness, seconds=10)
    await renew(other, seconds=18)
    assert harness.server.count_renewals() == 1
    await harness.clock.advance(4)
    assert isinstance(other.expect(Failed).error, SignedOutAfterLoss)
    await other.close()


async def test_a_clock_that_was_set_back_neither_prolongs_the_wait_nor_ends_it(
    harness: SessionHarness,
) -> None:
    harness.server.rotation.troubles = [BROKEN_OFF]
    await renew(harness)
    harness.clock.set_wall_clock(-3600)
    session = harness.new_session()
    session.open()
    await settle()
    session.renew()
    await harness.clock.advance(29)
    assert harness.server.count_renewals() == 1
    await harness.clock.advance(2)
    assert harness.server.count_renewals() == 2


async def test_a_renewal_ends_the_count_of_lost_ones(harness: SessionHarness) -> None:
    harness.server.rotation.troubles = [BROKEN_OFF]
    await renew(harness, seconds=31)
    found = decode_tokens(
        harness.keyring.entries[tokens_key(PROFILE)], issued_for=tokens_binding(PROFILE)
    )
    assert found is not None
    assert found.tokens.lost_renewals == 1
    await renew(harness)
    assert "lost_" not in harness.keyring.entries[tokens_key(PROFILE)]


async def test_a_keyring_that_cannot_note_the_loss_is_not_shown(harness: SessionHarness) -> None:
    harness.server.rotation.troubles = ["lost"]
    harness.keyring.errors["save"] = KeyringFault("full")
    await renew(harness, seconds=31)
    assert harness.expect(SignedIn).save_error is None
    del harness.keyring.errors["save"]
    await harness.clock.advance(1)


async def test_a_locked_keyring_does_not_prompt_for_the_note(harness: SessionHarness) -> None:
    harness.keyring.errors["save"] = KeyringLocked()
    await renew(harness)
    assert isinstance(harness.expect(SignedIn).save_error, KeyringLocked)
    del harness.keyring.errors["save"]
    harness.keyring.operations.clear()
    harness.server.rotation.troubles = [BROKEN_OFF]
    await renew(harness)
    assert isinstance(harness.expect(SignedIn).trouble, RenewalAnswerLost)
    assert harness.keyring.operations == []


async def test_a_loss_before_the_token_endpoint_is_no_lost_renewal() -> None:
    harness = SessionHarness()
    await harness.sign_in()
    session = harness.new_session()
    session.open(quietly=True)
    await settle()
    harness.server.gates.clear()
    harness.server.description = httpx.Response(504)
    session.renew()
    await settle()
    assert isinstance(harness.expect(SignedIn).trouble, errors.ServerFault)
    await harness.close()


async def test_quitting_waits_as_long_as_the_answer_to_a_renewal_may_take(
    harness: SessionHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    graces: list[float] = []

    async def close(*, grace: float) -> None:
        graces.append(grace)

    monkeypatch.setattr(harness.session._renewer, "close", close)
    await harness.session.close()
    monkeypatch.undo()
    assert min(graces) >= 30


# Lost answers to a poll


async def test_a_code_that_is_rejected_after_a_lost_answer_may_have_been_approved() -> None:
    harness = SessionHarness()
    harness.server.answers = [PENDING, BROKEN_OFF, {"error": "invalid_grant"}]
    await harness.start_sign_in()
    await harness.clock.advance(30)
    error = harness.expect(Failed).error
    assert isinstance(error, PollAnswerLost)
    advice = advice_for(error)
    assert "may have sent your token, but the response didn't arrive" in advice.text
    assert "Can't reach the server" in advice.text
    assert advice.remedies == (Remedy.NEW_CODE,)
    assert error_code(error) == "sign_in_needed"
    await harness.close()


@pytest.mark.parametrize(
    "answers",
    [[PENDING], [BROKEN_OFF, PENDING], [httpx.ConnectError("refused")], [httpx.Response(503)]],
    ids=repr,
)
async def test_a_code_that_is_rejected_otherwise_was_used_or_revoked(answers: list[Answer]) -> None:
    harness = SessionHarness()
    harness.server.answers = [*answers, {"error": "invalid_grant"}]
    await harness.start_sign_in()
    await harness.clock.advance(60)
    assert type(harness.expect(Failed).error) is errors.InvalidGrant
    await harness.close()


async def test_polling_goes_on_after_a_lost_answer() -> None:
    harness = SessionHarness()
    harness.server.answers = [BROKEN_OFF, TOKENS]
    await harness.start_sign_in()
    await harness.clock.advance(30)
    assert harness.session.access_token() == ACCESS_TOKEN
    assert [form["device_code"] for path, form in harness.server.requests if path == "/token"] == [
        DEVICE_CODE
    ] * 2
    await harness.close()


async def test_no_poll_is_sent_while_another_has_no_answer_yet() -> None:
    harness = SessionHarness()
    harness.server.answers = [TOKENS]
    gate = harness.server.hold_requests("/token")
    await harness.start_sign_in()
    await harness.clock.advance(29)
    harness.session.poll_now()
    await settle()
    assert harness.server.count_requests("/token") == 1
    assert isinstance(harness.state, AwaitingApproval)
    gate.set()
    await settle()
    assert harness.session.access_token() == ACCESS_TOKEN
    await harness.close()


# Refusals without a reason

REFUSALS: list[Answer] = [
    httpx.Response(400),
    httpx.Response(400, text="Bad Request"),
    httpx.Response(400, json={"message": "token unknown"}),
    httpx.Response(400, json=["no"]),
    httpx.Response(401),
    page(401),
    page(403),
    httpx.Response(403, json={"code": 1234}),
    httpx.Response(422, json={"detail": "no"}),
    httpx.Response(498),
    httpx.Response(302, headers={"location": "/login"}),
    httpx.Response(200, json={"success": False}),
    httpx.Response(200, text=""),
    {"error": "session_not_active"},
    {"error": "invalid_request"},
    httpx.Response(200, json={"error": "token_gone"}),
]


@pytest.mark.parametrize("answer", REFUSALS, ids=lambda it: getattr(it, "text", None) or repr(it))
async def test_a_refusal_in_the_way_of_the_server_needs_a_new_sign_in(
    harness: SessionHarness, answer: Answer
) -> None:
    await harness.clock.advance(700)
    harness.server.rotation.troubles = [answer] * 2
    asking = asyncio.ensure_future(harness.session.fetch_token())
    await harness.clock.advance(2)
    with pytest.raises(RenewalRefused) as caught:
        await asking
    assert error_code(caught.value) == "sign_in_needed"
    advice = advice_for(caught.value)
    assert advice.title == "The server refuses to renew"
    assert advice.remedies == (Remedy.SIGN_IN_AGAIN,)
    state = harness.expect(SignedIn)
    assert state.is_renewal_refused
    assert state.is_over(harness.clock.utc())
    assert tokens_key(PROFILE) in harness.keyring.entries, "the next answer may be another"


async def test_a_refusal_that_does_not_repeat_is_none(harness: SessionHarness) -> None:
    harness.server.rotation.troubles = [httpx.Response(400)]
    await renew(harness, seconds=2)
    assert harness.session.access_token() == f"{ACCESS_TOKEN}-1"
    assert harness.expect(SignedIn).trouble is None


async def test_a_refusal_may_turn_out_to_be_something_else(harness: SessionHarness) -> None:
    harness.server.rotation.troubles = [httpx.Response(400), httpx.ConnectError("refused")]
    await renew(harness, seconds=2)
    assert isinstance(harness.expect(SignedIn).trouble, errors.TransportFailure)


async def test_the_sentence_of_the_server_is_in_the_words(harness: SessionHarness) -> None:
    answer = {"error": "session_not_active", "error_description": "Session gone."}
    harness.server.rotation.troubles = [answer] * 2
    await renew(harness, seconds=2)
    trouble = harness.expect(SignedIn).trouble
    assert trouble is not None
    assert "The server says: “Session gone”." in advice_for(trouble).text


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404),
        httpx.Response(405),
        httpx.Response(407),
        httpx.Response(415),
        httpx.Response(429),
        httpx.Response(500),
        page(200),
        page(401, "<form action='https://portal.example/'>"),
        httpx.Response(302, headers={"location": "https://portal.example/"}),
        {"error": "invalid_client"},
        {"error": "unauthorized_client"},
    ],
    ids=repr,
)
async def test_what_is_not_about_the_refresh_token_is_no_refusal_of_it(
    harness: SessionHarness, answer: Answer
) -> None:
    harness.server.rotation.troubles = [answer] * 2
    await renew(harness, seconds=2)
    state = harness.expect(SignedIn)
    assert state.trouble is not None
    assert not state.is_renewal_refused
    assert harness.server.count_renewals() == 1


async def test_a_page_in_place_of_the_server_is_tried_again_by_itself(
    harness: SessionHarness,
) -> None:
    harness.server.rotation.troubles = [page(403), page(403)]
    harness.session.set_visible(visible=True)
    await renew(harness, seconds=2)
    assert harness.expect(SignedIn).is_renewal_refused
    await harness.clock.advance(500)
    assert harness.session.access_token() == f"{ACCESS_TOKEN}-1"


async def test_a_client_that_signs_in_as_itself_has_nothing_to_refuse() -> None:
    profile = replace(PROFILE, grant="client-credentials")
    harness = SessionHarness(profile)
    harness.keyring.entries[client_secret_key(profile)] = saved_client_secret(PASSWORD, profile)
    harness.server.answers = [TOKENS, httpx.Response(400)]
    harness.session.sign_in()
    await settle()
    await renew(harness, seconds=2)
    assert isinstance(harness.expect(SignedIn).trouble, errors.UnusableAnswer)
    await harness.close()

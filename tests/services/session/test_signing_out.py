"""Signing out: tokens are removed here, and revoked at the server if possible."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from desktop.oauth import errors
from desktop.services.model.errors import SignOutFailed
from desktop.services.model.profile import tokens_key
from desktop.services.model.states import AwaitingApproval, Failed, Revocation, SignedIn, SignedOut
from desktop.services.secrets.keystore import KeyringLocked
from tests.oauth.harness import unsigned_jwt
from tests.services.harness import (
    ACCESS_TOKEN,
    HOST,
    PROFILE,
    REFRESH_TOKEN,
    START,
    TOKENS,
    SessionHarness,
    TakenLock,
    settle,
)

GRANT = f"/grants/{PROFILE.client_id}"
WITH_GRANTS = replace(PROFILE, app_grant_endpoint=f"https://{HOST}/grants")
WITH_REVOCATION = replace(PROFILE, revocation_endpoint=f"https://{HOST}/revoke")
GONE = httpx.Response(204)
DONE = httpx.Response(200)


async def signed_in(harness: SessionHarness) -> SessionHarness:
    await harness.sign_in()
    return harness


@pytest.fixture
async def rfc7009() -> AsyncIterator[SessionHarness]:
    harness = await signed_in(SessionHarness(WITH_REVOCATION))
    harness.server.others["/revoke"] = DONE
    yield harness
    await harness.close()
    assert not harness.crashes


@pytest.fixture
async def xdr() -> AsyncIterator[SessionHarness]:
    harness = await signed_in(SessionHarness(WITH_GRANTS))
    harness.server.others[GRANT] = GONE
    yield harness
    await harness.close()
    assert not harness.crashes


async def sign_out(harness: SessionHarness) -> SignedOut:
    harness.session.sign_out()
    await settle()
    return harness.expect(SignedOut)


def revoked(harness: SessionHarness) -> list[dict[str, str]]:
    return [form for path, form in harness.server.requests if path == "/revoke"]


# RFC 7009


async def test_both_tokens_are_revoked_the_refresh_token_first(rfc7009: SessionHarness) -> None:
    state = await sign_out(rfc7009)
    assert state == SignedOut(rfc7009.clock.utc(), None, Revocation.REVOKED)
    assert [(form["token"], form["token_type_hint"]) for form in revoked(rfc7009)] == [
        (REFRESH_TOKEN, "refresh_token"),
        (ACCESS_TOKEN, "access_token"),
    ]
    assert rfc7009.keyring.entries == {}


async def test_who_was_signed_in_is_known_afterwards() -> None:
    harness = SessionHarness(WITH_REVOCATION)
    harness.server.others["/revoke"] = DONE
    harness.server.answers = [
        TOKENS | {"access_token": unsigned_jwt({"email": "dana@soc.example"})}
    ]
    harness.session.sign_in()
    await harness.clock.advance(6)
    state = await sign_out(harness)
    assert state.user == "dana@soc.example"
    await harness.close()


async def test_the_endpoint_may_come_from_the_metadata() -> None:
    harness = SessionHarness()
    harness.server.metadata["revocation_endpoint"] = f"https://{HOST}/revoke"
    harness.server.others["/revoke"] = DONE
    await harness.sign_in()
    assert (await sign_out(harness)).revocation is Revocation.REVOKED
    await harness.close()


async def test_an_expired_access_token_needs_no_revocation(rfc7009: SessionHarness) -> None:
    await rfc7009.clock.advance(700)
    assert (await sign_out(rfc7009)).revocation is Revocation.REVOKED
    assert [form["token"] for form in revoked(rfc7009)] == [REFRESH_TOKEN]


async def test_revoking_the_refresh_token_only_counts_as_revoked(
    rfc7009: SessionHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_access_tokens(rfc7009, monkeypatch)
    assert (await sign_out(rfc7009)).revocation is Revocation.REVOKED


async def test_an_access_token_that_cannot_be_revoked_stays_valid(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    harness = SessionHarness(WITH_REVOCATION)
    harness.server.answers = [{key: TOKENS[key] for key in TOKENS if key != "refresh_token"}]
    harness.session.sign_in()
    await harness.clock.advance(6)
    refuse_access_tokens(harness, monkeypatch)
    state = await sign_out(harness)
    assert (state.revocation, state.valid_until) == (
        Revocation.NOT_OFFERED,
        START + timedelta(seconds=605),
    )
    await harness.close()


def refuse_access_tokens(harness: SessionHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = harness.server._response

    def respond(path: str, form: dict[str, str]) -> httpx.Response:
        if path == "/revoke" and form["token_type_hint"] == "access_token":
            return httpx.Response(400, json={"error": "unsupported_token_type"})
        return answer(path, form)

    monkeypatch.setattr(harness.server, "_response", respond)


async def test_without_a_revocation_endpoint_no_request_is_sent() -> None:
    harness = await signed_in(SessionHarness())
    state = await sign_out(harness)
    assert (state.revocation, state.revocation_error) == (Revocation.NOT_OFFERED, None)
    assert state.valid_until == START + timedelta(seconds=605)
    await harness.close()


def answer_second_revocation(
    harness: SessionHarness, monkeypatch: pytest.MonkeyPatch, second: httpx.Response
) -> None:
    """End both tokens with the refresh token, and answer the access token with `second`."""
    answer = harness.server._response

    def respond(path: str, form: dict[str, str]) -> httpx.Response:
        if path == "/revoke" and form["token_type_hint"] == "access_token":
            return second
        return answer(path, form)

    monkeypatch.setattr(harness.server, "_response", respond)


@pytest.mark.parametrize(
    "second",
    [
        httpx.Response(400),
        httpx.Response(400, json={"error": "invalid_request"}),
        httpx.Response(400, json={"error": "invalid_token"}),
        httpx.Response(400, json={"error": "no_such_session"}),
        httpx.Response(401),
        httpx.Response(404, json={"message": "not found"}),
    ],
    ids=lambda it: f"{it.status_code} {it.text}",
)
async def test_a_server_that_has_ended_both_tokens_may_refuse_the_second(
    rfc7009: SessionHarness, monkeypatch: pytest.MonkeyPatch, second: httpx.Response
) -> None:
    answer_second_revocation(rfc7009, monkeypatch, second)
    state = await sign_out(rfc7009)
    assert state == SignedOut(rfc7009.clock.utc(), None, Revocation.REVOKED)


@pytest.mark.parametrize(
    "second",
    [
        httpx.Response(500),
        httpx.Response(503),
        httpx.Response(429),
        httpx.Response(400, json={"error": "invalid_client"}),
        httpx.Response(403, text="<html>", headers={"content-type": "text/html"}),
    ],
    ids=lambda it: f"{it.status_code} {it.text}",
)
async def test_a_server_that_did_not_decide_may_have_left_the_access_token(
    rfc7009: SessionHarness, monkeypatch: pytest.MonkeyPatch, second: httpx.Response
) -> None:
    answer_second_revocation(rfc7009, monkeypatch, second)
    state = await sign_out(rfc7009)
    assert (state.revocation, state.open_ended) == (Revocation.FAILED, False)
    assert state.valid_until == START + timedelta(seconds=605)
    monkeypatch.undo()
    rfc7009.session.revoke_again()
    await settle()
    assert rfc7009.expect(SignedOut).revocation is Revocation.REVOKED
    assert [form["token"] for form in revoked(rfc7009)].count(REFRESH_TOKEN) == 1


@pytest.mark.parametrize("status", [400, 404])
async def test_a_first_revocation_that_is_refused_is_a_failure(
    rfc7009: SessionHarness, status: int
) -> None:
    rfc7009.server.others["/revoke"] = httpx.Response(status)
    assert (await sign_out(rfc7009)).revocation is Revocation.FAILED


@pytest.mark.parametrize(
    ("members", "seconds", "open_ended"),
    [
        ({"refresh_expires_in": 86400}, 86405, False),
        ({"refresh_token_expires_in": 60}, 605, False),
        ({"refresh_expires_in": 0}, 605, True),
        ({}, 605, True),
        ({"refresh_token": None}, 605, False),
        ({"expires_in": None, "refresh_expires_in": 60}, 65, True),
    ],
)
async def test_where_nothing_is_revoked_the_token_that_lives_longest_counts(
    members: dict[str, object], seconds: int, *, open_ended: bool
) -> None:
    harness = SessionHarness()
    harness.server.answers = [TOKENS | members]
    harness.session.sign_in()
    await harness.clock.advance(6)
    state = await sign_out(harness)
    assert state.revocation is Revocation.NOT_OFFERED
    assert state.valid_until == START + timedelta(seconds=seconds)
    assert state.open_ended is open_ended
    await harness.close()


async def test_a_renewal_that_signing_out_needs_is_waited_for(
    xdr: SessionHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.services.session.sign_out._TIMEOUT", 0.02)
    await xdr.clock.advance(700)
    gate = xdr.server.hold_requests("/token")
    xdr.session.sign_out()
    await asyncio.sleep(0.06)
    assert isinstance(xdr.state, SignedIn)
    gate.set()
    await settle()
    assert xdr.expect(SignedOut).revocation is Revocation.GRANT_REVOKED


# Cisco XDR


async def test_the_app_grant_is_revoked_with_the_access_token(
    xdr: SessionHarness,
) -> None:
    assert (await sign_out(xdr)).revocation is Revocation.GRANT_REVOKED
    assert xdr.server.authorizations[-1] == f"Bearer {ACCESS_TOKEN}"
    assert xdr.server.count_renewals() == 0


async def test_an_expired_access_token_is_renewed_to_revoke_the_grant(xdr: SessionHarness) -> None:
    await xdr.clock.advance(700)
    assert (await sign_out(xdr)).revocation is Revocation.GRANT_REVOKED
    assert xdr.server.authorizations[-1] == f"Bearer {ACCESS_TOKEN}-1"
    assert xdr.keyring.entries == {}


async def test_a_rejected_access_token_is_renewed_to_revoke_the_grant(
    xdr: SessionHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = xdr.server._response

    def respond(path: str, form: dict[str, str]) -> httpx.Response:
        old = xdr.server.authorizations[-1] == f"Bearer {ACCESS_TOKEN}"
        return httpx.Response(401) if path == GRANT and old else answer(path, form)

    monkeypatch.setattr(xdr.server, "_response", respond)
    assert (await sign_out(xdr)).revocation is Revocation.GRANT_REVOKED


async def test_revoking_again_uses_no_refresh_token_twice(xdr: SessionHarness) -> None:
    await xdr.clock.advance(700)
    xdr.server.others[GRANT] = httpx.Response(503)
    assert (await sign_out(xdr)).revocation is Revocation.FAILED
    xdr.server.others[GRANT] = GONE
    await xdr.clock.advance(700)
    xdr.session.revoke_again()
    await settle()
    assert xdr.expect(SignedOut).revocation is Revocation.GRANT_REVOKED
    assert xdr.server.rotation.used == [REFRESH_TOKEN, f"{REFRESH_TOKEN}-1"]
    assert xdr.server.authorizations[-1] == f"Bearer {ACCESS_TOKEN}-2"


async def test_a_rejected_access_token_without_refresh_token_is_a_failure(
    xdr: SessionHarness,
) -> None:
    harness = SessionHarness(WITH_GRANTS)
    harness.server.answers = [{key: TOKENS[key] for key in TOKENS if key != "refresh_token"}]
    harness.session.sign_in()
    await harness.clock.advance(6)
    harness.server.others[GRANT] = httpx.Response(401)
    state = await sign_out(harness)
    assert state.revocation is Revocation.FAILED
    assert isinstance(state.revocation_error, errors.InvalidToken)
    await harness.close()
    assert not xdr.crashes


async def test_a_rejected_refresh_token_counts_as_revoked(xdr: SessionHarness) -> None:
    await xdr.clock.advance(700)
    xdr.server.rotation.revoked = True
    assert (await sign_out(xdr)).revocation is Revocation.REVOKED


async def test_an_expired_token_without_refresh_token_counts_as_revoked() -> None:
    harness = SessionHarness(WITH_GRANTS)
    harness.server.answers = [{key: TOKENS[key] for key in TOKENS if key != "refresh_token"}]
    harness.session.sign_in()
    await harness.clock.advance(700)
    assert (await sign_out(harness)).revocation is Revocation.REVOKED
    assert harness.server.count_requests(GRANT) == 0
    await harness.close()


# When revoking fails


async def test_offline_the_token_is_removed_here_and_stays_valid_there(
    rfc7009: SessionHarness,
) -> None:
    rfc7009.server.offline = True
    state = await sign_out(rfc7009)
    assert rfc7009.keyring.entries == {}
    assert (state.revocation, state.valid_until) == (
        Revocation.FAILED,
        START + timedelta(seconds=605),
    )
    assert isinstance(state.revocation_error, errors.TransportFailure)
    assert rfc7009.session.access_token() is None


async def test_revoking_can_be_retried(rfc7009: SessionHarness) -> None:
    rfc7009.server.offline = True
    removed_at = (await sign_out(rfc7009)).removed_at
    rfc7009.server.offline = False
    await rfc7009.clock.advance(30)
    rfc7009.states.clear()
    rfc7009.session.revoke_again()
    await settle()
    assert [getattr(state, "revocation", None) for state in rfc7009.states] == [
        Revocation.UNDER_WAY,
        Revocation.REVOKED,
    ]
    assert rfc7009.expect(SignedOut).removed_at == removed_at
    rfc7009.session.revoke_again()
    await settle()
    assert len(rfc7009.states) == 2, "once is enough"


async def test_a_token_that_expired_meanwhile_has_no_valid_until(
    rfc7009: SessionHarness,
) -> None:
    rfc7009.server.offline = True
    await sign_out(rfc7009)
    await rfc7009.clock.advance(700)
    rfc7009.session.revoke_again()
    await settle()
    state = rfc7009.expect(SignedOut)
    assert (state.revocation, state.valid_until) == (Revocation.FAILED, None)


async def test_revoking_times_out(rfc7009: SessionHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop.services.session.sign_out._TIMEOUT", 0.01)
    rfc7009.server.hold_requests("/revoke")
    rfc7009.session.sign_out()
    await rfc7009.wait_for_state(SignedOut)
    assert isinstance(rfc7009.expect(SignedOut).revocation_error, errors.NoAnswerInTime)


async def test_a_keyring_error_is_shown_before_anything_is_revoked(
    rfc7009: SessionHarness,
) -> None:
    rfc7009.keyring.errors["delete"] = KeyringLocked()
    rfc7009.session.sign_out()
    await settle()
    assert isinstance(rfc7009.expect(Failed).error, SignOutFailed)
    assert revoked(rfc7009) == []
    rfc7009.keyring.errors = {}
    rfc7009.session.retry()
    await settle()
    assert rfc7009.expect(SignedOut).revocation is Revocation.REVOKED


# During other work


async def test_signing_out_is_shown_at_once_and_waits_for_a_renewal(
    rfc7009: SessionHarness,
) -> None:
    gate = rfc7009.server.hold_requests("/token")
    rfc7009.session.renew()
    await settle()
    rfc7009.session.sign_out()
    assert rfc7009.expect(SignedIn).signing_out
    rfc7009.session.renew()
    await settle()
    assert rfc7009.expect(SignedIn).signing_out
    gate.set()
    await settle()
    assert rfc7009.expect(SignedOut).revocation is Revocation.REVOKED
    assert [form["token"] for form in revoked(rfc7009)] == [
        f"{REFRESH_TOKEN}-1",
        f"{ACCESS_TOKEN}-1",
    ]


async def test_tokens_renewed_by_another_program_are_revoked(rfc7009: SessionHarness) -> None:
    other = SessionHarness(WITH_REVOCATION, beside=rfc7009)
    other.session.open()
    await settle()
    await rfc7009.clock.advance(5)
    other.session.renew()
    await settle()
    await sign_out(rfc7009)
    assert revoked(rfc7009)[0]["token"] == f"{REFRESH_TOKEN}-1"
    await other.close()


async def test_while_another_program_renews_nothing_is_removed(rfc7009: SessionHarness) -> None:
    (lock,) = rfc7009.locks.values() or [rfc7009._lock(tokens_key(PROFILE))]
    await lock.acquire()
    rfc7009.session.sign_out()
    await settle()
    assert rfc7009.expect(SignedIn).signing_out
    assert rfc7009.keyring.entries
    lock.release()
    await settle()
    rfc7009.expect(SignedOut)


async def test_quitting_during_a_renewal_still_signs_out(rfc7009: SessionHarness) -> None:
    gate = rfc7009.server.hold_requests("/token")
    rfc7009.session.renew()
    await settle()
    rfc7009.session.sign_out()
    closing = asyncio.ensure_future(rfc7009.session.close())
    await settle()
    gate.set()
    await closing
    assert rfc7009.keyring.entries == {}
    assert revoked(rfc7009)[0]["token"] == f"{REFRESH_TOKEN}-1"


async def test_quitting_while_another_program_holds_the_lock_removes_the_token(
    rfc7009: SessionHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.services.session.session.CLOSE_SAVE_TIMEOUT", 0.01)
    await rfc7009._lock(tokens_key(PROFILE)).acquire()
    rfc7009.session.sign_out()
    await rfc7009.session.close()
    assert rfc7009.keyring.entries == {}


async def test_saving_again_does_not_stop_a_sign_out(rfc7009: SessionHarness) -> None:
    gate = rfc7009.keyring.gates["delete"] = asyncio.Event()
    rfc7009.session.sign_out()
    await settle()
    rfc7009.session.save_again()
    gate.set()
    await settle()
    assert rfc7009.expect(SignedOut).revocation is Revocation.REVOKED
    assert rfc7009.keyring.entries == {}


async def test_a_failed_sign_out_can_be_repeated(rfc7009: SessionHarness) -> None:
    rfc7009.keyring.errors["delete"] = KeyringLocked()
    rfc7009.session.sign_out()
    await settle()
    await rfc7009.session.close()
    assert rfc7009.keyring.entries, "nobody removes it behind the user's back"


async def test_a_lock_that_is_never_free_is_reported(
    rfc7009: SessionHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rfc7009.locks, tokens_key(PROFILE), TakenLock())
    rfc7009.session.sign_out()
    await settle()
    assert isinstance(rfc7009.expect(Failed).error, SignOutFailed)


async def test_signing_in_again_replaces_revoking(
    rfc7009: SessionHarness,
) -> None:
    rfc7009.server.hold_requests("/revoke")
    rfc7009.session.sign_out()
    await settle()
    rfc7009.session.sign_in()
    await settle()
    rfc7009.expect(AwaitingApproval)
    assert rfc7009.server.open == 0

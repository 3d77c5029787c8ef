"""Signing out: removed here, and told to the server where it can be told."""

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


async def signed_in(world: SessionHarness) -> SessionHarness:
    await world.sign_in()
    return world


@pytest.fixture
async def rfc7009() -> AsyncIterator[SessionHarness]:
    world = await signed_in(SessionHarness(WITH_REVOCATION))
    world.server.others["/revoke"] = DONE
    yield world
    await world.close()
    assert not world.crashes


@pytest.fixture
async def xdr() -> AsyncIterator[SessionHarness]:
    world = await signed_in(SessionHarness(WITH_GRANTS))
    world.server.others[GRANT] = GONE
    yield world
    await world.close()
    assert not world.crashes


async def sign_out(world: SessionHarness) -> SignedOut:
    world.session.sign_out()
    await settle()
    return world.expect(SignedOut)


def revoked(world: SessionHarness) -> list[dict[str, str]]:
    return [form for path, form in world.server.requests if path == "/revoke"]


# RFC 7009


async def test_both_tokens_are_revoked_the_refresh_token_first(rfc7009: SessionHarness) -> None:
    state = await sign_out(rfc7009)
    assert state == SignedOut(rfc7009.clock.utc(), None, Revocation.REVOKED)
    assert [(form["token"], form["token_type_hint"]) for form in revoked(rfc7009)] == [
        (REFRESH_TOKEN, "refresh_token"),
        (ACCESS_TOKEN, "access_token"),
    ]
    assert rfc7009.keyring.entries == {}


async def test_the_endpoint_may_come_from_the_metadata() -> None:
    world = SessionHarness()
    world.server.metadata["revocation_endpoint"] = f"https://{HOST}/revoke"
    world.server.others["/revoke"] = DONE
    await world.sign_in()
    assert (await sign_out(world)).revocation is Revocation.REVOKED
    await world.close()


async def test_an_expired_access_token_needs_no_revocation(rfc7009: SessionHarness) -> None:
    await rfc7009.clock.advance(700)
    assert (await sign_out(rfc7009)).revocation is Revocation.REVOKED
    assert [form["token"] for form in revoked(rfc7009)] == [REFRESH_TOKEN]


async def test_a_server_that_ends_refresh_tokens_only_has_ended_the_sign_in(
    rfc7009: SessionHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_access_tokens(rfc7009, monkeypatch)
    assert (await sign_out(rfc7009)).revocation is Revocation.REVOKED


async def test_where_the_only_token_cannot_be_revoked_it_lives_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = SessionHarness(WITH_REVOCATION)
    world.server.answers = [{key: TOKENS[key] for key in TOKENS if key != "refresh_token"}]
    world.session.sign_in()
    await world.clock.advance(6)
    refuse_access_tokens(world, monkeypatch)
    state = await sign_out(world)
    assert (state.revocation, state.valid_until) == (
        Revocation.NOT_OFFERED,
        START + timedelta(seconds=605),
    )
    await world.close()


def refuse_access_tokens(world: SessionHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = world.server._response

    def respond(path: str, form: dict[str, str]) -> httpx.Response:
        if path == "/revoke" and form["token_type_hint"] == "access_token":
            return httpx.Response(400, json={"error": "unsupported_token_type"})
        return answer(path, form)

    monkeypatch.setattr(world.server, "_response", respond)


async def test_a_server_without_revocation_is_not_asked() -> None:
    world = await signed_in(SessionHarness())
    state = await sign_out(world)
    assert (state.revocation, state.revocation_error) == (Revocation.NOT_OFFERED, None)
    assert state.valid_until == START + timedelta(seconds=605)
    await world.close()


# Cisco XDR


async def test_the_whole_grant_is_ended_with_the_word_of_the_access_token(
    xdr: SessionHarness,
) -> None:
    assert (await sign_out(xdr)).revocation is Revocation.GRANT_REVOKED
    assert xdr.server.authorizations[-1] == f"Bearer {ACCESS_TOKEN}"
    assert xdr.server.count_renewals() == 0


async def test_an_expired_access_token_is_renewed_to_end_the_grant(xdr: SessionHarness) -> None:
    await xdr.clock.advance(700)
    assert (await sign_out(xdr)).revocation is Revocation.GRANT_REVOKED
    assert xdr.server.authorizations[-1] == f"Bearer {ACCESS_TOKEN}-1"
    assert xdr.keyring.entries == {}


async def test_a_token_that_the_server_refuses_is_renewed_to_end_the_grant(
    xdr: SessionHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = xdr.server._response

    def respond(path: str, form: dict[str, str]) -> httpx.Response:
        old = xdr.server.authorizations[-1] == f"Bearer {ACCESS_TOKEN}"
        return httpx.Response(401) if path == GRANT and old else answer(path, form)

    monkeypatch.setattr(xdr.server, "_response", respond)
    assert (await sign_out(xdr)).revocation is Revocation.GRANT_REVOKED


async def test_telling_it_again_uses_no_refresh_token_twice(xdr: SessionHarness) -> None:
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


async def test_a_refusal_without_refresh_token_proves_nothing(xdr: SessionHarness) -> None:
    world = SessionHarness(WITH_GRANTS)
    world.server.answers = [{key: TOKENS[key] for key in TOKENS if key != "refresh_token"}]
    world.session.sign_in()
    await world.clock.advance(6)
    world.server.others[GRANT] = httpx.Response(401)
    state = await sign_out(world)
    assert state.revocation is Revocation.FAILED
    assert isinstance(state.revocation_error, errors.InvalidToken)
    await world.close()
    assert not xdr.crashes


async def test_what_the_server_has_ended_already_is_over(xdr: SessionHarness) -> None:
    await xdr.clock.advance(700)
    xdr.server.rotation.revoked = True
    assert (await sign_out(xdr)).revocation is Revocation.REVOKED


async def test_without_refresh_token_an_expired_token_is_over() -> None:
    world = SessionHarness(WITH_GRANTS)
    world.server.answers = [{key: TOKENS[key] for key in TOKENS if key != "refresh_token"}]
    world.session.sign_in()
    await world.clock.advance(700)
    assert (await sign_out(world)).revocation is Revocation.REVOKED
    assert world.server.count_requests(GRANT) == 0
    await world.close()


# When the server cannot be told


async def test_offline_it_is_removed_here_and_said_to_live_on_there(
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


async def test_the_server_can_be_told_again(rfc7009: SessionHarness) -> None:
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


async def test_a_token_that_expired_meanwhile_is_said_to_live_no_more(
    rfc7009: SessionHarness,
) -> None:
    rfc7009.server.offline = True
    await sign_out(rfc7009)
    await rfc7009.clock.advance(700)
    rfc7009.session.revoke_again()
    await settle()
    state = rfc7009.expect(SignedOut)
    assert (state.revocation, state.valid_until) == (Revocation.FAILED, None)


async def test_a_server_that_does_not_answer_holds_nobody_for_long(
    rfc7009: SessionHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.services.session.sign_out._TIMEOUT", 0.01)
    rfc7009.server.hold_requests("/revoke")
    rfc7009.session.sign_out()
    await rfc7009.wait_for_state(SignedOut)
    assert isinstance(rfc7009.expect(SignedOut).revocation_error, errors.NoAnswerInTime)


async def test_a_keyring_that_holds_on_to_the_token_is_told_before_the_server(
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


# Beside other work


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


async def test_what_another_program_has_renewed_is_what_is_revoked(rfc7009: SessionHarness) -> None:
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


async def test_quitting_during_a_renewal_signs_out_all_the_same(rfc7009: SessionHarness) -> None:
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


async def test_a_sign_out_that_failed_leaves_nothing_closed(rfc7009: SessionHarness) -> None:
    rfc7009.keyring.errors["delete"] = KeyringLocked()
    rfc7009.session.sign_out()
    await settle()
    await rfc7009.session.close()
    assert rfc7009.keyring.entries, "nobody removes it behind the person's back"


async def test_a_lock_that_is_never_free_is_told(
    rfc7009: SessionHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rfc7009.locks, tokens_key(PROFILE), TakenLock())
    rfc7009.session.sign_out()
    await settle()
    assert isinstance(rfc7009.expect(Failed).error, SignOutFailed)


async def test_signing_in_again_takes_the_place_of_telling_the_server(
    rfc7009: SessionHarness,
) -> None:
    rfc7009.server.hold_requests("/revoke")
    rfc7009.session.sign_out()
    await settle()
    rfc7009.session.sign_in()
    await settle()
    rfc7009.expect(AwaitingApproval)
    assert rfc7009.server.open == 0

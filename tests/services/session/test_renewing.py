"""A session that stays signed in: one renewal at a time, and only while the token is in use."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest

from desktop.oauth import errors
from desktop.oauth.grants.app_grant import AppGrant
from desktop.services.model.access_token import RENEWAL_TIMEOUT
from desktop.services.model.errors import NoToken, RenewalTimedOut, SignedOutByServer
from desktop.services.model.profile import client_binding, client_secret_key, tokens_key
from desktop.services.model.settings import Settings
from desktop.services.model.states import Failed, SignedIn, SignedOut
from desktop.services.secrets.keystore import KeyringFault, KeyringLocked, KeystoreError
from desktop.services.secrets.secret_encoding import SavedTokens, decode_tokens
from desktop.services.session.renewal import Refresher
from desktop.services.token import queries
from tests.services.harness import (
    ACCESS_TOKEN,
    HOST,
    PROFILE,
    REFRESH_TOKEN,
    START,
    TOKENS,
    SessionHarness,
    TakenLock,
    saved_client_secret,
    settle,
)


@pytest.fixture
async def harness() -> AsyncIterator[SessionHarness]:
    """Sign in. After 6 seconds there is a token with a lifetime of 600, due at 485."""
    made = SessionHarness()
    await made.sign_in()
    yield made
    await made.close()
    assert made.server.open == 0
    assert not made.crashes
    assert made.server.rotation.reused == 0


def saved(harness: SessionHarness) -> SavedTokens:
    found = decode_tokens(
        harness.keyring.entries[tokens_key(PROFILE)], issued_for=client_binding(PROFILE)
    )
    assert found is not None
    return found


async def copied(harness: SessionHarness, *, within: float = 0) -> str:
    """Copy the token, and let `within` seconds pass meanwhile."""
    copying = asyncio.ensure_future(harness.session.fetch_token())
    await harness.clock.advance(within)
    return (await copying).access_token


# When it is renewed


async def test_a_visible_token_is_renewed_before_it_expires(harness: SessionHarness) -> None:
    harness.session.set_visible(visible=True)
    await settle()
    assert harness.expect(SignedIn).renews_at == START + timedelta(seconds=485)
    await harness.clock.advance(478)
    assert harness.server.count_renewals() == 0
    await harness.clock.advance(2)
    assert harness.server.count_renewals() == 1
    assert harness.session.access_token() == f"{ACCESS_TOKEN}-1"
    assert harness.expect(SignedIn).remaining(harness.clock.utc()) == pytest.approx(600, abs=2)


async def test_an_unused_token_expires_quietly(harness: SessionHarness) -> None:
    harness.session.set_visible(visible=True)
    await harness.clock.advance(60)
    harness.session.set_visible(visible=False)
    await harness.clock.advance(8 * 3600)
    assert harness.server.count_renewals() == 0
    state = harness.expect(SignedIn)
    assert (state.renewable, state.renews_at) == (True, None)
    assert state.remaining(harness.clock.utc()) == 0


async def test_the_next_copy_renews_an_expired_token(harness: SessionHarness) -> None:
    await harness.clock.advance(3600)
    assert await copied(harness) == f"{ACCESS_TOKEN}-1"
    assert harness.server.count_renewals() == 1


async def test_a_copy_keeps_it_fresh_for_the_time_in_the_settings(harness: SessionHarness) -> None:
    harness.session.apply(Settings(in_use_minutes=10))
    assert await copied(harness) == ACCESS_TOKEN
    await harness.clock.advance(3600)
    assert harness.server.count_renewals() == 1, "at 485 seconds, and no more after ten minutes"


async def test_always_fresh_is_a_setting(harness: SessionHarness) -> None:
    harness.session.apply(Settings(keep_fresh=True))
    await harness.clock.advance(3600)
    assert harness.server.count_renewals() == 7


async def test_an_hour_of_steady_copying_takes_seven_renewals_at_most(
    harness: SessionHarness,
) -> None:
    for _ in range(60):
        await copied(harness)
        await harness.clock.advance(60)
    assert harness.server.count_renewals() == 7


async def test_a_copy_of_a_token_that_is_due_renews_it_first(harness: SessionHarness) -> None:
    await harness.clock.advance(500)
    assert await copied(harness) == f"{ACCESS_TOKEN}-1"


async def test_it_can_be_renewed_at_any_time(harness: SessionHarness) -> None:
    harness.session.renew()
    await settle()
    assert harness.session.access_token() == f"{ACCESS_TOKEN}-1"


async def test_the_state_shows_a_renewal_in_progress(harness: SessionHarness) -> None:
    gate = harness.server.hold_requests("/token")
    harness.session.renew()
    await settle()
    state = harness.expect(SignedIn)
    assert state.renewing
    assert state.remaining(harness.clock.utc()) == pytest.approx(600, abs=2)
    gate.set()
    await settle()
    assert not harness.expect(SignedIn).renewing


# One at a time


async def test_many_callers_cause_one_request(harness: SessionHarness) -> None:
    await harness.clock.advance(700)
    copies = [asyncio.ensure_future(harness.session.fetch_token()) for _ in range(50)]
    harness.session.renew()
    harness.session.set_visible(visible=True)
    found = await asyncio.gather(*copies)
    assert {each.access_token for each in found} == {f"{ACCESS_TOKEN}-1"}
    assert harness.server.count_renewals() == 1


async def test_another_program_uses_the_saved_renewal(harness: SessionHarness) -> None:
    other = SessionHarness(beside=harness)
    other.session.open()
    await settle()
    for each in (harness, other):
        each.session.set_visible(visible=True)
    await harness.clock.advance(479)
    await settle()
    assert harness.server.count_renewals() == 1
    assert {each.session.access_token() for each in (harness, other)} == {f"{ACCESS_TOKEN}-1"}
    await other.close()


async def test_an_old_token_of_another_program_is_renewed(
    harness: SessionHarness,
) -> None:
    other = SessionHarness(beside=harness)
    other.session.open()
    await settle()
    harness.session.renew()
    await harness.clock.advance(700)
    assert await copied(other) == f"{ACCESS_TOKEN}-2"
    assert harness.server.rotation.used == [REFRESH_TOKEN, f"{REFRESH_TOKEN}-1"]
    await other.close()


async def test_a_sign_in_is_not_replaced_by_what_another_program_renews(
    harness: SessionHarness,
) -> None:
    other = SessionHarness(beside=harness)
    other.session.open()
    await settle()
    gate = harness.keyring.gates["save"] = asyncio.Event()
    other.session.renew()
    await settle()
    harness.session.sign_in()
    await harness.clock.advance(6)
    gate.set()
    await settle()
    assert saved(harness).tokens.access_token == ACCESS_TOKEN
    await other.close()


async def test_a_sign_in_is_saved_even_if_another_program_never_frees_the_lock(
    harness: SessionHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(harness.locks, tokens_key(PROFILE), TakenLock())
    harness.session.sign_in()
    await harness.clock.advance(6)
    harness.expect(SignedIn)
    assert saved(harness).tokens.issued_at > START + timedelta(seconds=5)


async def test_a_sign_out_by_another_program_counts_here(harness: SessionHarness) -> None:
    other = SessionHarness(beside=harness)
    other.session.open()
    await settle()
    other.session.sign_out()
    await settle()
    harness.session.renew()
    await settle()
    assert harness.state == SignedOut()
    assert harness.server.count_renewals() == 0
    await other.close()


async def test_an_answer_without_a_new_refresh_token_keeps_the_old(harness: SessionHarness) -> None:
    harness.server.rotation.rotates = False
    for _ in range(3):
        harness.session.renew()
        await settle()
    assert harness.server.rotation.used == [REFRESH_TOKEN] * 3
    assert saved(harness).tokens.refresh_token == REFRESH_TOKEN


async def test_new_tokens_are_saved_before_they_are_announced(harness: SessionHarness) -> None:
    gate = harness.keyring.gates["save"] = asyncio.Event()
    harness.session.renew()
    await settle()
    assert harness.server.count_renewals() == 1
    assert harness.expect(SignedIn).renewing
    gate.set()
    await settle()
    assert saved(harness).tokens.access_token == f"{ACCESS_TOKEN}-1"


async def test_a_renewal_is_not_lost_to_another_command(harness: SessionHarness) -> None:
    gate = harness.server.hold_requests("/token")
    harness.session.renew()
    await settle()
    harness.session.save_again()
    await settle()
    gate.set()
    await settle()
    assert saved(harness).tokens.refresh_token == f"{REFRESH_TOKEN}-1"
    harness.session.renew()
    await settle()
    assert harness.server.rotation.used == [REFRESH_TOKEN, f"{REFRESH_TOKEN}-1"]


async def test_quitting_waits_for_tokens_that_the_server_has_issued(
    harness: SessionHarness,
) -> None:
    gate = harness.server.hold_requests("/token")
    harness.session.renew()
    await settle()
    closing = asyncio.ensure_future(harness.session.close())
    await settle()
    assert not closing.done()
    gate.set()
    await closing
    assert saved(harness).tokens.refresh_token == f"{REFRESH_TOKEN}-1"


async def test_quitting_does_not_wait_for_ever(
    harness: SessionHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.services.session.session.CLOSE_RENEWAL_TIMEOUT", 0.01)
    harness.server.hold_requests("/token")
    harness.session.renew()
    await settle()
    await harness.session.close()
    assert harness.server.open == 0


# What could not be saved


async def test_a_window_that_could_not_save_does_not_replace_a_newer_sign_in(
    harness: SessionHarness,
) -> None:
    harness.keyring.errors["save"] = KeyringFault("full")
    await renewed(harness)
    assert harness.expect(SignedIn).save_error is not None
    del harness.keyring.errors["save"]
    other = SessionHarness(beside=harness)
    other.server.answers = [TOKENS | {"access_token": "newer", "refresh_token": "newer-refresh"}]
    other.session.sign_in()
    await other.clock.advance(6)
    assert saved(harness).tokens.access_token == "newer"
    await renewed(harness)
    assert saved(harness).tokens.access_token == "newer"
    assert harness.session.access_token() == "newer"
    assert harness.expect(SignedIn).save_error is None
    await other.close()


async def test_what_could_not_be_saved_is_not_given_up_for_what_was_saved_before(
    harness: SessionHarness,
) -> None:
    harness.keyring.errors["save"] = KeyringFault("full")
    await renewed(harness)
    await renewed(harness)
    harness.session.reload()
    await settle()
    assert harness.session.access_token() == f"{ACCESS_TOKEN}-2"
    assert harness.expect(SignedIn).save_error is not None
    del harness.keyring.errors["save"]
    await renewed(harness)
    assert saved(harness).tokens.access_token == f"{ACCESS_TOKEN}-3"
    assert harness.server.rotation.reused == 0


async def test_a_locked_keyring_is_not_asked_before_a_renewal(harness: SessionHarness) -> None:
    harness.keyring.errors["save"] = KeyringLocked()
    await renewed(harness)
    harness.keyring.operations.clear()
    await renewed(harness)
    assert harness.keyring.operations == []


async def renewed(harness: SessionHarness) -> None:
    harness.session.renew()
    await settle()


async def quit_at_once(harness: SessionHarness) -> None:
    """Quit, which has to end without any time passing."""
    closing = asyncio.ensure_future(harness.session.close())
    await settle()
    assert closing.done()
    await closing


async def test_a_renewal_that_waits_for_the_keyring_sends_nothing_once_the_app_quits(
    harness: SessionHarness,
) -> None:
    """What is sent late is not answered in time, and the next start repeats it."""
    gate = harness.keyring.gates["load"] = asyncio.Event()
    harness.session.renew()
    await settle()
    await quit_at_once(harness)
    gate.set()
    await settle()
    assert harness.server.count_renewals() == 0


async def test_a_renewal_that_waits_for_another_program_sends_nothing_once_the_app_quits(
    harness: SessionHarness,
) -> None:
    lock = harness.locks[tokens_key(PROFILE)]
    await lock.acquire()
    harness.session.renew()
    await settle()
    await quit_at_once(harness)
    lock.release()
    await settle()
    assert harness.server.count_renewals() == 0


async def test_a_refused_renewal_is_not_repeated_once_the_app_quits(
    harness: SessionHarness,
) -> None:
    gate = harness.server.hold_requests("/token")
    harness.server.rotation.troubles = [httpx.Response(400)]
    harness.session.renew()
    await settle()
    closing = asyncio.ensure_future(harness.session.close())
    await settle()
    assert not closing.done()
    gate.set()
    await settle()
    assert closing.done()
    await harness.clock.advance(2)
    assert harness.server.count_renewals() == 1


async def test_nothing_is_renewed_for_a_program_that_asks_while_the_app_quits(
    harness: SessionHarness,
) -> None:
    await harness.session.close()
    await harness.clock.advance(700)
    with pytest.raises(NoToken):
        await harness.session.fetch_token()
    assert harness.server.count_renewals() == 0


async def test_a_program_that_waits_for_a_renewal_learns_that_the_app_quits(
    harness: SessionHarness,
) -> None:
    await harness.clock.advance(700)
    harness.keyring.gates["load"] = asyncio.Event()
    asking = asyncio.ensure_future(harness.session.fetch_token())
    await settle()
    await harness.session.close()
    with pytest.raises(NoToken):
        await asking


# Copying during a renewal


async def test_a_copy_during_a_renewal_waits_for_the_new_token(harness: SessionHarness) -> None:
    gate = harness.server.hold_requests("/token")
    harness.session.renew()
    await settle()
    copying = asyncio.ensure_future(harness.session.fetch_token())
    await settle()
    assert not copying.done()
    gate.set()
    assert (await copying).access_token == f"{ACCESS_TOKEN}-1"


async def test_after_some_seconds_a_copy_gets_the_old_valid_token(
    harness: SessionHarness,
) -> None:
    harness.server.hold_requests("/token")
    harness.session.renew()
    await settle()
    assert await copied(harness, within=RENEWAL_TIMEOUT) == ACCESS_TOKEN
    harness.server.gates["/token"].set()


async def test_a_copy_of_an_expired_token_times_out(harness: SessionHarness) -> None:
    await harness.clock.advance(700)
    gate = harness.server.hold_requests("/token")
    with pytest.raises(RenewalTimedOut):
        await copied(harness, within=RENEWAL_TIMEOUT)
    gate.set()
    await settle()
    assert harness.session.access_token() == f"{ACCESS_TOKEN}-1", "it came all the same"


async def test_canceling_a_copy_does_not_cancel_the_renewal(harness: SessionHarness) -> None:
    gate = harness.server.hold_requests("/token")
    harness.session.renew()
    await settle()
    copying = asyncio.ensure_future(harness.session.fetch_token())
    await settle()
    copying.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await copying
    gate.set()
    await settle()
    assert harness.session.access_token() == f"{ACCESS_TOKEN}-1"


async def test_there_is_nothing_to_copy_when_signed_out(harness: SessionHarness) -> None:
    harness.session.sign_out()
    with pytest.raises(NoToken):
        await harness.session.fetch_token()
    await settle()
    with pytest.raises(NoToken):
        await harness.session.fetch_token()


async def test_an_expired_token_that_cannot_be_renewed_is_not_given() -> None:
    harness = SessionHarness()
    harness.server.answers = [{key: TOKENS[key] for key in TOKENS if key != "refresh_token"}]
    harness.session.sign_in()
    await harness.clock.advance(6)
    assert not harness.expect(SignedIn).renewable
    harness.session.renew()
    await harness.clock.advance(700)
    with pytest.raises(NoToken) as caught:
        await harness.session.fetch_token()
    assert caught.value.profile_id == PROFILE.id
    assert harness.server.count_renewals() == 0
    await harness.close()


# Failures


async def test_a_rejected_refresh_token_is_shown_and_removed(harness: SessionHarness) -> None:
    harness.server.rotation.revoked = True
    harness.session.set_visible(visible=True)
    await harness.clock.advance(480)
    state = harness.expect(Failed)
    assert isinstance(state.error, SignedOutByServer)
    assert isinstance(state.error.__cause__, errors.InvalidGrant)
    assert harness.keyring.entries == {}
    assert harness.session.access_token() is None


async def test_a_copy_fails_when_the_refresh_token_is_rejected(harness: SessionHarness) -> None:
    await harness.clock.advance(700)
    harness.server.rotation.revoked = True
    with pytest.raises(SignedOutByServer):
        await copied(harness)
    await settle()
    assert isinstance(harness.expect(Failed).error, SignedOutByServer)


async def test_a_keyring_error_while_removing_a_rejected_token_is_harmless(
    harness: SessionHarness,
) -> None:
    harness.server.rotation.revoked = True
    harness.keyring.errors["delete"] = KeyringLocked()
    harness.session.renew()
    await settle()
    assert isinstance(harness.expect(Failed).error, SignedOutByServer)


async def test_a_refusal_is_shown_and_not_retried(harness: SessionHarness) -> None:
    harness.server.rotation.troubles = [{"error": "unauthorized_client"}] * 2
    harness.session.set_visible(visible=True)
    await harness.clock.advance(590)
    state = harness.expect(SignedIn)
    assert isinstance(state.trouble, errors.UnauthorizedClient)
    assert (state.next_at, state.renews_at) == (None, None)
    assert harness.server.count_renewals() == 1
    harness.session.renew()
    await settle()
    assert harness.server.count_renewals() == 2


async def test_retry_after_applies_to_manual_renewals_too(harness: SessionHarness) -> None:
    busy = httpx.Response(429, headers={"Retry-After": "120s"}, json={"error": "too_many"})
    harness.server.rotation.troubles = [busy]
    harness.session.set_visible(visible=True)
    await harness.clock.advance(480)
    state = harness.expect(SignedIn)
    assert isinstance(state.trouble, errors.Throttled)
    assert state.next_at is not None
    harness.session.renew()
    harness.session.wake()
    assert await copied(harness) == ACCESS_TOKEN
    await harness.clock.advance(118)
    assert harness.server.count_renewals() == 1
    await harness.clock.advance(3)
    assert harness.server.count_renewals() == 2
    assert harness.expect(SignedIn).trouble is None


async def test_pauses_grow_while_offline_and_end_with_the_network(
    harness: SessionHarness,
) -> None:
    harness.jitter = 0.999
    harness.session.renew()
    await settle()
    harness.server.offline = True
    harness.session.set_visible(visible=True)
    await harness.clock.advance(600)
    asked = harness.server.count_renewals()
    assert 2 <= asked <= 8
    assert isinstance(harness.expect(SignedIn).trouble, errors.TransportFailure)
    harness.server.offline = False
    harness.session.wake()
    await settle()
    assert harness.server.count_renewals() == asked + 1
    assert harness.expect(SignedIn).trouble is None


async def test_the_time_of_the_next_attempt_is_shown(harness: SessionHarness) -> None:
    harness.session.set_visible(visible=True)
    harness.server.offline = True
    harness.session.renew()
    await harness.clock.advance(60)
    due = harness.expect(SignedIn).next_at
    assert due == START + timedelta(seconds=485), "not before it is due"
    assert harness.server.count_renewals() == 1
    await harness.clock.advance((due - harness.clock.utc()).total_seconds() + 1)
    assert harness.server.count_renewals() == 2


async def test_a_failure_of_an_unused_token_is_not_retried(harness: SessionHarness) -> None:
    harness.server.offline = True
    harness.session.renew()
    await harness.clock.advance(3600)
    assert harness.server.count_renewals() == 1
    assert harness.expect(SignedIn).next_at is None


async def test_a_valid_token_is_copied_despite_a_failed_renewal(harness: SessionHarness) -> None:
    harness.server.offline = True
    await harness.clock.advance(500)
    assert await copied(harness) == ACCESS_TOKEN
    await harness.clock.advance(200)
    with pytest.raises(errors.TransportFailure):
        await copied(harness)


async def test_retry_after_applies_after_a_reload_too(harness: SessionHarness) -> None:
    busy = httpx.Response(429, headers={"Retry-After": "120s"}, json={"error": "too_many"})
    harness.server.rotation.troubles = [busy]
    harness.session.set_visible(visible=True)
    await harness.clock.advance(480)
    harness.session.reload()
    await harness.clock.advance(118)
    assert harness.server.count_renewals() == 1
    assert isinstance(harness.expect(SignedIn).trouble, errors.Throttled)
    await harness.clock.advance(3)
    assert harness.server.count_renewals() == 2


async def test_without_the_keyring_its_tokens_are_not_renewed_in_memory(
    harness: SessionHarness,
) -> None:
    """The next start would find the old refresh token and use it again."""
    harness.session.continue_without_keyring()
    await settle()
    harness.session.cancel()
    await settle()
    harness.expect(SignedOut)
    assert saved(harness).tokens.refresh_token == REFRESH_TOKEN
    assert harness.server.count_renewals() == 0


async def test_what_is_only_in_memory_stays_there_without_the_keyring(
    harness: SessionHarness,
) -> None:
    harness.keyring.errors = {"save": KeyringLocked()}
    harness.session.renew()
    await settle()
    harness.session.continue_without_keyring()
    await settle()
    harness.session.cancel()
    await settle()
    harness.expect(SignedIn)
    assert harness.session.access_token() == f"{ACCESS_TOKEN}-1"


async def test_the_refusal_of_a_token_in_memory_leaves_what_another_program_saved(
    harness: SessionHarness,
) -> None:
    harness.session.continue_without_keyring()
    await harness.clock.advance(6)
    value = harness.keyring.entries[tokens_key(PROFILE)]
    another = value.replace(REFRESH_TOKEN, "another-SECRET")
    harness.keyring.entries[tokens_key(PROFILE)] = another
    harness.server.rotation.revoked = True
    harness.session.renew()
    await settle()
    assert isinstance(harness.expect(Failed).error, SignedOutByServer)
    assert harness.keyring.entries == {tokens_key(PROFILE): another}


@pytest.mark.parametrize("error", [KeyringLocked(), KeyringFault("no")], ids=repr)
async def test_without_the_keyring_the_session_goes_on_in_memory(
    harness: SessionHarness, error: KeystoreError
) -> None:
    harness.keyring.errors = {"load": error, "save": error}
    harness.session.renew()
    await settle()
    assert harness.expect(SignedIn).save_error is error
    assert harness.session.access_token() == f"{ACCESS_TOKEN}-1"
    harness.session.renew()
    await settle()
    assert harness.session.access_token() == f"{ACCESS_TOKEN}-2"
    harness.keyring.errors = {}
    harness.session.save_again()
    await settle()
    assert harness.expect(SignedIn).save_error is None
    assert saved(harness).tokens.access_token == f"{ACCESS_TOKEN}-2"


async def test_a_locked_keyring_does_not_prompt_at_every_renewal(harness: SessionHarness) -> None:
    harness.keyring.errors = {"load": KeyringLocked(), "save": KeyringLocked()}
    harness.session.renew()
    await settle()
    harness.keyring.errors = {}
    asked = len(harness.keyring.operations)
    harness.session.renew()
    await settle()
    assert harness.session.access_token() == f"{ACCESS_TOKEN}-2"
    assert len(harness.keyring.operations) == asked


async def test_tokens_saved_before_the_clock_was_set_back_count_as_expired(
    harness: SessionHarness,
) -> None:
    other = SessionHarness(beside=harness)
    other.session.open()
    await settle()
    await harness.clock.advance(60)
    other.session.renew()
    await settle()
    harness.clock.set_wall_clock(-1800)
    harness.session.renew()
    await settle()
    left = harness.expect(SignedIn).remaining(harness.clock.utc())
    assert left is not None
    assert left <= 600
    await other.close()


async def test_the_client_secret_is_read_again_after_a_rejection() -> None:
    harness = SessionHarness(replace(PROFILE, client_authentication="client_secret_post"))
    key = client_secret_key(PROFILE)
    harness.keyring._values[key] = saved_client_secret("old", PROFILE)
    await harness.sign_in()
    harness.server.rotation.troubles = [{"error": "invalid_client"}]
    harness.session.renew()
    await settle()
    assert isinstance(harness.expect(SignedIn).trouble, errors.InvalidClient)
    harness.keyring._values[key] = saved_client_secret("new", PROFILE)
    harness.session.renew()
    await settle()
    assert harness.expect(SignedIn).trouble is None
    assert harness.server.requests[-1][1]["client_secret"] == "new"
    await harness.close()


async def test_a_copy_raises_an_unexpected_error_of_the_renewal() -> None:
    harness = SessionHarness()
    await harness.sign_in()
    await harness.clock.advance(700)
    harness.server.rotation.troubles = [RuntimeError("unheard of")]
    with pytest.raises(RuntimeError):
        await copied(harness)
    await settle()
    await harness.close()


async def test_quitting_during_a_renewal_takes_no_longer_than_that(
    harness: SessionHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.services.session.session.CLOSE_SAVE_TIMEOUT", 3600)
    gate = harness.keyring.gates["save"] = asyncio.Event()
    harness.session.renew()
    await settle()
    closing = asyncio.ensure_future(harness.session.close())
    await settle()
    gate.set()
    await closing
    assert saved(harness).tokens.access_token == f"{ACCESS_TOKEN}-1"


async def test_without_a_keyring_it_is_renewed_in_memory() -> None:
    harness = SessionHarness()
    harness.keyring.errors = {"load": KeyringLocked(), "save": KeyringLocked()}
    harness.session.open()
    await settle()
    harness.server.answers = [TOKENS]
    harness.session.continue_without_keyring()
    await harness.clock.advance(6)
    harness.session.renew()
    await settle()
    assert harness.session.access_token() == f"{ACCESS_TOKEN}-1"
    await harness.close()


async def test_an_unexpected_error_of_a_renewal_is_reported_and_shown() -> None:
    harness = SessionHarness()
    await harness.sign_in()
    harness.server.rotation.troubles = [RuntimeError("unheard of")]
    harness.session.renew()
    await settle()
    assert isinstance(harness.expect(Failed).error, RuntimeError)
    assert len(harness.crashes) == 1
    harness.session.retry()
    await settle()
    harness.expect(SignedIn)
    await harness.close()


# Time


async def test_after_a_sleep_past_expiry_it_is_renewed_at_the_next_tick(
    harness: SessionHarness,
) -> None:
    harness.session.set_visible(visible=True)
    await settle()
    harness.clock.set_wall_clock(14 * 60)
    assert harness.expect(SignedIn).remaining(harness.clock.utc()) == 0
    harness.session.check_clock()
    await settle()
    assert harness.session.access_token() == f"{ACCESS_TOKEN}-1"


async def test_after_a_night_it_is_renewed_when_somebody_touches_the_window(
    harness: SessionHarness,
) -> None:
    harness.session.set_visible(visible=True)
    await settle()
    harness.clock.set_wall_clock(8 * 3600)
    harness.session.check_clock()
    await settle()
    assert harness.server.count_renewals() == 0
    harness.session.set_visible(visible=True)
    await settle()
    assert harness.session.access_token() == f"{ACCESS_TOKEN}-1"


async def test_a_clock_that_was_set_back_extends_no_token(harness: SessionHarness) -> None:
    await harness.clock.advance(100)
    harness.clock.set_wall_clock(-3600)
    harness.session.check_clock()
    await settle()
    left = harness.expect(SignedIn).remaining(harness.clock.utc())
    assert left == pytest.approx(498, abs=3)
    await harness.clock.advance(500)
    assert harness.session.access_token() is None


async def test_a_copy_checks_the_clock_first(harness: SessionHarness) -> None:
    await harness.clock.advance(700)
    harness.clock.set_wall_clock(-3600)
    assert await copied(harness) == f"{ACCESS_TOKEN}-1"


async def test_a_token_from_the_future_counts_as_expired(
    harness: SessionHarness,
) -> None:
    harness.clock.set_wall_clock(-3600)
    session = harness.new_session()
    session.open()
    await settle()
    assert session.access_token() is None
    assert (await session.fetch_token()).access_token == f"{ACCESS_TOKEN}-1"


async def test_a_clock_offset_is_shown(harness: SessionHarness) -> None:
    date = format_datetime(harness.clock.utc() - timedelta(seconds=300), usegmt=True)
    answer = httpx.Response(200, json=TOKENS, headers={"Date": date})
    harness.server.rotation.troubles = [answer]
    harness.session.renew()
    await settle()
    assert harness.expect(SignedIn).clock_offset == pytest.approx(300, abs=2)


# The next run


async def test_a_stored_session_comes_back_signed_in_and_renews_on_first_use(
    harness: SessionHarness,
) -> None:
    await harness.session.close()
    await harness.clock.advance(3600)
    session = harness.new_session()
    session.open()
    await settle()
    state = harness.expect(SignedIn)
    assert (state.remaining(harness.clock.utc()), state.renewable) == (0, True)
    assert harness.server.count_renewals() == 0
    assert await copied(harness) == f"{ACCESS_TOKEN}-1"


async def test_opened_quietly_it_does_not_sign_in() -> None:
    harness = SessionHarness()
    harness.session.open(quietly=True)
    await settle()
    assert harness.state == SignedOut()
    assert harness.server.requests == []
    await harness.close()


async def test_opened_quietly_it_shows_the_saved_token(harness: SessionHarness) -> None:
    session = harness.new_session()
    session.open(quietly=True)
    await settle()
    harness.expect(SignedIn)


# Queries

WHOAMI = {"user": {"user-email": "dana@northwind.example"}}


async def test_userinfo_is_fetched_from_the_profile_endpoint() -> None:
    profile = replace(PROFILE, userinfo_endpoint=f"https://{HOST}/whoami")
    harness = SessionHarness(profile)
    harness.server.others["/whoami"] = WHOAMI
    await harness.sign_in()
    assert await harness.session.query(queries.fetch_userinfo) == WHOAMI
    assert harness.server.authorizations[-1] == f"Bearer {ACCESS_TOKEN}"
    await harness.close()


async def test_without_a_userinfo_endpoint_nothing_is_fetched(harness: SessionHarness) -> None:
    assert await harness.session.query(queries.fetch_userinfo) == {}


async def test_the_userinfo_endpoint_may_come_from_the_metadata() -> None:
    harness = SessionHarness()
    harness.server.metadata["userinfo_endpoint"] = f"https://{HOST}/me"
    harness.server.others["/me"] = WHOAMI
    await harness.sign_in()
    assert await harness.session.query(queries.fetch_userinfo) == WHOAMI
    await harness.close()


async def test_app_grants_are_fetched_from_the_profile_endpoint() -> None:
    harness = SessionHarness(replace(PROFILE, app_grant_endpoint=f"https://{HOST}/app-grant"))
    harness.server.others["/grant-status"] = {"granted": True, "scopes": ["read"]}
    await harness.sign_in()
    found = await harness.session.query(queries.fetch_app_grant)
    assert found == AppGrant(granted=True, scope=("read",), since=None)
    assert harness.server.authorizations[-1] == f"Bearer {ACCESS_TOKEN}"
    await harness.close()


async def test_without_an_app_grant_endpoint_nothing_is_fetched(harness: SessionHarness) -> None:
    assert await harness.session.query(queries.fetch_app_grant) is None


async def test_a_rejected_token_is_renewed_once() -> None:
    profile = replace(PROFILE, userinfo_endpoint=f"https://{HOST}/whoami")
    harness = SessionHarness(profile)
    await harness.sign_in()
    await harness.clock.advance(60)
    harness.server.others["/whoami"] = httpx.Response(401)
    with pytest.raises(errors.InvalidToken):
        await harness.session.query(queries.fetch_userinfo)
    assert harness.server.count_renewals() == 1
    assert harness.server.authorizations[-1] == f"Bearer {ACCESS_TOKEN}-1"
    await harness.close()


async def test_an_opaque_token_has_no_claims(harness: SessionHarness) -> None:
    assert harness.session.claims() == {}
    harness.session.sign_out()
    await settle()
    assert harness.session.claims() == {}


async def test_a_new_sign_in_waits_for_a_renewal_in_progress(
    harness: SessionHarness,
) -> None:
    gate = harness.server.hold_requests("/token")
    harness.session.renew()
    await settle()
    harness.session.sign_in()
    await settle()
    assert harness.server.count_requests("/device") == 1, "the one of before"
    gate.set()
    await harness.clock.advance(6)
    assert harness.server.count_requests("/device") == 2
    assert saved(harness).tokens.access_token == ACCESS_TOKEN


async def test_a_token_that_never_expires_is_left_alone_by_a_clock_that_was_set_back() -> None:
    harness = SessionHarness()
    harness.server.answers = [{key: value for key, value in TOKENS.items() if key != "expires_in"}]
    harness.session.sign_in()
    await harness.clock.advance(6)
    before = harness.expect(SignedIn)
    harness.clock.set_wall_clock(-3600)
    harness.session.check_clock()
    await settle()
    assert harness.expect(SignedIn) == before
    assert harness.session.access_token() == ACCESS_TOKEN
    await harness.close()


async def test_a_renewal_without_any_token_says_so(harness: SessionHarness) -> None:
    provider, store = harness.session._provider, harness.session._store
    store.held = None
    with pytest.raises(NoToken):
        await Refresher(provider, store, harness.clock).refresh()
    assert harness.server.count_renewals() == 0


async def test_a_clock_that_was_set_back_while_nothing_is_held_changes_nothing(
    harness: SessionHarness,
) -> None:
    harness.session.sign_in()
    await harness.clock.advance(6)
    renewer, store = harness.session._renewer, harness.session._store
    store.held = None
    harness.clock.set_wall_clock(-3600)
    renewer._correct_clock()
    assert store.held is None
    renewer._correct_clock()
    assert not renewer._wall_clock.was_set_back, "the new time counts from now on"

"""A session that stays signed in: one renewal at a time, only while the token is in use."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest

from desktop.oauth import errors
from desktop.oauth.app_grant import AppGrant
from desktop.services.model.errors import NoToken, RenewalTimedOut, SignedOutByServer
from desktop.services.model.profile import client_binding, client_secret_key, tokens_key
from desktop.services.model.settings import Settings
from desktop.services.model.states import Failed, SignedIn, SignedOut
from desktop.services.secrets.keystore import KeyringFault, KeyringLocked, KeystoreError
from desktop.services.secrets.secret_encoding import SavedTokens, decode_tokens
from desktop.services.session.provider import Provider
from desktop.services.session.renewal import Refresher
from desktop.services.session.token_requirement import RENEWAL_TIMEOUT
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
async def world() -> AsyncIterator[SessionHarness]:
    """Be signed in since 6 seconds, with a token of 600 that falls due at 485."""
    made = SessionHarness()
    await made.sign_in()
    yield made
    await made.close()
    assert made.server.open == 0
    assert not made.crashes
    assert made.server.rotation.reused == 0


def saved(world: SessionHarness) -> SavedTokens:
    found = decode_tokens(
        world.keyring.entries[tokens_key(PROFILE)], issued_for=client_binding(PROFILE)
    )
    assert found is not None
    return found


async def copied(world: SessionHarness, *, within: float = 0) -> str:
    """Copy the token; let `within` seconds pass while that takes."""
    copying = asyncio.ensure_future(world.session.fetch_token())
    await world.clock.advance(within)
    return (await copying).access_token


# When


async def test_in_sight_it_is_renewed_before_it_expires(world: SessionHarness) -> None:
    world.session.set_visible(visible=True)
    await settle()
    assert world.expect(SignedIn).renews_at == START + timedelta(seconds=485)
    await world.clock.advance(478)
    assert world.server.count_renewals() == 0
    await world.clock.advance(2)
    assert world.server.count_renewals() == 1
    assert world.session.access_token() == f"{ACCESS_TOKEN}-1"
    assert world.expect(SignedIn).remaining(world.clock.utc()) == pytest.approx(600, abs=2)


async def test_out_of_sight_and_unused_it_lapses_quietly(world: SessionHarness) -> None:
    world.session.set_visible(visible=True)
    await world.clock.advance(60)
    world.session.set_visible(visible=False)
    await world.clock.advance(8 * 3600)
    assert world.server.count_renewals() == 0
    state = world.expect(SignedIn)
    assert (state.renewable, state.renews_at) == (True, None)
    assert state.remaining(world.clock.utc()) == 0


async def test_the_next_copy_renews_what_has_lapsed(world: SessionHarness) -> None:
    await world.clock.advance(3600)
    assert await copied(world) == f"{ACCESS_TOKEN}-1"
    assert world.server.count_renewals() == 1


async def test_a_copy_keeps_it_fresh_for_as_long_as_is_set(world: SessionHarness) -> None:
    world.session.apply(Settings(in_use_minutes=10))
    assert await copied(world) == ACCESS_TOKEN
    await world.clock.advance(3600)
    assert world.server.count_renewals() == 1, "at 485 seconds, and no more after ten minutes"


async def test_always_fresh_is_a_setting(world: SessionHarness) -> None:
    world.session.apply(Settings(keep_fresh=True))
    await world.clock.advance(3600)
    assert world.server.count_renewals() == 7


async def test_an_hour_of_steady_copying_takes_seven_renewals_at_most(
    world: SessionHarness,
) -> None:
    for _ in range(60):
        await copied(world)
        await world.clock.advance(60)
    assert world.server.count_renewals() == 7


async def test_a_copy_of_a_token_that_is_due_renews_it_first(world: SessionHarness) -> None:
    await world.clock.advance(500)
    assert await copied(world) == f"{ACCESS_TOKEN}-1"


async def test_by_hand_it_is_renewed_at_any_time(world: SessionHarness) -> None:
    world.session.renew()
    await settle()
    assert world.session.access_token() == f"{ACCESS_TOKEN}-1"


async def test_while_it_is_renewed_the_state_says_so_and_stays(world: SessionHarness) -> None:
    gate = world.server.hold_requests("/token")
    world.session.renew()
    await settle()
    state = world.expect(SignedIn)
    assert state.renewing
    assert state.remaining(world.clock.utc()) == pytest.approx(600, abs=2)
    gate.set()
    await settle()
    assert not world.expect(SignedIn).renewing


# One at a time


async def test_however_many_ask_there_is_one_request(world: SessionHarness) -> None:
    await world.clock.advance(700)
    copies = [asyncio.ensure_future(world.session.fetch_token()) for _ in range(50)]
    world.session.renew()
    world.session.set_visible(visible=True)
    found = await asyncio.gather(*copies)
    assert {each.access_token for each in found} == {f"{ACCESS_TOKEN}-1"}
    assert world.server.count_renewals() == 1


async def test_another_program_reads_what_the_first_has_stored(world: SessionHarness) -> None:
    other = SessionHarness(beside=world)
    other.session.open()
    await settle()
    for each in (world, other):
        each.session.set_visible(visible=True)
    await world.clock.advance(479)
    await settle()
    assert world.server.count_renewals() == 1
    assert {each.session.access_token() for each in (world, other)} == {f"{ACCESS_TOKEN}-1"}
    await other.close()


async def test_what_another_program_stored_is_renewed_if_that_is_old_too(
    world: SessionHarness,
) -> None:
    other = SessionHarness(beside=world)
    other.session.open()
    await settle()
    world.session.renew()
    await world.clock.advance(700)
    assert await copied(other) == f"{ACCESS_TOKEN}-2"
    assert world.server.rotation.used == [REFRESH_TOKEN, f"{REFRESH_TOKEN}-1"]
    await other.close()


async def test_a_sign_in_is_not_replaced_by_what_another_program_renews(
    world: SessionHarness,
) -> None:
    other = SessionHarness(beside=world)
    other.session.open()
    await settle()
    gate = world.keyring.gates["save"] = asyncio.Event()
    other.session.renew()
    await settle()
    world.session.sign_in()
    await world.clock.advance(6)
    gate.set()
    await settle()
    assert saved(world).tokens.access_token == ACCESS_TOKEN
    await other.close()


async def test_a_sign_in_is_saved_even_if_another_program_never_frees_the_lock(
    world: SessionHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(world.locks, tokens_key(PROFILE), TakenLock())
    world.session.sign_in()
    await world.clock.advance(6)
    world.expect(SignedIn)
    assert saved(world).tokens.issued_at > START + timedelta(seconds=5)


async def test_signed_out_by_another_program_it_is_signed_out_here(world: SessionHarness) -> None:
    other = SessionHarness(beside=world)
    other.session.open()
    await settle()
    other.session.sign_out()
    await settle()
    world.session.renew()
    await settle()
    assert world.state == SignedOut()
    assert world.server.count_renewals() == 0
    await other.close()


async def test_an_answer_without_a_new_refresh_token_keeps_the_old(world: SessionHarness) -> None:
    world.server.rotation.rotates = False
    for _ in range(3):
        world.session.renew()
        await settle()
    assert world.server.rotation.used == [REFRESH_TOKEN] * 3
    assert saved(world).tokens.refresh_token == REFRESH_TOKEN


async def test_the_new_set_is_stored_before_it_is_announced(world: SessionHarness) -> None:
    gate = world.keyring.gates["save"] = asyncio.Event()
    world.session.renew()
    await settle()
    assert world.server.count_renewals() == 1
    assert world.expect(SignedIn).renewing
    gate.set()
    await settle()
    assert saved(world).tokens.access_token == f"{ACCESS_TOKEN}-1"


async def test_a_renewal_is_not_lost_to_another_command(world: SessionHarness) -> None:
    gate = world.server.hold_requests("/token")
    world.session.renew()
    await settle()
    world.session.save_again()
    await settle()
    gate.set()
    await settle()
    assert saved(world).tokens.refresh_token == f"{REFRESH_TOKEN}-1"
    world.session.renew()
    await settle()
    assert world.server.rotation.used == [REFRESH_TOKEN, f"{REFRESH_TOKEN}-1"]


async def test_the_end_of_the_program_waits_for_what_the_server_has_issued(
    world: SessionHarness,
) -> None:
    gate = world.server.hold_requests("/token")
    world.session.renew()
    await settle()
    closing = asyncio.ensure_future(world.session.close())
    await settle()
    assert not closing.done()
    gate.set()
    await closing
    assert saved(world).tokens.refresh_token == f"{REFRESH_TOKEN}-1"


async def test_the_end_of_the_program_does_not_wait_for_ever(
    world: SessionHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.services.session.session.CLOSE_RENEWAL_TIMEOUT", 0.01)
    world.server.hold_requests("/token")
    world.session.renew()
    await settle()
    await world.session.close()
    assert world.server.open == 0


# Copying meanwhile


async def test_a_copy_during_a_renewal_waits_for_the_new_token(world: SessionHarness) -> None:
    gate = world.server.hold_requests("/token")
    world.session.renew()
    await settle()
    copying = asyncio.ensure_future(world.session.fetch_token())
    await settle()
    assert not copying.done()
    gate.set()
    assert (await copying).access_token == f"{ACCESS_TOKEN}-1"


async def test_a_copy_waits_some_seconds_only_then_the_valid_token_does(
    world: SessionHarness,
) -> None:
    world.server.hold_requests("/token")
    world.session.renew()
    await settle()
    assert await copied(world, within=RENEWAL_TIMEOUT) == ACCESS_TOKEN
    world.server.gates["/token"].set()


async def test_a_copy_of_an_expired_token_waits_some_seconds_only(world: SessionHarness) -> None:
    await world.clock.advance(700)
    gate = world.server.hold_requests("/token")
    with pytest.raises(RenewalTimedOut):
        await copied(world, within=RENEWAL_TIMEOUT)
    gate.set()
    await settle()
    assert world.session.access_token() == f"{ACCESS_TOKEN}-1", "it came all the same"


async def test_who_waits_no_longer_leaves_the_renewal_alone(world: SessionHarness) -> None:
    gate = world.server.hold_requests("/token")
    world.session.renew()
    await settle()
    copying = asyncio.ensure_future(world.session.fetch_token())
    await settle()
    copying.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await copying
    gate.set()
    await settle()
    assert world.session.access_token() == f"{ACCESS_TOKEN}-1"


async def test_signed_out_there_is_nothing_to_copy(world: SessionHarness) -> None:
    world.session.sign_out()
    with pytest.raises(NoToken):
        await world.session.fetch_token()
    await settle()
    with pytest.raises(NoToken):
        await world.session.fetch_token()


async def test_an_expired_token_that_cannot_be_renewed_is_none() -> None:
    world = SessionHarness()
    world.server.answers = [{key: TOKENS[key] for key in TOKENS if key != "refresh_token"}]
    world.session.sign_in()
    await world.clock.advance(6)
    assert not world.expect(SignedIn).renewable
    world.session.renew()
    await world.clock.advance(700)
    with pytest.raises(NoToken) as caught:
        await world.session.fetch_token()
    assert caught.value.profile_id == PROFILE.id
    assert world.server.count_renewals() == 0
    await world.close()


# What goes wrong


async def test_a_dead_refresh_token_is_told_at_once_and_removed(world: SessionHarness) -> None:
    world.server.rotation.revoked = True
    world.session.set_visible(visible=True)
    await world.clock.advance(480)
    state = world.expect(Failed)
    assert isinstance(state.error, SignedOutByServer)
    assert isinstance(state.error.__cause__, errors.InvalidGrant)
    assert world.keyring.entries == {}
    assert world.session.access_token() is None


async def test_a_copy_that_finds_the_refresh_token_dead_is_told_too(world: SessionHarness) -> None:
    await world.clock.advance(700)
    world.server.rotation.revoked = True
    with pytest.raises(SignedOutByServer):
        await copied(world)
    await settle()
    assert isinstance(world.expect(Failed).error, SignedOutByServer)


async def test_a_keyring_that_holds_on_to_a_dead_token_does_not_matter(
    world: SessionHarness,
) -> None:
    world.server.rotation.revoked = True
    world.keyring.errors["delete"] = KeyringLocked()
    world.session.renew()
    await settle()
    assert isinstance(world.expect(Failed).error, SignedOutByServer)


async def test_a_policy_is_shown_and_waits_for_a_person(world: SessionHarness) -> None:
    world.server.rotation.troubles = [{"error": "unauthorized_client"}] * 2
    world.session.set_visible(visible=True)
    await world.clock.advance(590)
    state = world.expect(SignedIn)
    assert isinstance(state.trouble, errors.UnauthorizedClient)
    assert (state.next_at, state.renews_at) == (None, None)
    assert world.server.count_renewals() == 1
    world.session.renew()
    await settle()
    assert world.server.count_renewals() == 2


async def test_retry_after_is_obeyed_by_everybody(world: SessionHarness) -> None:
    busy = httpx.Response(429, headers={"Retry-After": "120s"}, json={"error": "too_many"})
    world.server.rotation.troubles = [busy]
    world.session.set_visible(visible=True)
    await world.clock.advance(480)
    state = world.expect(SignedIn)
    assert isinstance(state.trouble, errors.Throttled)
    assert state.next_at is not None
    world.session.renew()
    world.session.wake()
    assert await copied(world) == ACCESS_TOKEN
    await world.clock.advance(118)
    assert world.server.count_renewals() == 1
    await world.clock.advance(3)
    assert world.server.count_renewals() == 2
    assert world.expect(SignedIn).trouble is None


async def test_without_network_the_pauses_grow_and_it_goes_on_once_that_is_back(
    world: SessionHarness,
) -> None:
    world.chance = 0.999
    world.session.renew()
    await settle()
    world.server.offline = True
    world.session.set_visible(visible=True)
    await world.clock.advance(600)
    asked = world.server.count_renewals()
    assert 2 <= asked <= 8
    assert isinstance(world.expect(SignedIn).trouble, errors.TransportFailure)
    world.server.offline = False
    world.session.wake()
    await settle()
    assert world.server.count_renewals() == asked + 1
    assert world.expect(SignedIn).trouble is None


async def test_the_next_try_is_shown_when_it_comes(world: SessionHarness) -> None:
    world.session.set_visible(visible=True)
    world.server.offline = True
    world.session.renew()
    await world.clock.advance(60)
    due = world.expect(SignedIn).next_at
    assert due == START + timedelta(seconds=485), "not before it is due"
    assert world.server.count_renewals() == 1
    await world.clock.advance((due - world.clock.utc()).total_seconds() + 1)
    assert world.server.count_renewals() == 2


async def test_a_failure_out_of_use_is_not_tried_again(world: SessionHarness) -> None:
    world.server.offline = True
    world.session.renew()
    await world.clock.advance(3600)
    assert world.server.count_renewals() == 1
    assert world.expect(SignedIn).next_at is None


async def test_a_valid_token_is_copied_whatever_the_renewal_says(world: SessionHarness) -> None:
    world.server.offline = True
    await world.clock.advance(500)
    assert await copied(world) == ACCESS_TOKEN
    await world.clock.advance(200)
    with pytest.raises(errors.TransportFailure):
        await copied(world)


@pytest.mark.parametrize("error", [KeyringLocked(), KeyringFault("no")], ids=repr)
async def test_without_the_keyring_the_session_goes_on_in_memory(
    world: SessionHarness, error: KeystoreError
) -> None:
    world.keyring.errors = {"load": error, "save": error}
    world.session.renew()
    await settle()
    assert world.expect(SignedIn).save_error is error
    assert world.session.access_token() == f"{ACCESS_TOKEN}-1"
    world.session.renew()
    await settle()
    assert world.session.access_token() == f"{ACCESS_TOKEN}-2"
    world.keyring.errors = {}
    world.session.save_again()
    await settle()
    assert world.expect(SignedIn).save_error is None
    assert saved(world).tokens.access_token == f"{ACCESS_TOKEN}-2"


async def test_a_locked_keyring_is_not_asked_at_every_renewal(world: SessionHarness) -> None:
    world.keyring.errors = {"load": KeyringLocked(), "save": KeyringLocked()}
    world.session.renew()
    await settle()
    world.keyring.errors = {}
    asked = len(world.keyring.operations)
    world.session.renew()
    await settle()
    assert world.session.access_token() == f"{ACCESS_TOKEN}-2"
    assert len(world.keyring.operations) == asked


async def test_what_another_program_saved_before_the_clock_was_set_back_is_not_believed(
    world: SessionHarness,
) -> None:
    other = SessionHarness(beside=world)
    other.session.open()
    await settle()
    await world.clock.advance(60)
    other.session.renew()
    await settle()
    world.clock.set_wall_clock(-1800)
    world.session.renew()
    await settle()
    left = world.expect(SignedIn).remaining(world.clock.utc())
    assert left is not None
    assert left <= 600
    await other.close()


async def test_a_client_that_is_refused_is_read_anew_for_the_next_try() -> None:
    world = SessionHarness(replace(PROFILE, client_authentication="client_secret_post"))
    key = client_secret_key(PROFILE)
    world.keyring._values[key] = saved_client_secret("old", PROFILE)
    await world.sign_in()
    world.server.rotation.troubles = [{"error": "invalid_client"}]
    world.session.renew()
    await settle()
    assert isinstance(world.expect(SignedIn).trouble, errors.InvalidClient)
    world.keyring._values[key] = saved_client_secret("new", PROFILE)
    world.session.renew()
    await settle()
    assert world.expect(SignedIn).trouble is None
    assert world.server.requests[-1][1]["client_secret"] == "new"
    await world.close()


async def test_a_copy_that_meets_what_nobody_expected_says_so() -> None:
    world = SessionHarness()
    await world.sign_in()
    await world.clock.advance(700)
    world.server.rotation.troubles = [ZeroDivisionError("unheard of")]
    with pytest.raises(ZeroDivisionError):
        await copied(world)
    await settle()
    await world.close()


async def test_the_end_during_a_renewal_takes_no_longer_than_that(
    world: SessionHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.services.session.session.CLOSE_SAVE_TIMEOUT", 3600)
    gate = world.keyring.gates["save"] = asyncio.Event()
    world.session.renew()
    await settle()
    closing = asyncio.ensure_future(world.session.close())
    await settle()
    gate.set()
    await closing
    assert saved(world).tokens.access_token == f"{ACCESS_TOKEN}-1"


async def test_without_keyring_by_choice_it_is_renewed_in_memory() -> None:
    world = SessionHarness()
    world.keyring.errors = {"load": KeyringLocked(), "save": KeyringLocked()}
    world.session.open()
    await settle()
    world.server.answers = [TOKENS]
    world.session.continue_without_keyring()
    await world.clock.advance(6)
    world.session.renew()
    await settle()
    assert world.session.access_token() == f"{ACCESS_TOKEN}-1"
    await world.close()


async def test_what_nobody_expected_is_reported_and_shown() -> None:
    world = SessionHarness()
    await world.sign_in()
    world.server.rotation.troubles = [ZeroDivisionError("unheard of")]
    world.session.renew()
    await settle()
    assert isinstance(world.expect(Failed).error, ZeroDivisionError)
    assert len(world.crashes) == 1
    world.session.retry()
    await settle()
    world.expect(SignedIn)
    await world.close()


# Time


async def test_after_a_sleep_past_expiry_it_is_renewed_at_the_next_tick(
    world: SessionHarness,
) -> None:
    world.session.set_visible(visible=True)
    await settle()
    world.clock.set_wall_clock(8 * 3600)
    assert world.expect(SignedIn).remaining(world.clock.utc()) == 0
    world.session.check_clock()
    await settle()
    assert world.session.access_token() == f"{ACCESS_TOKEN}-1"


async def test_a_clock_that_was_set_back_makes_no_token_live_longer(world: SessionHarness) -> None:
    await world.clock.advance(100)
    world.clock.set_wall_clock(-3600)
    world.session.check_clock()
    await settle()
    left = world.expect(SignedIn).remaining(world.clock.utc())
    assert left == pytest.approx(498, abs=3)
    await world.clock.advance(500)
    assert world.session.access_token() is None


async def test_a_copy_looks_at_the_clock_first(world: SessionHarness) -> None:
    await world.clock.advance(700)
    world.clock.set_wall_clock(-3600)
    assert await copied(world) == f"{ACCESS_TOKEN}-1"


async def test_what_was_stored_under_a_clock_that_was_ahead_is_not_believed(
    world: SessionHarness,
) -> None:
    world.clock.set_wall_clock(-3600)
    session = world.new_session()
    session.open()
    await settle()
    assert session.access_token() is None
    assert (await session.fetch_token()).access_token == f"{ACCESS_TOKEN}-1"


async def test_a_clock_that_differs_from_the_servers_is_told(world: SessionHarness) -> None:
    date = format_datetime(world.clock.utc() - timedelta(seconds=300), usegmt=True)
    answer = httpx.Response(200, json=TOKENS, headers={"Date": date})
    world.server.rotation.troubles = [answer]
    world.session.renew()
    await settle()
    assert world.expect(SignedIn).clock_offset == pytest.approx(300, abs=2)


# The next start


async def test_a_stored_session_comes_back_signed_in_and_renews_on_first_use(
    world: SessionHarness,
) -> None:
    await world.session.close()
    await world.clock.advance(3600)
    session = world.new_session()
    session.open()
    await settle()
    state = world.expect(SignedIn)
    assert (state.remaining(world.clock.utc()), state.renewable) == (0, True)
    assert world.server.count_renewals() == 0
    assert await copied(world) == f"{ACCESS_TOKEN}-1"


async def test_opened_quietly_it_asks_for_no_code() -> None:
    world = SessionHarness()
    world.session.open(quietly=True)
    await settle()
    assert world.state == SignedOut()
    assert world.server.requests == []
    await world.close()


async def test_opened_quietly_it_shows_what_is_stored(world: SessionHarness) -> None:
    session = world.new_session()
    session.open(quietly=True)
    await settle()
    world.expect(SignedIn)


# Who am I

WHOAMI = {"user": {"user-email": "dana@northwind.example"}}


async def test_the_server_is_asked_who_signed_in_where_it_can_tell() -> None:
    profile = replace(PROFILE, userinfo_endpoint=f"https://{HOST}/whoami")
    world = SessionHarness(profile)
    world.server.others["/whoami"] = WHOAMI
    await world.sign_in()
    assert await world.session.query(Provider.fetch_userinfo) == WHOAMI
    assert world.server.authorizations[-1] == f"Bearer {ACCESS_TOKEN}"
    await world.close()


async def test_a_server_without_such_an_endpoint_is_not_asked(world: SessionHarness) -> None:
    assert await world.session.query(Provider.fetch_userinfo) == {}


async def test_its_endpoint_may_come_from_the_metadata() -> None:
    world = SessionHarness()
    world.server.metadata["userinfo_endpoint"] = f"https://{HOST}/me"
    world.server.others["/me"] = WHOAMI
    await world.sign_in()
    assert await world.session.query(Provider.fetch_userinfo) == WHOAMI
    await world.close()


async def test_the_server_is_asked_what_was_granted_where_it_keeps_that() -> None:
    world = SessionHarness(replace(PROFILE, app_grant_endpoint=f"https://{HOST}/app-grant"))
    world.server.others["/grant-status"] = {"granted": True, "scopes": ["read"]}
    await world.sign_in()
    found = await world.session.query(Provider.fetch_app_grant)
    assert found == AppGrant(granted=True, scope=("read",), since=None)
    assert world.server.authorizations[-1] == f"Bearer {ACCESS_TOKEN}"
    await world.close()


async def test_where_it_keeps_no_grants_it_is_not_asked(world: SessionHarness) -> None:
    assert await world.session.query(Provider.fetch_app_grant) is None


async def test_a_token_that_the_server_refuses_is_renewed_once() -> None:
    profile = replace(PROFILE, userinfo_endpoint=f"https://{HOST}/whoami")
    world = SessionHarness(profile)
    await world.sign_in()
    world.server.others["/whoami"] = httpx.Response(401)
    with pytest.raises(errors.InvalidToken):
        await world.session.query(Provider.fetch_userinfo)
    assert world.server.count_renewals() == 1
    assert world.server.authorizations[-1] == f"Bearer {ACCESS_TOKEN}-1"
    await world.close()


async def test_an_opaque_token_makes_no_claims(world: SessionHarness) -> None:
    assert world.session.claims() == {}
    world.session.sign_out()
    await settle()
    assert world.session.claims() == {}


async def test_a_new_sign_in_waits_for_a_renewal_lest_that_should_replace_it(
    world: SessionHarness,
) -> None:
    gate = world.server.hold_requests("/token")
    world.session.renew()
    await settle()
    world.session.sign_in()
    await settle()
    assert world.server.count_requests("/device") == 1, "the one of before"
    gate.set()
    await world.clock.advance(6)
    assert world.server.count_requests("/device") == 2
    assert saved(world).tokens.access_token == ACCESS_TOKEN


async def test_a_token_that_never_expires_is_left_alone_by_a_clock_that_was_set_back() -> None:
    world = SessionHarness()
    world.server.answers = [{key: value for key, value in TOKENS.items() if key != "expires_in"}]
    world.session.sign_in()
    await world.clock.advance(6)
    before = world.expect(SignedIn)
    world.clock.set_wall_clock(-3600)
    world.session.check_clock()
    await settle()
    assert world.expect(SignedIn) == before
    assert world.session.access_token() == ACCESS_TOKEN
    await world.close()


async def test_a_renewal_without_any_token_says_so(world: SessionHarness) -> None:
    provider, store = world.session._provider, world.session._store
    store.held = None
    with pytest.raises(NoToken):
        await Refresher(provider, store, world.clock).refresh()
    assert world.server.count_renewals() == 0

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
from desktop.services.model.errors import NoToken, RenewalSlow, SignedOutByServer
from desktop.services.model.profile import client_password_key, issued_for, tokens_key
from desktop.services.model.settings import Settings
from desktop.services.model.states import Failed, SignedIn, SignedOut
from desktop.services.secrets.keystore import KeyringFault, KeyringLocked, KeystoreError
from desktop.services.secrets.secret_encoding import Saved, decode
from desktop.services.session.provider import Provider
from desktop.services.session.renewer import PATIENCE
from tests.services.harness import (
    ACCESS_TOKEN,
    HOST,
    PROFILE,
    REFRESH_TOKEN,
    START,
    TOKENS,
    TakenLock,
    World,
    bound,
    settle,
)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Be signed in since 6 seconds, with a token of 600 that falls due at 485."""
    made = World()
    await made.signed_in()
    yield made
    await made.close()
    assert made.server.open == 0
    assert not made.crashes
    assert made.server.rotation.reused == 0


def saved(world: World) -> Saved:
    found = decode(world.keyring.kept[tokens_key(PROFILE)], issued_for=issued_for(PROFILE))
    assert found is not None
    return found


async def copied(world: World, *, within: float = 0) -> str:
    """Copy the token; let `within` seconds pass while that takes."""
    copying = asyncio.ensure_future(world.session.fresh_token())
    await world.clock.advance(within)
    return (await copying).access_token


# When


async def test_in_sight_it_is_renewed_before_it_expires(world: World) -> None:
    world.session.watch(visible=True)
    await settle()
    assert world.expect(SignedIn).renews_at == START + timedelta(seconds=485)
    await world.clock.advance(478)
    assert world.server.renewals() == 0
    await world.clock.advance(2)
    assert world.server.renewals() == 1
    assert world.session.access_token() == f"{ACCESS_TOKEN}-1"
    assert world.expect(SignedIn).remaining(world.clock.utc()) == pytest.approx(600, abs=2)


async def test_out_of_sight_and_unused_it_lapses_quietly(world: World) -> None:
    world.session.watch(visible=True)
    await world.clock.advance(60)
    world.session.watch(visible=False)
    await world.clock.advance(8 * 3600)
    assert world.server.renewals() == 0
    state = world.expect(SignedIn)
    assert (state.renewable, state.renews_at) == (True, None)
    assert state.remaining(world.clock.utc()) == 0


async def test_the_next_copy_renews_what_has_lapsed(world: World) -> None:
    await world.clock.advance(3600)
    assert await copied(world) == f"{ACCESS_TOKEN}-1"
    assert world.server.renewals() == 1


async def test_a_copy_keeps_it_fresh_for_as_long_as_is_set(world: World) -> None:
    world.session.apply(Settings(in_use_minutes=10))
    assert await copied(world) == ACCESS_TOKEN
    await world.clock.advance(3600)
    assert world.server.renewals() == 1, "at 485 seconds, and no more after ten minutes"


async def test_always_fresh_is_a_setting(world: World) -> None:
    world.session.apply(Settings(keep_fresh=True))
    await world.clock.advance(3600)
    assert world.server.renewals() == 7


async def test_an_hour_of_steady_copying_takes_seven_renewals_at_most(world: World) -> None:
    for _ in range(60):
        await copied(world)
        await world.clock.advance(60)
    assert world.server.renewals() == 7


async def test_a_copy_of_a_token_that_is_due_renews_it_first(world: World) -> None:
    await world.clock.advance(500)
    assert await copied(world) == f"{ACCESS_TOKEN}-1"


async def test_by_hand_it_is_renewed_at_any_time(world: World) -> None:
    world.session.renew()
    await settle()
    assert world.session.access_token() == f"{ACCESS_TOKEN}-1"


async def test_while_it_is_renewed_the_state_says_so_and_stays(world: World) -> None:
    gate = world.server.close("/token")
    world.session.renew()
    await settle()
    state = world.expect(SignedIn)
    assert state.renewing
    assert state.remaining(world.clock.utc()) == pytest.approx(600, abs=2)
    gate.set()
    await settle()
    assert not world.expect(SignedIn).renewing


# One at a time


async def test_however_many_ask_there_is_one_request(world: World) -> None:
    await world.clock.advance(700)
    copies = [asyncio.ensure_future(world.session.fresh_token()) for _ in range(50)]
    world.session.renew()
    world.session.watch(visible=True)
    found = await asyncio.gather(*copies)
    assert {each.access_token for each in found} == {f"{ACCESS_TOKEN}-1"}
    assert world.server.renewals() == 1


async def test_another_program_reads_what_the_first_has_stored(world: World) -> None:
    other = World(beside=world)
    other.session.open()
    await settle()
    for each in (world, other):
        each.session.watch(visible=True)
    await world.clock.advance(479)
    await settle()
    assert world.server.renewals() == 1
    assert {each.session.access_token() for each in (world, other)} == {f"{ACCESS_TOKEN}-1"}
    await other.close()


async def test_what_another_program_stored_is_renewed_if_that_is_old_too(world: World) -> None:
    other = World(beside=world)
    other.session.open()
    await settle()
    world.session.renew()
    await world.clock.advance(700)
    assert await copied(other) == f"{ACCESS_TOKEN}-2"
    assert world.server.rotation.used == [REFRESH_TOKEN, f"{REFRESH_TOKEN}-1"]
    await other.close()


async def test_a_sign_in_is_not_replaced_by_what_another_program_renews(world: World) -> None:
    other = World(beside=world)
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
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(world.locks, tokens_key(PROFILE), TakenLock())
    world.session.sign_in()
    await world.clock.advance(6)
    world.expect(SignedIn)
    assert saved(world).tokens.issued_at > START + timedelta(seconds=5)


async def test_signed_out_by_another_program_it_is_signed_out_here(world: World) -> None:
    other = World(beside=world)
    other.session.open()
    await settle()
    other.session.sign_out()
    await settle()
    world.session.renew()
    await settle()
    assert world.state == SignedOut()
    assert world.server.renewals() == 0
    await other.close()


async def test_an_answer_without_a_new_refresh_token_keeps_the_old(world: World) -> None:
    world.server.rotation.rotates = False
    for _ in range(3):
        world.session.renew()
        await settle()
    assert world.server.rotation.used == [REFRESH_TOKEN] * 3
    assert saved(world).tokens.refresh_token == REFRESH_TOKEN


async def test_the_new_set_is_stored_before_it_is_announced(world: World) -> None:
    gate = world.keyring.gates["save"] = asyncio.Event()
    world.session.renew()
    await settle()
    assert world.server.renewals() == 1
    assert world.expect(SignedIn).renewing
    gate.set()
    await settle()
    assert saved(world).tokens.access_token == f"{ACCESS_TOKEN}-1"


async def test_a_renewal_is_not_lost_to_another_command(world: World) -> None:
    gate = world.server.close("/token")
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


async def test_the_end_of_the_program_waits_for_what_the_server_has_issued(world: World) -> None:
    gate = world.server.close("/token")
    world.session.renew()
    await settle()
    closing = asyncio.ensure_future(world.session.close())
    await settle()
    assert not closing.done()
    gate.set()
    await closing
    assert saved(world).tokens.refresh_token == f"{REFRESH_TOKEN}-1"


async def test_the_end_of_the_program_does_not_wait_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.services.session.session.LAST_ANSWER", 0.01)
    world.server.close("/token")
    world.session.renew()
    await settle()
    await world.session.close()
    assert world.server.open == 0


# Copying meanwhile


async def test_a_copy_during_a_renewal_waits_for_the_new_token(world: World) -> None:
    gate = world.server.close("/token")
    world.session.renew()
    await settle()
    copying = asyncio.ensure_future(world.session.fresh_token())
    await settle()
    assert not copying.done()
    gate.set()
    assert (await copying).access_token == f"{ACCESS_TOKEN}-1"


async def test_a_copy_waits_some_seconds_only_then_the_valid_token_does(world: World) -> None:
    world.server.close("/token")
    world.session.renew()
    await settle()
    assert await copied(world, within=PATIENCE) == ACCESS_TOKEN
    world.server.gates["/token"].set()


async def test_a_copy_of_an_expired_token_waits_some_seconds_only(world: World) -> None:
    await world.clock.advance(700)
    gate = world.server.close("/token")
    with pytest.raises(RenewalSlow):
        await copied(world, within=PATIENCE)
    gate.set()
    await settle()
    assert world.session.access_token() == f"{ACCESS_TOKEN}-1", "it came all the same"


async def test_who_waits_no_longer_leaves_the_renewal_alone(world: World) -> None:
    gate = world.server.close("/token")
    world.session.renew()
    await settle()
    copying = asyncio.ensure_future(world.session.fresh_token())
    await settle()
    copying.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await copying
    gate.set()
    await settle()
    assert world.session.access_token() == f"{ACCESS_TOKEN}-1"


async def test_signed_out_there_is_nothing_to_copy(world: World) -> None:
    world.session.sign_out()
    with pytest.raises(NoToken):
        await world.session.fresh_token()
    await settle()
    with pytest.raises(NoToken):
        await world.session.fresh_token()


async def test_an_expired_token_that_cannot_be_renewed_is_none() -> None:
    world = World()
    world.server.answers = [{key: TOKENS[key] for key in TOKENS if key != "refresh_token"}]
    world.session.sign_in()
    await world.clock.advance(6)
    assert not world.expect(SignedIn).renewable
    world.session.renew()
    await world.clock.advance(700)
    with pytest.raises(NoToken) as caught:
        await world.session.fresh_token()
    assert caught.value.profile_id == PROFILE.id
    assert world.server.renewals() == 0
    await world.close()


# What goes wrong


async def test_a_dead_refresh_token_is_told_at_once_and_removed(world: World) -> None:
    world.server.rotation.revoked = True
    world.session.watch(visible=True)
    await world.clock.advance(480)
    state = world.expect(Failed)
    assert isinstance(state.error, SignedOutByServer)
    assert isinstance(state.error.__cause__, errors.InvalidGrant)
    assert world.keyring.kept == {}
    assert world.session.access_token() is None


async def test_a_copy_that_finds_the_refresh_token_dead_is_told_too(world: World) -> None:
    await world.clock.advance(700)
    world.server.rotation.revoked = True
    with pytest.raises(SignedOutByServer):
        await copied(world)
    await settle()
    assert isinstance(world.expect(Failed).error, SignedOutByServer)


async def test_a_keyring_that_holds_on_to_a_dead_token_does_not_matter(world: World) -> None:
    world.server.rotation.revoked = True
    world.keyring.errors["delete"] = KeyringLocked()
    world.session.renew()
    await settle()
    assert isinstance(world.expect(Failed).error, SignedOutByServer)


async def test_a_policy_is_shown_and_waits_for_a_person(world: World) -> None:
    world.server.rotation.troubles = [{"error": "unauthorized_client"}] * 2
    world.session.watch(visible=True)
    await world.clock.advance(590)
    state = world.expect(SignedIn)
    assert isinstance(state.trouble, errors.UnauthorizedClient)
    assert (state.next_at, state.renews_at) == (None, None)
    assert world.server.renewals() == 1
    world.session.renew()
    await settle()
    assert world.server.renewals() == 2


async def test_retry_after_is_obeyed_by_everybody(world: World) -> None:
    busy = httpx.Response(429, headers={"Retry-After": "120s"}, json={"error": "too_many"})
    world.server.rotation.troubles = [busy]
    world.session.watch(visible=True)
    await world.clock.advance(480)
    state = world.expect(SignedIn)
    assert isinstance(state.trouble, errors.Throttled)
    assert state.next_at is not None
    world.session.renew()
    world.session.wake()
    assert await copied(world) == ACCESS_TOKEN
    await world.clock.advance(118)
    assert world.server.renewals() == 1
    await world.clock.advance(3)
    assert world.server.renewals() == 2
    assert world.expect(SignedIn).trouble is None


async def test_without_network_the_pauses_grow_and_it_goes_on_once_that_is_back(
    world: World,
) -> None:
    world.chance = 0.999
    world.session.renew()
    await settle()
    world.server.offline = True
    world.session.watch(visible=True)
    await world.clock.advance(600)
    asked = world.server.renewals()
    assert 2 <= asked <= 8
    assert isinstance(world.expect(SignedIn).trouble, errors.TransportFailure)
    world.server.offline = False
    world.session.wake()
    await settle()
    assert world.server.renewals() == asked + 1
    assert world.expect(SignedIn).trouble is None


async def test_the_next_try_is_shown_when_it_comes(world: World) -> None:
    world.session.watch(visible=True)
    world.server.offline = True
    world.session.renew()
    await world.clock.advance(60)
    due = world.expect(SignedIn).next_at
    assert due == START + timedelta(seconds=485), "not before it is due"
    assert world.server.renewals() == 1
    await world.clock.advance((due - world.clock.utc()).total_seconds() + 1)
    assert world.server.renewals() == 2


async def test_a_failure_out_of_use_is_not_tried_again(world: World) -> None:
    world.server.offline = True
    world.session.renew()
    await world.clock.advance(3600)
    assert world.server.renewals() == 1
    assert world.expect(SignedIn).next_at is None


async def test_a_valid_token_is_copied_whatever_the_renewal_says(world: World) -> None:
    world.server.offline = True
    await world.clock.advance(500)
    assert await copied(world) == ACCESS_TOKEN
    await world.clock.advance(200)
    with pytest.raises(errors.TransportFailure):
        await copied(world)


@pytest.mark.parametrize("error", [KeyringLocked(), KeyringFault("no")], ids=repr)
async def test_without_the_keyring_the_session_goes_on_in_memory(
    world: World, error: KeystoreError
) -> None:
    world.keyring.errors = {"load": error, "save": error}
    world.session.renew()
    await settle()
    assert world.expect(SignedIn).not_saved is error
    assert world.session.access_token() == f"{ACCESS_TOKEN}-1"
    world.session.renew()
    await settle()
    assert world.session.access_token() == f"{ACCESS_TOKEN}-2"
    world.keyring.errors = {}
    world.session.save_again()
    await settle()
    assert world.expect(SignedIn).not_saved is None
    assert saved(world).tokens.access_token == f"{ACCESS_TOKEN}-2"


async def test_a_locked_keyring_is_not_asked_at_every_renewal(world: World) -> None:
    world.keyring.errors = {"load": KeyringLocked(), "save": KeyringLocked()}
    world.session.renew()
    await settle()
    world.keyring.errors = {}
    asked = len(world.keyring.done)
    world.session.renew()
    await settle()
    assert world.session.access_token() == f"{ACCESS_TOKEN}-2"
    assert len(world.keyring.done) == asked


async def test_what_another_program_saved_before_the_clock_was_set_back_is_not_believed(
    world: World,
) -> None:
    other = World(beside=world)
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
    world = World(replace(PROFILE, client_authentication="client_secret_post"))
    key = client_password_key(PROFILE)
    world.keyring._values[key] = bound("old", PROFILE)
    await world.signed_in()
    world.server.rotation.troubles = [{"error": "invalid_client"}]
    world.session.renew()
    await settle()
    assert isinstance(world.expect(SignedIn).trouble, errors.InvalidClient)
    world.keyring._values[key] = bound("new", PROFILE)
    world.session.renew()
    await settle()
    assert world.expect(SignedIn).trouble is None
    assert world.server.requests[-1][1]["client_secret"] == "new"
    await world.close()


async def test_a_copy_that_meets_what_nobody_expected_says_so() -> None:
    world = World()
    await world.signed_in()
    await world.clock.advance(700)
    world.server.rotation.troubles = [ZeroDivisionError("unheard of")]
    with pytest.raises(ZeroDivisionError):
        await copied(world)
    await settle()
    await world.close()


async def test_the_end_during_a_renewal_takes_no_longer_than_that(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.services.session.session.LAST_WRITE", 3600)
    gate = world.keyring.gates["save"] = asyncio.Event()
    world.session.renew()
    await settle()
    closing = asyncio.ensure_future(world.session.close())
    await settle()
    gate.set()
    await closing
    assert saved(world).tokens.access_token == f"{ACCESS_TOKEN}-1"


async def test_without_keyring_by_choice_it_is_renewed_in_memory() -> None:
    world = World()
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
    world = World()
    await world.signed_in()
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


async def test_after_a_sleep_past_expiry_it_is_renewed_at_the_next_tick(world: World) -> None:
    world.session.watch(visible=True)
    await settle()
    world.clock.set_wall_clock(8 * 3600)
    assert world.expect(SignedIn).remaining(world.clock.utc()) == 0
    world.session.look_at_clock()
    await settle()
    assert world.session.access_token() == f"{ACCESS_TOKEN}-1"


async def test_a_clock_that_was_set_back_makes_no_token_live_longer(world: World) -> None:
    await world.clock.advance(100)
    world.clock.set_wall_clock(-3600)
    world.session.look_at_clock()
    await settle()
    left = world.expect(SignedIn).remaining(world.clock.utc())
    assert left == pytest.approx(498, abs=3)
    await world.clock.advance(500)
    assert world.session.access_token() is None


async def test_a_copy_looks_at_the_clock_first(world: World) -> None:
    await world.clock.advance(700)
    world.clock.set_wall_clock(-3600)
    assert await copied(world) == f"{ACCESS_TOKEN}-1"


async def test_what_was_stored_under_a_clock_that_was_ahead_is_not_believed(world: World) -> None:
    world.clock.set_wall_clock(-3600)
    session = world.new_session()
    session.open()
    await settle()
    assert session.access_token() is None
    assert (await session.fresh_token()).access_token == f"{ACCESS_TOKEN}-1"


async def test_a_clock_that_differs_from_the_servers_is_told(world: World) -> None:
    date = format_datetime(world.clock.utc() - timedelta(seconds=300), usegmt=True)
    answer = httpx.Response(200, json=TOKENS, headers={"Date": date})
    world.server.rotation.troubles = [answer]
    world.session.renew()
    await settle()
    assert world.expect(SignedIn).clock_offset == pytest.approx(300, abs=2)


# The next start


async def test_a_stored_session_comes_back_signed_in_and_renews_on_first_use(
    world: World,
) -> None:
    await world.session.close()
    await world.clock.advance(3600)
    session = world.new_session()
    session.open()
    await settle()
    state = world.expect(SignedIn)
    assert (state.remaining(world.clock.utc()), state.renewable) == (0, True)
    assert world.server.renewals() == 0
    assert await copied(world) == f"{ACCESS_TOKEN}-1"


async def test_opened_quietly_it_asks_for_no_code() -> None:
    world = World()
    world.session.open(quietly=True)
    await settle()
    assert world.state == SignedOut()
    assert world.server.requests == []
    await world.close()


async def test_opened_quietly_it_shows_what_is_stored(world: World) -> None:
    session = world.new_session()
    session.open(quietly=True)
    await settle()
    world.expect(SignedIn)


# Who am I

WHOAMI = {"user": {"user-email": "dana@northwind.example"}}


async def test_the_server_is_asked_who_signed_in_where_it_can_tell() -> None:
    profile = replace(PROFILE, userinfo_endpoint=f"https://{HOST}/whoami")
    world = World(profile)
    world.server.others["/whoami"] = WHOAMI
    await world.signed_in()
    assert await world.session.ask(Provider.who_am_i) == WHOAMI
    assert world.server.authorizations[-1] == f"Bearer {ACCESS_TOKEN}"
    await world.close()


async def test_a_server_without_such_an_endpoint_is_not_asked(world: World) -> None:
    assert await world.session.ask(Provider.who_am_i) == {}


async def test_its_endpoint_may_come_from_the_metadata() -> None:
    world = World()
    world.server.metadata["userinfo_endpoint"] = f"https://{HOST}/me"
    world.server.others["/me"] = WHOAMI
    await world.signed_in()
    assert await world.session.ask(Provider.who_am_i) == WHOAMI
    await world.close()


async def test_the_server_is_asked_what_was_granted_where_it_keeps_that() -> None:
    world = World(replace(PROFILE, app_grant_endpoint=f"https://{HOST}/app-grant"))
    world.server.others["/grant-status"] = {"granted": True, "scopes": ["read"]}
    await world.signed_in()
    found = await world.session.ask(Provider.app_grant)
    assert found == AppGrant(granted=True, scope=("read",), since=None)
    assert world.server.authorizations[-1] == f"Bearer {ACCESS_TOKEN}"
    await world.close()


async def test_where_it_keeps_no_grants_it_is_not_asked(world: World) -> None:
    assert await world.session.ask(Provider.app_grant) is None


async def test_a_token_that_the_server_refuses_is_renewed_once() -> None:
    profile = replace(PROFILE, userinfo_endpoint=f"https://{HOST}/whoami")
    world = World(profile)
    await world.signed_in()
    world.server.others["/whoami"] = httpx.Response(401)
    with pytest.raises(errors.InvalidToken):
        await world.session.ask(Provider.who_am_i)
    assert world.server.renewals() == 1
    assert world.server.authorizations[-1] == f"Bearer {ACCESS_TOKEN}-1"
    await world.close()


async def test_an_opaque_token_makes_no_claims(world: World) -> None:
    assert world.session.claims() == {}
    world.session.sign_out()
    await settle()
    assert world.session.claims() == {}


async def test_a_new_sign_in_waits_for_a_renewal_lest_that_should_replace_it(
    world: World,
) -> None:
    gate = world.server.close("/token")
    world.session.renew()
    await settle()
    world.session.sign_in()
    await settle()
    assert world.server.asked("/device") == 1, "the one of before"
    gate.set()
    await world.clock.advance(6)
    assert world.server.asked("/device") == 2
    assert saved(world).tokens.access_token == ACCESS_TOKEN

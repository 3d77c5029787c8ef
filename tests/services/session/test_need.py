"""What somebody needs of a token: how long it must still live, and how long one can wait for it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from desktop.services.model.errors import RenewalTimedOut
from desktop.services.model.profile import client_binding, tokens_key
from desktop.services.model.states import AwaitingApproval, Failed, SignedIn, SignedOut
from desktop.services.secrets.keystore import KeyringLocked
from desktop.services.secrets.secret_encoding import decode_tokens
from desktop.services.session.token_requirement import TokenRequirement
from tests.services.harness import (
    ACCESS_TOKEN,
    PROFILE,
    TOKENS,
    SessionHarness,
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


async def taken(world: SessionHarness, need: TokenRequirement) -> str:
    return (await world.session.fetch_token(need)).access_token


async def test_enough_is_left(world: SessionHarness) -> None:
    assert await taken(world, TokenRequirement(validity=60)) == ACCESS_TOKEN
    assert world.server.count_renewals() == 0


async def test_too_little_is_left(world: SessionHarness) -> None:
    await world.clock.advance(350)
    assert await taken(world, TokenRequirement(validity=300)) == f"{ACCESS_TOKEN}-1"
    assert world.server.count_renewals() == 1


async def test_who_asks_for_more_than_a_token_lives_gets_no_new_one_every_time(
    world: SessionHarness,
) -> None:
    for _ in range(5):
        assert await taken(world, TokenRequirement(validity=3600)) == ACCESS_TOKEN
    await world.clock.advance(310)
    for _ in range(5):
        assert await taken(world, TokenRequirement(validity=3600)) == f"{ACCESS_TOKEN}-1"
    assert world.server.count_renewals() == 1


async def test_a_token_that_cannot_be_renewed_is_given_as_it_is() -> None:
    world = SessionHarness()
    world.server.answers = [{key: TOKENS[key] for key in TOKENS if key != "refresh_token"}]
    world.session.sign_in()
    await world.clock.advance(6)
    await world.clock.advance(580)
    assert await taken(world, TokenRequirement(validity=60)) == ACCESS_TOKEN
    await world.close()


async def test_a_token_that_never_expires_is_never_too_short() -> None:
    world = SessionHarness()
    world.server.answers = [{key: TOKENS[key] for key in TOKENS if key != "expires_in"}]
    world.session.sign_in()
    await world.clock.advance(6)
    assert await taken(world, TokenRequirement(validity=60)) == ACCESS_TOKEN
    assert world.server.count_renewals() == 0
    await world.close()


async def test_a_server_that_failed_just_now_is_left_alone_while_the_token_is_valid(
    world: SessionHarness,
) -> None:
    await world.clock.advance(350)
    world.server.offline = True
    assert await taken(world, TokenRequirement(validity=300)) == ACCESS_TOKEN
    assert await taken(world, TokenRequirement(validity=300)) == ACCESS_TOKEN
    assert world.server.count_renewals() == 1


async def test_fifty_at_once_bring_about_one_renewal(world: SessionHarness) -> None:
    await world.clock.advance(601)
    tokens = await asyncio.gather(*(taken(world, TokenRequirement(validity=60)) for _ in range(50)))
    assert set(tokens) == {f"{ACCESS_TOKEN}-1"}
    assert world.server.count_renewals() == 1


async def test_who_is_patient_waits_longer(world: SessionHarness) -> None:
    await world.clock.advance(601)
    gate = world.server.hold_requests("/token")
    hurried = asyncio.ensure_future(taken(world, TokenRequirement()))
    patient = asyncio.ensure_future(taken(world, TokenRequirement(timeout=60)))
    await world.clock.advance(10)
    with pytest.raises(RenewalTimedOut):
        await hurried
    gate.set()
    assert await patient == f"{ACCESS_TOKEN}-1"


# What another program has saved


async def test_what_another_program_has_saved_is_taken_over(world: SessionHarness) -> None:
    other = world.new_session()
    await settle()
    key = tokens_key(PROFILE)
    saved = decode_tokens(world.keyring.entries[key], issued_for=client_binding(PROFILE))
    assert saved is not None
    world.keyring.entries[key] = world.keyring.entries[key].replace(ACCESS_TOKEN, "another-SECRET")
    world.session.reload()
    await settle()
    assert world.session.access_token() == "another-SECRET"
    world.expect(SignedIn)
    await other.close()


async def test_a_code_on_screen_gives_way_to_a_sign_in_elsewhere(world: SessionHarness) -> None:
    value = world.keyring.entries[tokens_key(PROFILE)]
    world.server.answers = [{"error": "authorization_pending"}]
    world.session.sign_in()
    await world.wait_for_state(AwaitingApproval)
    world.keyring.entries[tokens_key(PROFILE)] = value
    world.session.reload()
    await settle()
    world.expect(SignedIn)


async def test_what_another_program_has_removed_is_gone(world: SessionHarness) -> None:
    world.keyring.entries.clear()
    world.session.reload()
    await settle()
    world.expect(SignedOut)
    assert world.session.access_token() is None


async def test_who_goes_on_without_the_keyring_does_not_look_there(world: SessionHarness) -> None:
    world.session.continue_without_keyring()
    await world.clock.advance(6)
    world.keyring.errors["load"] = KeyringLocked()
    world.session.reload()
    await settle()
    world.expect(SignedIn)


async def test_a_keyring_that_cannot_be_read_again_is_told(world: SessionHarness) -> None:
    world.keyring.errors["load"] = KeyringLocked()
    world.session.reload()
    await settle()
    assert isinstance(world.expect(Failed).error, KeyringLocked)


async def test_who_signs_out_reads_nothing(world: SessionHarness) -> None:
    world.session.sign_out()
    world.session.reload()
    await settle()
    world.expect(SignedOut)

"""Requirements of callers: how long a token must stay valid, and how long they wait."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from desktop.services.model.access_token import TokenRequirement, digest_of
from desktop.services.model.errors import RenewalTimedOut
from desktop.services.model.profile import client_binding, tokens_key
from desktop.services.model.states import AwaitingApproval, Failed, SignedIn, SignedOut
from desktop.services.secrets.keystore import KeyringLocked
from desktop.services.secrets.secret_encoding import decode_tokens
from tests.services.harness import (
    ACCESS_TOKEN,
    PROFILE,
    TOKENS,
    SessionHarness,
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


async def taken(harness: SessionHarness, need: TokenRequirement) -> str:
    return (await harness.session.fetch_token(need)).access_token


async def test_a_token_with_enough_validity_is_not_renewed(harness: SessionHarness) -> None:
    assert await taken(harness, TokenRequirement(validity=60)) == ACCESS_TOKEN
    assert harness.server.count_renewals() == 0


async def test_a_token_with_too_little_validity_is_renewed(harness: SessionHarness) -> None:
    await harness.clock.advance(350)
    assert await taken(harness, TokenRequirement(validity=300)) == f"{ACCESS_TOKEN}-1"
    assert harness.server.count_renewals() == 1


async def test_requiring_more_than_the_lifetime_does_not_renew_every_time(
    harness: SessionHarness,
) -> None:
    for _ in range(5):
        assert await taken(harness, TokenRequirement(validity=3600)) == ACCESS_TOKEN
    await harness.clock.advance(310)
    for _ in range(5):
        assert await taken(harness, TokenRequirement(validity=3600)) == f"{ACCESS_TOKEN}-1"
    assert harness.server.count_renewals() == 1


async def test_a_refused_token_is_replaced_once_for_all_who_report_it(
    harness: SessionHarness,
) -> None:
    await harness.clock.advance(100)  # in the first half of its life
    refused = TokenRequirement(refused=digest_of(ACCESS_TOKEN))
    found = await asyncio.gather(*(taken(harness, refused) for _ in range(50)))
    assert set(found) == {f"{ACCESS_TOKEN}-1"}
    await harness.clock.advance(100)
    assert await taken(harness, refused) == f"{ACCESS_TOKEN}-1"
    assert harness.server.count_renewals() == 1


async def test_a_new_token_that_is_refused_too_is_not_replaced_again(
    harness: SessionHarness,
) -> None:
    await harness.clock.advance(100)
    token = ACCESS_TOKEN
    for _ in range(5):
        token = await taken(harness, TokenRequirement(refused=digest_of(token)))
    assert token == f"{ACCESS_TOKEN}-1"
    assert harness.server.count_renewals() == 1


async def test_a_token_that_cannot_be_renewed_is_given_as_it_is() -> None:
    harness = SessionHarness()
    harness.server.answers = [{key: TOKENS[key] for key in TOKENS if key != "refresh_token"}]
    harness.session.sign_in()
    await harness.clock.advance(6)
    await harness.clock.advance(580)
    assert await taken(harness, TokenRequirement(validity=60)) == ACCESS_TOKEN
    await harness.close()


async def test_a_token_that_never_expires_is_never_too_short() -> None:
    harness = SessionHarness()
    harness.server.answers = [{key: TOKENS[key] for key in TOKENS if key != "expires_in"}]
    harness.session.sign_in()
    await harness.clock.advance(6)
    assert await taken(harness, TokenRequirement(validity=60)) == ACCESS_TOKEN
    assert harness.server.count_renewals() == 0
    await harness.close()


async def test_a_failing_server_is_left_alone_while_the_token_is_valid(
    harness: SessionHarness,
) -> None:
    await harness.clock.advance(350)
    harness.server.offline = True
    assert await taken(harness, TokenRequirement(validity=300)) == ACCESS_TOKEN
    assert await taken(harness, TokenRequirement(validity=300)) == ACCESS_TOKEN
    assert harness.server.count_renewals() == 1


async def test_fifty_callers_cause_one_renewal(harness: SessionHarness) -> None:
    await harness.clock.advance(601)
    tokens = await asyncio.gather(
        *(taken(harness, TokenRequirement(validity=60)) for _ in range(50))
    )
    assert set(tokens) == {f"{ACCESS_TOKEN}-1"}
    assert harness.server.count_renewals() == 1


async def test_a_longer_timeout_waits_longer(harness: SessionHarness) -> None:
    await harness.clock.advance(601)
    gate = harness.server.hold_requests("/token")
    hurried = asyncio.ensure_future(taken(harness, TokenRequirement()))
    patient = asyncio.ensure_future(taken(harness, TokenRequirement(timeout=60)))
    await harness.clock.advance(10)
    with pytest.raises(RenewalTimedOut):
        await hurried
    gate.set()
    assert await patient == f"{ACCESS_TOKEN}-1"


# Tokens saved by another program


async def test_tokens_saved_by_another_program_are_used(harness: SessionHarness) -> None:
    other = harness.new_session()
    await settle()
    key = tokens_key(PROFILE)
    saved = decode_tokens(harness.keyring.entries[key], issued_for=client_binding(PROFILE))
    assert saved is not None
    harness.keyring.entries[key] = harness.keyring.entries[key].replace(
        ACCESS_TOKEN, "another-SECRET"
    )
    harness.session.reload()
    await settle()
    assert harness.session.access_token() == "another-SECRET"
    harness.expect(SignedIn)
    await other.close()


async def test_a_sign_in_elsewhere_replaces_the_code_on_screen(harness: SessionHarness) -> None:
    value = harness.keyring.entries[tokens_key(PROFILE)]
    harness.server.answers = [{"error": "authorization_pending"}]
    harness.session.sign_in()
    await harness.wait_for_state(AwaitingApproval)
    harness.keyring.entries[tokens_key(PROFILE)] = value
    harness.session.reload()
    await settle()
    harness.expect(SignedIn)


async def test_tokens_removed_by_another_program_are_gone(harness: SessionHarness) -> None:
    harness.keyring.entries.clear()
    harness.session.reload()
    await settle()
    harness.expect(SignedOut)
    assert harness.session.access_token() is None


async def test_without_a_keyring_nothing_is_reloaded(harness: SessionHarness) -> None:
    harness.session.continue_without_keyring()
    await harness.clock.advance(6)
    harness.keyring.errors["load"] = KeyringLocked()
    harness.session.reload()
    await settle()
    harness.expect(SignedIn)


async def test_a_keyring_error_while_reloading_is_shown(harness: SessionHarness) -> None:
    harness.keyring.errors["load"] = KeyringLocked()
    harness.session.reload()
    await settle()
    assert isinstance(harness.expect(Failed).error, KeyringLocked)


async def test_nothing_is_reloaded_while_signing_out(harness: SessionHarness) -> None:
    harness.session.sign_out()
    harness.session.reload()
    await settle()
    harness.expect(SignedOut)


async def test_what_could_not_be_saved_is_not_lost_to_a_reload(harness: SessionHarness) -> None:
    harness.keyring.errors["save"] = KeyringLocked()
    harness.session.renew()
    await settle()
    harness.keyring.entries.clear()  # as a keystore does whose save has failed
    harness.session.reload()
    await settle()
    assert isinstance(harness.expect(SignedIn).save_error, KeyringLocked)
    assert harness.session.access_token() == f"{ACCESS_TOKEN}-1"


async def test_after_a_reload_renewals_are_saved_again(harness: SessionHarness) -> None:
    value = harness.keyring.entries[tokens_key(PROFILE)]
    harness.keyring.errors["save"] = KeyringLocked()
    harness.session.sign_in()
    await harness.clock.advance(6)
    harness.keyring.errors.clear()
    others = value.replace(ACCESS_TOKEN, "of-another-program")
    harness.keyring.entries[tokens_key(PROFILE)] = others
    harness.session.reload()
    await settle()
    assert harness.expect(SignedIn).save_error is None
    harness.session.renew()
    await settle()
    assert f"{ACCESS_TOKEN}-1" in harness.keyring.entries[tokens_key(PROFILE)]


async def test_a_reload_does_not_break_off_the_saving_of_a_new_token(
    harness: SessionHarness,
) -> None:
    gate = harness.keyring.gates["save"] = asyncio.Event()
    harness.keyring.entries.clear()
    harness.session.sign_in()
    await harness.clock.advance(6)
    assert harness.expect(AwaitingApproval).approved
    harness.session.reload()
    gate.set()
    await settle()
    harness.expect(SignedIn)
    assert tokens_key(PROFILE) in harness.keyring.entries

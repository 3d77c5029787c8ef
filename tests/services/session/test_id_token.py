"""The ID token: kept beside the access token, renewed with it, and given to who asks for it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from desktop.oauth import errors
from desktop.services.model.access_token import AccessToken, TokenRequirement
from desktop.services.model.errors import IdTokenGone, NoIdToken
from desktop.services.model.profile import tokens_binding, tokens_key
from desktop.services.model.states import Failed
from desktop.services.secrets.secret_encoding import decode_tokens
from desktop.services.wording.error_codes import error_code
from desktop.services.wording.messages import Surface, advice_for
from tests.oauth.harness import unsigned_jwt
from tests.services.harness import (
    ACCESS_TOKEN,
    PROFILE,
    START,
    TOKENS,
    Answer,
    SessionHarness,
    settle,
)

OPENID = replace(PROFILE, scope=("openid", "read"))


def id_token(lifetime: float, *, after: float = 0, name: str = "dana") -> str:
    issued = START.timestamp() + after
    return unsigned_jwt({"sub": name, "iat": issued, "exp": issued + lifetime})


FIRST = id_token(300)


async def signed_in(**members: object) -> SessionHarness:
    harness = SessionHarness(OPENID)
    harness.server.answers = [TOKENS | {"id_token": FIRST} | members]
    harness.session.sign_in()
    await harness.clock.advance(6)
    return harness


@pytest.fixture
async def harness() -> AsyncIterator[SessionHarness]:
    """Sign in after 6 seconds: the ID token lives for 300, the access token for 600."""
    made = await signed_in()
    yield made
    await made.close()
    assert not made.crashes


def renewal(**members: object) -> Answer:
    answer = TOKENS | {"access_token": "renewed-SECRET", "refresh_token": "next-SECRET"} | members
    return httpx.Response(200, json=answer)


async def fetch(harness: SessionHarness, validity: float = 0.0) -> AccessToken:
    required = TokenRequirement(validity, id_token=True)
    fetching = asyncio.ensure_future(harness.session.fetch_token(required))
    await harness.clock.advance(1)
    return await fetching


async def test_who_asks_for_it_gets_the_id_token_with_its_own_end(harness: SessionHarness) -> None:
    found = await fetch(harness)
    assert found == AccessToken(
        FIRST, "Bearer", START + timedelta(seconds=300), ("read",), "id_token"
    )
    assert (await harness.session.fetch_token()).access_token == ACCESS_TOKEN
    assert harness.server.count_renewals() == 0


async def test_it_is_saved_and_comes_back_at_the_next_start(harness: SessionHarness) -> None:
    session = harness.new_session(OPENID)
    session.open(quietly=True)
    await settle()
    assert (await fetch(harness)).access_token == FIRST


async def test_it_is_in_no_state_and_no_representation(harness: SessionHarness) -> None:
    value = harness.keyring.entries[tokens_key(OPENID)]
    assert FIRST in value
    saved = decode_tokens(value, issued_for=tokens_binding(OPENID))
    assert not [
        each for each in (saved, await fetch(harness), *harness.states) if FIRST in f"{each!r}"
    ]


async def test_it_is_replaced_by_a_renewal(harness: SessionHarness) -> None:
    second = id_token(300, after=310)
    harness.server.rotation.troubles = [renewal(id_token=second)]
    await harness.clock.advance(304)
    found = await fetch(harness)
    assert found.access_token == second
    assert harness.server.count_renewals() == 1


async def test_it_is_renewed_if_it_does_not_live_long_enough(harness: SessionHarness) -> None:
    harness.server.rotation.troubles = [renewal(id_token=id_token(300, after=200))]
    await harness.clock.advance(194)
    assert (await fetch(harness, 60)).access_token == FIRST
    assert (await fetch(harness, 120)).access_token == id_token(300, after=200)


async def test_an_old_one_stays_while_it_lives_if_a_renewal_brings_none(
    harness: SessionHarness,
) -> None:
    harness.server.rotation.troubles = [renewal()]
    harness.session.renew()
    await settle()
    assert harness.session.access_token() == "renewed-SECRET"
    assert (await fetch(harness)).access_token == FIRST


async def test_one_that_has_expired_does_not_stay(harness: SessionHarness) -> None:
    harness.server.rotation.troubles = [renewal(), renewal()]
    await harness.clock.advance(310)
    with pytest.raises(IdTokenGone) as caught:
        await fetch(harness)
    assert error_code(caught.value) == "sign_in_needed"
    advice = advice_for(caught.value, surface=Surface.TERMINAL)
    assert advice.text.endswith("Run “xdr-login login --again”, then try again.")
    assert harness.server.count_renewals() == 1
    with pytest.raises(IdTokenGone):
        await fetch(harness)
    assert harness.server.count_renewals() == 1, "a server that sends none is not asked every time"


async def test_an_id_token_is_given_while_only_the_access_token_has_expired() -> None:
    harness = await signed_in(id_token=id_token(3600), expires_in=60, refresh_token=None)
    await harness.clock.advance(100)
    assert (await fetch(harness)).access_token == id_token(3600)
    await harness.close()


async def test_an_expired_one_is_not_given_if_it_cannot_be_renewed(harness: SessionHarness) -> None:
    harness.server.offline = True
    await harness.clock.advance(310)
    with pytest.raises(errors.TransportFailure):
        await fetch(harness)
    assert (await harness.session.fetch_token()).access_token == ACCESS_TOKEN


async def test_without_the_scope_there_is_none_and_the_words_name_it() -> None:
    harness = SessionHarness()
    await harness.sign_in()
    with pytest.raises(NoIdToken) as caught:
        await fetch(harness)
    assert type(caught.value) is NoIdToken
    assert error_code(caught.value) == "failure", "another sign-in alone would not help"
    assert "Add “openid” to the scopes" in advice_for(caught.value).text
    assert harness.server.count_renewals() == 0
    await harness.close()


async def test_tokens_saved_by_an_older_version_get_one_with_a_renewal() -> None:
    harness = await signed_in(id_token=None)
    assert "id_" not in harness.keyring.entries[tokens_key(OPENID)]
    harness.server.rotation.troubles = [renewal(id_token=id_token(600, after=310))]
    await harness.clock.advance(304)
    assert (await fetch(harness)).access_token == id_token(600, after=310)
    await harness.close()


async def test_a_clock_that_was_set_back_does_not_prolong_its_life(harness: SessionHarness) -> None:
    harness.server.rotation.troubles = [renewal(id_token=id_token(300, after=310))]
    await harness.clock.advance(200)
    harness.clock.set_wall_clock(-3600)
    await harness.clock.advance(110)
    await fetch(harness)
    assert harness.server.count_renewals() == 1


async def test_one_from_the_future_has_expired_at_the_next_start(harness: SessionHarness) -> None:
    harness.clock.set_wall_clock(-3600)
    harness.server.rotation.troubles = [renewal(id_token=id_token(300))]
    session = harness.new_session(OPENID)
    session.open(quietly=True)
    await settle()
    await fetch(harness)
    assert harness.server.count_renewals() == 1


async def test_what_the_server_says_of_it_is_struck_out(harness: SessionHarness) -> None:
    said = {"error": "invalid_grant", "error_description": f"Unknown: {FIRST}"}
    harness.server.rotation.troubles = [said]
    harness.session.renew()
    await settle()
    error = harness.expect(Failed).error.__cause__
    assert isinstance(error, errors.InvalidGrant)
    assert FIRST.partition(".")[2][:20] not in error.description

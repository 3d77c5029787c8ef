"""What an administrator forbids does not happen, whoever asks for it."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from desktop.services.model.errors import FormatForbidden, GrantForbidden
from desktop.services.model.policy import Policy
from desktop.services.model.states import AwaitingApproval, Failed, SignedIn
from desktop.services.wording.messages import Remedy, advice_for
from tests.services.harness import HOST, PROFILE, SessionHarness, settle

SOURCE = "/etc/xdg/xdr-login/policy.toml"
NO_CODES = replace(PROFILE, policy=Policy(source=SOURCE, device_grant=False))
NO_LINKS = replace(PROFILE, policy=Policy(source=SOURCE, complete_link=False))


@pytest.fixture
async def world() -> AsyncIterator[SessionHarness]:
    made = SessionHarness()
    yield made
    await made.close()
    assert not made.crashes


async def test_where_codes_are_forbidden_none_is_asked_for(world: SessionHarness) -> None:
    world.new_session(NO_CODES)
    world.session.sign_in()
    await settle()
    error = world.expect(Failed).error
    assert isinstance(error, GrantForbidden)
    assert not world.server.count_requests("/device")
    advice = advice_for(error)
    assert advice.title == "Sign-in by code is turned off"
    assert SOURCE in advice.text
    assert "ask your administrator" in advice.text
    assert advice.remedies == (Remedy.TRY_AGAIN, Remedy.EDIT_PROFILE)


async def test_who_is_signed_in_already_stays_so_until_that_ends(world: SessionHarness) -> None:
    await world.sign_in()
    world.new_session(NO_CODES)
    world.session.open()
    await settle()
    world.expect(SignedIn)


async def test_where_complete_links_are_forbidden_the_link_carries_no_code(
    world: SessionHarness,
) -> None:
    world.new_session(NO_LINKS)
    await world.start_sign_in()
    state = world.expect(AwaitingApproval)
    assert state.verification_uri_complete is None
    assert state.link == f"https://{HOST}/activate"
    assert state.user_code not in state.link


async def test_otherwise_the_link_carries_the_code(world: SessionHarness) -> None:
    await world.start_sign_in()
    state = world.expect(AwaitingApproval)
    assert state.user_code in state.link


def test_a_shape_that_is_forbidden_is_told_with_where_that_stands() -> None:
    advice = advice_for(FormatForbidden(SOURCE))
    assert advice.title == "This copy format is turned off"
    assert advice.text == f"Your administrator turned this off ({SOURCE}). Choose another format."

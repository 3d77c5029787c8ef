"""Several profiles signed in side by side: each goes its own way, and one is in the window."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace

import pytest

from desktop.services.model.profile import Profile
from desktop.services.model.settings import Settings
from desktop.services.model.states import AwaitingApproval, SignedIn, SignedOut, State
from desktop.services.network.environment import Environment
from desktop.services.session.renewer import Renewer
from desktop.services.session.session import Session
from desktop.services.session.sessions import ProfileStatus, Sessions
from tests.services.harness import PROFILE, TOKENS, SessionHarness, settle

OTHER = replace(PROFILE, id="southwind", name="Southwind", client_id="client-2")
BOTH = {PROFILE.id: PROFILE, OTHER.id: OTHER}


@dataclass
class Desk:
    """Sessions in a world turned by hand, and what they told."""

    world: SessionHarness
    sessions: Sessions
    told: list[ProfileStatus] = field(default_factory=list)

    async def begin(self, profiles: dict[str, Profile] | None = None) -> None:
        """Know the profiles and open the first."""
        await self.sessions.update_profiles(profiles or BOTH)
        self.sessions.switch(PROFILE.id, quietly=True)
        self.sessions.open_others()
        await settle()

    async def sign_in(self, id_: str) -> None:
        """Sign in all the way."""
        self.world.server.answers = [TOKENS]
        session = self.sessions.find(id_)
        assert session is not None
        session.sign_in()
        await self.world.clock.advance(6)

    def state(self, id_: str) -> State:
        """How that profile stands."""
        return {each.profile.id: each.state for each in self.sessions.statuses}[id_]


def desk_in(world: SessionHarness) -> Desk:
    def make(profile: Profile, observer: Callable[[State], None]) -> Session:
        around = Environment(
            world.keyring, world._open_http, world.clock, world._lock, lambda: world.chance
        )
        return Session(profile, around, observer=observer)

    told: list[ProfileStatus] = []
    return Desk(world, Sessions(make, told.append), told)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    world = SessionHarness()
    made = desk_in(world)
    yield made
    await made.sessions.close()
    await world.close()
    assert world.server.open == 0
    assert not world.crashes


async def test_each_profile_is_signed_in_by_itself(desk: Desk) -> None:
    await desk.begin()
    await desk.sign_in(OTHER.id)
    assert isinstance(desk.state(PROFILE.id), SignedOut)
    assert isinstance(desk.state(OTHER.id), SignedIn)
    await desk.sign_in(PROFILE.id)
    assert isinstance(desk.state(PROFILE.id), SignedIn)
    assert desk.told[-1] == ProfileStatus(PROFILE, desk.state(PROFILE.id))
    assert len(desk.world.keyring.entries) == 2


async def test_a_profile_that_was_not_needed_yet_is_signed_out(desk: Desk) -> None:
    await desk.sessions.update_profiles(BOTH)
    assert [type(each.state) for each in desk.sessions.statuses] == [SignedOut, SignedOut]
    assert desk.sessions.find(OTHER.id) is None


async def test_what_is_saved_of_all_profiles_is_there_again_without_a_request(desk: Desk) -> None:
    await desk.begin()
    for id_ in BOTH:
        await desk.sign_in(id_)
    await desk.sessions.close()
    asked = len(desk.world.server.requests)
    again = desk_in(desk.world)
    await again.begin()
    assert [type(each.state) for each in again.sessions.statuses] == [SignedIn, SignedIn]
    assert len(desk.world.server.requests) == asked
    await again.sessions.close()


async def test_a_code_that_waits_goes_on_waiting_behind_another_profile(desk: Desk) -> None:
    await desk.begin()
    desk.world.server.answers = [TOKENS]
    session = desk.sessions.current
    assert session is not None
    session.sign_in()
    await settle()
    desk.sessions.switch(OTHER.id, quietly=True)
    assert isinstance(desk.state(PROFILE.id), AwaitingApproval)
    await desk.world.clock.advance(6)
    assert isinstance(desk.state(PROFILE.id), SignedIn)
    assert desk.sessions.current is desk.sessions.find(OTHER.id)


async def test_only_the_token_in_the_window_is_in_sight(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[Renewer, bool] = {}
    monkeypatch.setattr(
        Renewer, "set_visible", lambda self, *, visible: seen.__setitem__(self, visible)
    )
    await desk.begin()
    desk.sessions.set_visible(visible=True)
    renewers = {each: desk.sessions.find(each) for each in BOTH}

    def in_sight() -> dict[str, bool]:
        return {
            id_: seen[session._renewer] for id_, session in renewers.items() if session is not None
        }

    assert in_sight() == {PROFILE.id: True, OTHER.id: False}
    desk.sessions.switch(OTHER.id, quietly=True)
    assert in_sight() == {PROFILE.id: False, OTHER.id: True}
    desk.sessions.set_visible(visible=False)
    assert in_sight() == {PROFILE.id: False, OTHER.id: False}


async def test_what_a_profile_sets_counts_more_than_the_settings(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied: list[Settings] = []
    monkeypatch.setattr(Renewer, "apply", lambda _self, settings: applied.append(settings))
    own = replace(OTHER, settings={"keep_fresh": True, "in_use_minutes": "x", "profile": "y"})
    await desk.begin({PROFILE.id: PROFILE, own.id: own})
    applied.clear()
    desk.sessions.apply(Settings(clipboard_seconds=9))
    assert applied == [
        Settings(clipboard_seconds=9),
        Settings(clipboard_seconds=9, keep_fresh=True),
    ]


async def test_another_look_of_a_profile_does_not_end_its_session(desk: Desk) -> None:
    await desk.begin()
    before = desk.sessions.current
    renamed = replace(PROFILE, name="North", color="red", letter="N")
    await desk.sessions.update_profiles({**BOTH, PROFILE.id: renamed})
    assert desk.sessions.current is before
    assert desk.sessions.statuses[0].profile.name == "North"


async def test_another_client_ends_the_session_of_a_profile(desk: Desk) -> None:
    await desk.begin()
    await desk.sign_in(PROFILE.id)
    await desk.sessions.update_profiles(
        {**BOTH, PROFILE.id: replace(PROFILE, client_id="client-3")}
    )
    assert desk.sessions.current is None
    assert isinstance(desk.state(PROFILE.id), SignedOut)
    desk.sessions.switch(PROFILE.id, quietly=True)
    await settle()
    assert isinstance(desk.state(PROFILE.id), SignedOut), "what is saved is for the other client"


async def test_a_session_that_ends_does_not_speak_for_the_one_in_its_place(desk: Desk) -> None:
    await desk.begin()
    await desk.sign_in(PROFILE.id)
    before = desk.sessions.current
    assert before is not None
    gate = desk.world.server.hold_requests("/token")
    before.renew()
    await desk.world.server.reached.wait()
    other_client = replace(PROFILE, client_id="client-3")
    knowing = asyncio.create_task(desk.sessions.update_profiles({**BOTH, PROFILE.id: other_client}))
    await settle()
    desk.sessions.switch(PROFILE.id, quietly=True)
    await settle()
    told = len(desk.told)
    before.cancel()
    before.sign_in()
    gate.set()
    await knowing
    await settle()
    assert desk.told[told:] == []
    assert isinstance(desk.state(PROFILE.id), SignedOut)
    assert desk.world.server.count_requests("/device") == 1, "what ends heeds no command"


async def test_a_profile_that_is_gone_takes_its_session_along(desk: Desk) -> None:
    await desk.begin()
    await desk.sign_in(OTHER.id)
    await desk.sessions.update_profiles({PROFILE.id: PROFILE})
    assert [each.profile.id for each in desk.sessions.statuses] == [PROFILE.id]
    assert desk.sessions.find(OTHER.id) is None
    told = len(desk.told)
    desk.sessions.check_clock()
    desk.sessions.wake()
    await desk.world.clock.advance(3)
    assert len(desk.told) == told


async def test_a_session_is_returned_once_the_keyring_was_read(desk: Desk) -> None:
    await desk.begin({PROFILE.id: PROFILE})
    await desk.sign_in(PROFILE.id)
    await desk.sessions.close()
    again = desk_in(desk.world)
    await again.sessions.update_profiles({PROFILE.id: PROFILE})
    session = await again.sessions.open_session(PROFILE.id)
    assert session is not None
    assert isinstance(session.state, SignedIn)
    assert await again.sessions.open_session(PROFILE.id) is session
    await again.sessions.close()


async def test_an_unknown_profile_has_no_session(desk: Desk) -> None:
    await desk.begin()
    assert await desk.sessions.open_session("nope") is None


async def test_waiting_for_a_session_ends_when_its_profile_is_removed(desk: Desk) -> None:
    await desk.begin()
    session = desk.sessions.find(OTHER.id)
    assert session is not None
    waiting = [
        asyncio.ensure_future(desk.sessions.wait_until(session, lambda _state: False))
        for _ in range(2)
    ]
    await settle()
    waiting[0].cancel()
    await desk.sessions.update_profiles({PROFILE.id: PROFILE})
    await asyncio.wait_for(waiting[1], timeout=5)
    assert waiting[0].cancelled()

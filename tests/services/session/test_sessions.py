"""Several profiles signed in at once; the window shows one of them."""

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
from desktop.services.session.sessions import MOST_LISTED, ProfileStatus, Sessions
from tests.services.harness import PROFILE, TOKENS, SessionHarness, settle

OTHER = replace(PROFILE, id="southwind", name="Southwind", client_id="client-2")
BOTH = {PROFILE.id: PROFILE, OTHER.id: OTHER}


@dataclass
class Setup:
    """Sessions in a fake environment, and the statuses that they published."""

    harness: SessionHarness
    sessions: Sessions
    published: list[ProfileStatus] = field(default_factory=list)

    async def begin(self, profiles: dict[str, Profile] | None = None) -> None:
        """Know the profiles and open the first."""
        await self.sessions.update_profiles(profiles or BOTH)
        self.sessions.switch(PROFILE.id, quietly=True)
        list(self.sessions.open_others())
        await settle()

    async def sign_in(self, id_: str) -> None:
        """Sign in all the way."""
        self.harness.server.answers = [TOKENS]
        session = self.sessions.find(id_)
        assert session is not None
        session.sign_in()
        await self.harness.clock.advance(6)

    def state(self, id_: str) -> State:
        """How that profile stands."""
        return {each.profile.id: each.state for each in self.sessions.statuses}[id_]


def setup_in(harness: SessionHarness) -> Setup:
    def make(profile: Profile, observer: Callable[[State], None]) -> Session:
        around = Environment(
            harness.keyring,
            harness._open_http,
            harness.clock,
            harness._lock,
            lambda: harness.jitter,
        )
        return Session(profile, around, observer=observer)

    published: list[ProfileStatus] = []
    return Setup(harness, Sessions(make, published.append), published)


@pytest.fixture
async def setup() -> AsyncIterator[Setup]:
    harness = SessionHarness()
    made = setup_in(harness)
    yield made
    await made.sessions.close()
    await harness.close()
    assert harness.server.open == 0
    assert not harness.crashes


async def test_each_profile_signs_in_separately(setup: Setup) -> None:
    await setup.begin()
    await setup.sign_in(OTHER.id)
    assert isinstance(setup.state(PROFILE.id), SignedOut)
    assert isinstance(setup.state(OTHER.id), SignedIn)
    await setup.sign_in(PROFILE.id)
    assert isinstance(setup.state(PROFILE.id), SignedIn)
    assert setup.published[-1] == ProfileStatus(PROFILE, setup.state(PROFILE.id))
    assert len(setup.harness.keyring.entries) == 2


async def test_a_profile_without_a_session_is_signed_out(setup: Setup) -> None:
    await setup.sessions.update_profiles(BOTH)
    assert [type(each.state) for each in setup.sessions.statuses] == [SignedOut, SignedOut]
    assert setup.sessions.find(OTHER.id) is None


async def test_saved_tokens_of_all_profiles_are_loaded_without_a_request(setup: Setup) -> None:
    await setup.begin()
    for id_ in BOTH:
        await setup.sign_in(id_)
    await setup.sessions.close()
    asked = len(setup.harness.server.requests)
    again = setup_in(setup.harness)
    await again.begin()
    assert [type(each.state) for each in again.sessions.statuses] == [SignedIn, SignedIn]
    assert len(setup.harness.server.requests) == asked
    await again.sessions.close()


async def test_a_sign_in_goes_on_while_another_profile_is_shown(setup: Setup) -> None:
    await setup.begin()
    setup.harness.server.answers = [TOKENS]
    session = setup.sessions.current
    assert session is not None
    session.sign_in()
    await settle()
    setup.sessions.switch(OTHER.id, quietly=True)
    assert isinstance(setup.state(PROFILE.id), AwaitingApproval)
    await setup.harness.clock.advance(6)
    assert isinstance(setup.state(PROFILE.id), SignedIn)
    assert setup.sessions.current is setup.sessions.find(OTHER.id)


async def test_only_the_current_session_is_visible(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[Renewer, bool] = {}
    monkeypatch.setattr(
        Renewer, "set_visible", lambda self, *, visible: seen.__setitem__(self, visible)
    )
    await setup.begin()
    setup.sessions.set_visible(visible=True)
    renewers = {each: setup.sessions.find(each) for each in BOTH}

    def in_sight() -> dict[str, bool]:
        return {
            id_: seen[session._renewer] for id_, session in renewers.items() if session is not None
        }

    assert in_sight() == {PROFILE.id: True, OTHER.id: False}
    setup.sessions.switch(OTHER.id, quietly=True)
    assert in_sight() == {PROFILE.id: False, OTHER.id: True}
    setup.sessions.set_visible(visible=False)
    assert in_sight() == {PROFILE.id: False, OTHER.id: False}


async def test_only_the_visible_session_is_touched(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    await setup.begin()
    touched: list[Renewer] = []
    monkeypatch.setattr(Renewer, "set_visible", lambda self, **_: touched.append(self))
    setup.sessions.touch()
    assert touched == [], "the window is hidden"
    setup.sessions.set_visible(visible=True)
    touched.clear()
    setup.sessions.touch()
    shown = setup.sessions.find(PROFILE.id)
    assert shown is not None
    assert touched == [shown._renewer]


async def test_without_an_open_profile_the_window_may_be_shown(setup: Setup) -> None:
    await setup.sessions.update_profiles(BOTH)
    setup.sessions.set_visible(visible=True)
    setup.sessions.touch()
    assert setup.sessions.find(PROFILE.id) is None


async def test_of_many_profiles_a_menu_lists_those_used_last(setup: Setup) -> None:
    many = [f"p{number:02}" for number in range(MOST_LISTED + 1)]
    await setup.sessions.update_profiles({id_: replace(PROFILE, id=id_, name=id_) for id_ in many})
    setup.sessions.apply(Settings(recent_profiles=many[-1]))
    listed = [each.profile.id for each in setup.sessions.listed]
    assert listed == [many[-1], *many[: MOST_LISTED - 1]]


async def test_an_unknown_profile_has_no_status(setup: Setup) -> None:
    await setup.begin()
    known = setup.sessions.status(OTHER.id)
    assert known is not None
    assert known.profile is OTHER
    assert setup.sessions.status("nope") is None


async def test_a_profile_removed_while_others_open_is_not_opened(setup: Setup) -> None:
    await setup.sessions.update_profiles(BOTH)
    opening = setup.sessions.open_others()
    next(opening)
    next(opening)
    await setup.sessions.update_profiles({PROFILE.id: PROFILE})
    list(opening)
    assert setup.sessions.find(OTHER.id) is None


async def test_settings_of_a_profile_take_precedence(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied: list[Settings] = []
    monkeypatch.setattr(Renewer, "apply", lambda _self, settings: applied.append(settings))
    own = replace(OTHER, settings={"keep_fresh": True, "in_use_minutes": "x", "profile": "y"})
    await setup.begin({PROFILE.id: PROFILE, own.id: own})
    applied.clear()
    setup.sessions.apply(Settings(clipboard_seconds=9))
    assert applied == [
        Settings(clipboard_seconds=9),
        Settings(clipboard_seconds=9, keep_fresh=True),
    ]


async def test_a_new_look_of_a_profile_keeps_its_session(setup: Setup) -> None:
    await setup.begin()
    before = setup.sessions.current
    renamed = replace(PROFILE, name="North", color="red", letter="N")
    await setup.sessions.update_profiles({**BOTH, PROFILE.id: renamed})
    assert setup.sessions.current is before
    assert setup.sessions.statuses[0].profile.name == "North"


async def test_new_services_of_a_profile_keep_its_session(setup: Setup) -> None:
    await setup.begin()
    before = setup.sessions.current
    assert before is not None
    services = {"reports": "https://reports.example"}
    exchanges = {"reports": {"url": "https://reports.example/token"}}
    changed = replace(PROFILE, services=services, exchanges=exchanges)
    await setup.sessions.update_profiles({**BOTH, PROFILE.id: changed})
    assert setup.sessions.current is before
    assert before.profile.services == services


async def test_another_client_ends_the_session_of_a_profile(setup: Setup) -> None:
    await setup.begin()
    await setup.sign_in(PROFILE.id)
    await setup.sessions.update_profiles(
        {**BOTH, PROFILE.id: replace(PROFILE, client_id="client-3")}
    )
    assert setup.sessions.current is None
    assert isinstance(setup.state(PROFILE.id), SignedOut)
    setup.sessions.switch(PROFILE.id, quietly=True)
    await settle()
    assert isinstance(setup.state(PROFILE.id), SignedOut), "what is saved is for the other client"


async def test_a_closing_session_does_not_report_for_its_successor(setup: Setup) -> None:
    await setup.begin()
    await setup.sign_in(PROFILE.id)
    before = setup.sessions.current
    assert before is not None
    gate = setup.harness.server.hold_requests("/token")
    before.renew()
    await setup.harness.server.reached.wait()
    other_client = replace(PROFILE, client_id="client-3")
    updating = asyncio.create_task(
        setup.sessions.update_profiles({**BOTH, PROFILE.id: other_client})
    )
    await settle()
    setup.sessions.switch(PROFILE.id, quietly=True)
    await settle()
    published = len(setup.published)
    before.cancel()
    before.sign_in()
    gate.set()
    await updating
    await settle()
    assert setup.published[published:] == []
    assert isinstance(setup.state(PROFILE.id), SignedOut)
    assert setup.harness.server.count_requests("/device") == 1, "what ends heeds no command"


async def test_removing_a_profile_closes_its_session(setup: Setup) -> None:
    await setup.begin()
    await setup.sign_in(OTHER.id)
    await setup.sessions.update_profiles({PROFILE.id: PROFILE})
    assert [each.profile.id for each in setup.sessions.statuses] == [PROFILE.id]
    assert setup.sessions.find(OTHER.id) is None
    published = len(setup.published)
    setup.sessions.check_clock()
    setup.sessions.wake()
    await setup.harness.clock.advance(3)
    assert len(setup.published) == published


async def test_a_session_is_returned_once_the_keyring_was_read(setup: Setup) -> None:
    await setup.begin({PROFILE.id: PROFILE})
    await setup.sign_in(PROFILE.id)
    await setup.sessions.close()
    again = setup_in(setup.harness)
    await again.sessions.update_profiles({PROFILE.id: PROFILE})
    session = await again.sessions.open_session(PROFILE.id)
    assert session is not None
    assert isinstance(session.state, SignedIn)
    assert await again.sessions.open_session(PROFILE.id) is session
    await again.sessions.close()


async def test_an_unknown_profile_has_no_session(setup: Setup) -> None:
    await setup.begin()
    assert await setup.sessions.open_session("nope") is None


async def test_waiting_for_a_session_ends_when_its_profile_is_removed(setup: Setup) -> None:
    await setup.begin()
    session = setup.sessions.find(OTHER.id)
    assert session is not None
    waiting = [
        asyncio.ensure_future(setup.sessions.wait_until(session, lambda _state: False))
        for _ in range(2)
    ]
    await settle()
    waiting[0].cancel()
    await setup.sessions.update_profiles({PROFILE.id: PROFILE})
    await asyncio.wait_for(waiting[1], timeout=5)
    assert waiting[0].cancelled()

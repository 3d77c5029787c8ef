"""Reloading the profiles from a sign-in and from a form, one at a time."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from desktop.options import Options
from desktop.services.configuration.profile_reader import Profiles
from desktop.services.model.policy import NO_POLICY, Policy
from desktop.services.model.profile import BrokenProfile, Profile, UnknownProfile
from desktop.services.model.settings import Settings
from desktop.services.model.states import SignedOut, State
from desktop.services.session.session import Session
from desktop.services.session.sessions import ProfileStatus, Sessions
from desktop.services.system.worker import Worker
from desktop.ui.app.active_profiles import ActiveProfiles
from tests.sample_states import PROFILE

OTHER = replace(PROFILE, id="contoso", name="Contoso", client_id="client-2")
CHANGED = replace(PROFILE, client_id="client-9")


class SlowSession:
    """A session that takes its time to end."""

    def __init__(self, profile: Profile, calls: list[str], may_end: asyncio.Event) -> None:
        self.profile = profile
        self.state: State = SignedOut()
        self.is_open = False
        self.is_ending = asyncio.Event()
        self._calls, self._may_end = calls, may_end

    def open(self, *, quietly: bool = False) -> None:
        self.is_open = True
        self._calls.append(f"open {self.profile.id} {self.profile.client_id} {quietly}")

    def sign_in(self) -> None:
        self._calls.append(f"sign in {self.profile.id}")

    new_code = sign_in

    def apply(self, settings: Settings) -> None:
        pass

    def set_visible(self, *, visible: bool) -> None:
        pass

    async def close(self) -> None:
        self.is_ending.set()
        await self._may_end.wait()
        self._calls.append(f"closed {self.profile.id} {self.profile.client_id}")


class House:
    """What the file is gone by for, with the file as a value."""

    def __init__(self) -> None:
        self.demo = None
        self.calls: list[str] = []
        self.may_end = asyncio.Event()
        self.made: dict[str, SlowSession] = {}
        self.broken: tuple[str, ...] = ()
        self.policy = NO_POLICY
        self.file: Mapping[str, Profile] = {PROFILE.id: PROFILE}
        self.worker = Worker("test")
        self.sessions = Sessions(self._make, self._told)
        controller: Any = _Nothing()
        self.controller = controller
        controller.settings_store.settings = Settings()
        self.obeyed: list[Policy] = []
        controller.settings_store.apply_policy = self.obeyed.append
        self.work = ActiveProfiles(
            controller,
            self.sessions,
            options=cast("Options", self),
            worker=self.worker,
            show=lambda _state: None,
            on_current_changed=self._taken,
        )

    profile = None

    def load_profiles(self) -> Profiles:
        file = Path("profiles.toml")
        broken = {each: BrokenProfile(file) for each in self.broken}
        return Profiles(file, dict(self.file), broken, self.policy)

    def _taken(self, session: Session | None) -> None:
        self.calls.append(f"took {session.profile.id if session is not None else 'none'}")

    def _make(self, profile: Profile, _observer: Callable[[State], None]) -> Session:
        self.made[profile.id] = SlowSession(profile, self.calls, self.may_end)
        return cast("Session", self.made[profile.id])

    def _told(self, _standing: ProfileStatus) -> None:
        pass


class _Nothing:
    """A controller whose parts take everything."""

    def __getattr__(self, name: str) -> "_Nothing":
        part = _Nothing()
        setattr(self, name, part)
        return part

    def __call__(self, *_arguments: object, **_named: object) -> None:
        pass


@pytest.fixture
async def house() -> House:
    made = House()
    await made.work.sign_in(quietly=True)
    made.calls.clear()
    return made


async def _until_ending(house: House, id_: str = PROFILE.id) -> None:
    """Wait until the file has been read, and the session of `id_` is on its way out."""
    await house.made[id_].is_ending.wait()


async def test_saving_a_form_waits_for_a_running_sign_in(house: House) -> None:
    house.file = {PROFILE.id: CHANGED}
    signing_in = asyncio.ensure_future(house.work.sign_in())
    await _until_ending(house)
    house.file = {OTHER.id: OTHER}  # saved meanwhile, and the other one is gone
    saving = asyncio.ensure_future(house.work.reload_profiles(OTHER.id, sign_in=True))
    await asyncio.sleep(0.05)
    assert house.calls == [], "nobody goes on before the old session has ended"
    house.may_end.set()
    await asyncio.gather(signing_in, saving)
    assert [each.profile.id for each in house.sessions.statuses] == [OTHER.id]
    assert house.sessions.current is house.sessions.find(OTHER.id)
    assert house.calls[-2:] == [f"open {OTHER.id} client-2 False", f"took {OTHER.id}"]


async def test_a_sign_in_does_not_undo_a_saved_form(house: House) -> None:
    house.file = {PROFILE.id: CHANGED, OTHER.id: OTHER}
    saving = asyncio.ensure_future(house.work.reload_profiles(OTHER.id, sign_in=False))
    await _until_ending(house)
    signing_in = asyncio.ensure_future(house.work.sign_in())
    await asyncio.sleep(0.05)
    house.may_end.set()
    await asyncio.gather(saving, signing_in)
    assert [each for each in house.calls if "sign in" in each] == [f"sign in {OTHER.id}"]
    assert house.sessions.current is house.sessions.find(OTHER.id)


async def test_a_waiting_sign_in_is_for_the_profile_it_was_requested_for(house: House) -> None:
    third = replace(PROFILE, id="third", client_id="client-3")
    house.file = {PROFILE.id: PROFILE, OTHER.id: OTHER, third.id: third}
    house.may_end.set()
    await house.work.reload_profiles(third.id, sign_in=False)
    await house.work.reload_profiles(PROFILE.id, sign_in=False)
    house.may_end.clear()
    house.file = {PROFILE.id: PROFILE, OTHER.id: OTHER}
    saving = asyncio.ensure_future(house.work.reload_profiles("", sign_in=False))
    await _until_ending(house, third.id)
    signing_in = asyncio.ensure_future(house.work.sign_in())
    await asyncio.sleep(0)
    house.work.switch(OTHER.id)
    house.may_end.set()
    await asyncio.gather(saving, signing_in)
    assert [each for each in house.calls if "sign in" in each] == [f"sign in {PROFILE.id}"]
    assert house.sessions.current is house.sessions.find(OTHER.id)


async def test_a_profile_chosen_meanwhile_stays_in_the_window(house: House) -> None:
    house.file = {PROFILE.id: CHANGED, OTHER.id: OTHER}
    signing_in = asyncio.ensure_future(house.work.sign_in())
    await _until_ending(house)
    house.work.switch(OTHER.id)
    house.may_end.set()
    await signing_in
    assert house.sessions.current is house.sessions.find(OTHER.id)
    assert house.calls.count(f"took {OTHER.id}") == 1


async def test_a_removed_profile_is_not_shown(house: House) -> None:
    house.work.switch("gone")
    assert house.calls == []


@pytest.mark.parametrize("by", ["form", "hand"])
async def test_after_the_last_profile_is_removed_none_is_named(house: House, by: str) -> None:
    house.file = {}
    house.may_end.set()
    if by == "form":
        await house.work.reload_profiles("", sign_in=False)
    else:
        await house.work.sign_in()
    assert house.calls[-1] == "took none"
    assert house.sessions.current is None
    house.file = {PROFILE.id: PROFILE}
    await house.work.reload_profiles(PROFILE.id, sign_in=False)
    assert house.calls[-1] == f"took {PROFILE.id}"


async def test_unreadable_profiles_are_counted(house: House) -> None:
    house.broken = ("a", "b")
    await house.work.reload_profiles("", sign_in=False)
    assert house.controller.profiles.unreadable == 2
    house.broken = ()
    await house.work.sign_in()
    assert house.controller.profiles.unreadable == 0


async def test_a_changed_policy_applies_from_the_next_sign_in(house: House) -> None:
    house.policy = Policy(source="policy.toml", settings={"keep_fresh": False})
    await house.work.sign_in()
    assert house.obeyed[-1] == house.policy


async def test_a_request_for_an_unknown_profile_reloads_the_file(house: House) -> None:
    house.may_end.set()
    house.file = {PROFILE.id: PROFILE, OTHER.id: OTHER}
    assert await house.work.reload_profile(OTHER.id) == OTHER
    assert [each.profile.id for each in house.sessions.statuses] == [PROFILE.id, OTHER.id]
    assert house.sessions.current is house.sessions.find(PROFILE.id), "the window stays as it is"


async def test_a_request_for_a_missing_profile_changes_nothing(house: House) -> None:
    house.file = {OTHER.id: OTHER}
    with pytest.raises(UnknownProfile):
        await house.work.reload_profile("nowhere")
    assert [each.profile.id for each in house.sessions.statuses] == [PROFILE.id]

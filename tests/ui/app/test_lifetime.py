"""Reloading profiles in the running app, and which one stays in the window."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import pytest

from desktop.demo import DemoOptions
from desktop.options import Options
from desktop.services.configuration.profile_reader import Profiles
from desktop.services.model.profile import BrokenProfile, NoProfile, Profile
from desktop.services.model.settings import Settings
from desktop.services.model.states import Failed, SignedOut, State
from desktop.ui.app.controller import Controller
from desktop.ui.app.lifetime import _Lifetime
from desktop.ui.app.window_or_tray import WindowOrTray
from desktop.ui.window.window import Window
from tests.sample_states import OTHERS, PROFILE

OTHER = OTHERS[0]
FILE = Path("profiles.toml")


@dataclass
class OpenedSession:
    """Notes what it is asked for; `ends` holds its end."""

    profile: Profile
    observer: Callable[[State], None]
    state: State = field(default_factory=SignedOut)
    is_open: bool = False
    calls: list[str] = field(default_factory=list)
    metadata: None = None
    ends: asyncio.Event = field(default_factory=asyncio.Event)
    asked_to_end: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.ends.set()

    def open(self, *, quietly: bool) -> None:
        self.is_open = True
        self.calls.append("open quietly" if quietly else "open")

    def new_code(self) -> None:
        self.calls.append("sign_in")

    sign_in = new_code

    def apply(self, settings: Settings) -> None:
        """Go by nothing."""

    def set_visible(self, *, visible: bool) -> None:
        """See nothing."""

    def check_clock(self) -> None:
        """Wait for nothing."""

    async def close(self) -> None:
        self.asked_to_end.set()
        await self.ends.wait()


@dataclass
class Shown:
    """What a tray is told."""

    names: list[str] = field(default_factory=list)

    def show_profile(self, profile: Profile | None) -> None:
        self.names.append(profile.name if profile is not None else "")


class Run:
    """A life whose profiles come from here."""

    def __init__(self, controller: Controller, options: Options) -> None:
        self.profiles: list[Profile] = [PROFILE, OTHER]
        self.broken = False
        self.loading: Callable[[], None] = lambda: None
        options.load_profiles = self._load  # type: ignore[method-assign]
        self.controller = controller
        self.lifetime = _Lifetime(controller, controller.window.theme, options)
        self.lifetime._make_session = self._make  # type: ignore[method-assign,assignment]
        self.lifetime._sessions._make = self._make  # type: ignore[assignment]
        self.presence = Shown()

    @property
    def current(self) -> OpenedSession:
        return cast("OpenedSession", self.lifetime._sessions.current)

    def session(self, id_: str) -> OpenedSession:
        return cast("OpenedSession", self.lifetime._sessions.find(id_))

    async def stay(self) -> None:
        """Be in the tray, as after the first state."""
        self.lifetime._window_or_tray = cast("WindowOrTray", self.presence)
        await self.lifetime._profiles.open_others()

    def _load(self) -> Profiles:
        self.loading()
        if self.broken:
            raise BrokenProfile(FILE, "it makes no sense")
        return Profiles(FILE, {each.id: each for each in self.profiles}, {})

    def _make(self, profile: Profile, observer: Callable[[State], None]) -> OpenedSession:
        return OpenedSession(profile, observer)


@pytest.fixture
def run(bare: tuple[Controller, Window]) -> Run:
    return Run(bare[0], Options())


async def test_other_sessions_open_once_a_broken_file_is_fixed(run: Run) -> None:
    run.broken = True
    await run.lifetime._profiles.sign_in()
    assert isinstance(run.controller.display.state, Failed)
    await run.stay()
    run.broken = False
    await run.lifetime._profiles.sign_in()
    assert run.current.calls == ["open"]
    assert run.session(OTHER.id).calls == ["open quietly"]


async def test_a_changed_profile_gets_a_new_session(run: Run) -> None:
    await run.lifetime._profiles.sign_in()
    await run.stay()
    before = run.session(OTHER.id)
    run.profiles[1] = replace(OTHER, scope=("casebook",))
    await run.lifetime._profiles.sign_in()
    assert run.session(OTHER.id) is not before
    assert run.session(OTHER.id).calls == ["open quietly"]
    assert run.current.calls == ["open", "sign_in"]


async def test_a_renamed_profile_is_shown_at_once(run: Run) -> None:
    await run.lifetime._profiles.sign_in()
    await run.stay()
    run.profiles[0] = replace(PROFILE, name="North")
    await run.lifetime._profiles.sign_in()
    assert run.controller.window._header.profile_button.name.text() == "North"
    assert run.presence.names == ["North"]


async def test_switching_during_a_sign_in_signs_in_with_the_requested_profile(run: Run) -> None:
    await run.lifetime._profiles.sign_in()
    await run.stay()
    first, loop = run.current, asyncio.get_running_loop()
    switched = asyncio.Event()

    def switch() -> None:
        run.lifetime._profiles._set_current(OTHER.id, quietly=True)
        switched.set()

    def loading() -> None:
        loop.call_soon_threadsafe(switch)
        asyncio.run_coroutine_threadsafe(switched.wait(), loop).result()

    run.loading = loading
    await run.lifetime._profiles.sign_in()
    assert first.calls == ["open", "sign_in"]
    assert run.current.profile is OTHER
    assert "sign_in" not in run.current.calls


async def test_a_profile_chosen_while_a_session_ends_stays_in_the_window(run: Run) -> None:
    await run.lifetime._profiles.sign_in()
    await run.stay()
    run.current.ends.clear()
    ending = run.current
    run.profiles[0] = replace(PROFILE, client_id="client-3")
    signing_in = asyncio.create_task(run.lifetime._profiles.sign_in())
    await ending.asked_to_end.wait()
    run.lifetime._profiles._set_current(OTHER.id, quietly=True)
    ending.ends.set()
    await signing_in
    assert run.current.profile is OTHER
    assert run.session(PROFILE.id).calls == ["open quietly"]


async def test_quitting_while_a_session_ends_starts_nothing(run: Run) -> None:
    await run.lifetime._profiles.sign_in()
    run.current.ends.clear()
    ending = run.current
    run.profiles[0] = replace(PROFILE, client_id="client-3")
    signing_in = asyncio.create_task(run.lifetime._profiles.sign_in())
    await ending.asked_to_end.wait()
    run.lifetime.quit()
    ending.ends.set()
    await signing_in
    assert run.lifetime._sessions.current is None


async def test_an_installer_can_quit_the_app(run: Run) -> None:
    await run.lifetime._profiles.sign_in()
    assert await run.lifetime._instance.server._handlers["quit"]({}, None) == {}
    await run.lifetime._sign_in_on_request()  # returns: it is leaving
    assert run.lifetime._is_quitting


async def test_the_demo_ignores_the_profile_option(bare: tuple[Controller, Window]) -> None:
    options = Options(profile="northwind", demo=DemoOptions())
    run = Run(bare[0], options)
    run.profiles = [replace(PROFILE, id="(demo)")]
    await run.lifetime._profiles.sign_in()
    assert run.current.profile.id == "(demo)"


async def test_a_change_on_the_pages_opens_other_sessions(run: Run) -> None:
    await run.lifetime._profiles.sign_in()
    await run.stay()
    run.profiles[1] = replace(OTHER, scope=("casebook",))
    await run.lifetime._profiles.reload_profiles("", sign_in=False)
    assert run.current.profile is PROFILE
    assert run.session(OTHER.id).calls == ["open quietly"]


async def test_a_saved_profile_is_shown_in_the_window(run: Run) -> None:
    await run.lifetime._profiles.sign_in()
    await run.stay()
    await run.lifetime._profiles.reload_profiles(OTHER.id, sign_in=True)
    assert run.current.profile is OTHER
    assert run.current.calls == ["open quietly", "sign_in"]


async def test_quitting_while_the_pages_save_starts_nothing(run: Run) -> None:
    await run.lifetime._profiles.sign_in()
    run.lifetime.quit()
    await run.lifetime._profiles.reload_profiles(OTHER.id, sign_in=True)
    assert run.current.profile is PROFILE


async def test_removing_the_last_profile_leaves_none(run: Run) -> None:
    await run.lifetime._profiles.sign_in()
    await run.stay()
    run.profiles = []
    await run.lifetime._profiles.reload_profiles("", sign_in=False)
    assert isinstance(run.controller.display.state, Failed)
    assert isinstance(run.controller.display.state.error, NoProfile)
    assert run.controller.session is None
    assert run.controller.window._header.profile_button.name.text() == "XDR Login"
    assert run.presence.names[-1] == ""

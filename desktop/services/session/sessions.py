"""The sessions of all profiles; the window shows one of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from desktop.services.model.settings import Settings, with_profile_settings
from desktop.services.model.states import Requesting, SignedOut, State

if TYPE_CHECKING:
    from desktop.services.model.profile import Profile
    from desktop.services.session.session import Session

    MakeSession = Callable[[Profile, Callable[[State], None]], Session]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ProfileStatus:
    """The state of one profile."""

    profile: Profile
    state: State


class Sessions:
    """Owns the sessions. `observer` is called with every new state of any profile.

    A session is created when it is first needed, and opened once. The window shows only the token
    of the current session, so only that one counts as in use while the window is visible.
    """

    def __init__(self, make: MakeSession, observer: Callable[[ProfileStatus], None]) -> None:
        self.current: Session | None = None
        self._make = make
        self._observer = observer
        self._profiles: dict[str, Profile] = {}
        self._sessions: dict[str, Session] = {}
        self._settings = Settings()
        self._visible = False
        self._waiting: set[asyncio.Future[None]] = set()

    @property
    def statuses(self) -> tuple[ProfileStatus, ...]:
        """The state of every profile, in the order of the file."""
        return tuple(
            ProfileStatus(
                profile, self._sessions[id_].state if id_ in self._sessions else SignedOut()
            )
            for id_, profile in self._profiles.items()
        )

    def find(self, id_: str) -> Session | None:
        """Return the session of profile `id_`; `None` if it is unknown, or not needed yet."""
        return self._sessions.get(id_)

    async def update_profiles(self, profiles: Mapping[str, Profile]) -> None:
        """Use `profiles` from now on, and close the sessions of removed or changed ones."""
        self._profiles = dict(profiles)
        ending = []
        for id_, session in list(self._sessions.items()):
            profile = profiles.get(id_)
            if profile is not None and _can_keep_session(session.profile, profile):
                session.profile = profile
                self._configure(session)
                continue
            del self._sessions[id_]
            if session is self.current:
                self.current = None
            ending.append(session.close())
        self._notify_waiting()
        await asyncio.gather(*ending)

    def switch(self, id_: str, *, quietly: bool) -> Session:
        """Make the session of profile `id_` the current one, and open it if it is new."""
        before, self.current = self.current, None
        if before is not None:
            self._configure(before)
        session = self.current = self._get_or_create(id_)
        self._configure(session)
        self._open(session, quietly=quietly)
        return session

    def open_others(self) -> None:
        """Load the saved tokens of the other profiles, without signing in."""
        for id_ in self._profiles:
            self._open(self._get_or_create(id_), quietly=True)

    async def open_session(self, id_: str) -> Session | None:
        """Return the session of profile `id_`, with its tokens loaded; `None` if unknown."""
        if id_ not in self._profiles:
            return None
        session = self._get_or_create(id_)
        self._open(session, quietly=True)
        await self.wait_until(session, lambda state: not _is_opening(state))
        return session

    async def wait_until(self, session: Session, holds: Callable[[State], bool]) -> None:
        """Return when `holds` is true for the state of `session`, or the session has ended."""
        while not holds(session.state) and self._sessions.get(session.profile.id) is session:
            change: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.add(change)
            try:
                await change
            finally:
                self._waiting.discard(change)

    def apply(self, settings: Settings) -> None:
        """Use `settings` from now on; the settings of a profile take precedence."""
        self._settings = settings
        self._configure_all()

    def set_visible(self, *, visible: bool) -> None:
        """Count the current token as in use while the window is visible and touched."""
        self._visible = visible
        self._configure_all()

    def touch(self) -> None:
        """Note that somebody uses the visible window."""
        if self._visible and self.current is not None:
            self.current.set_visible(visible=True)

    def check_clock(self) -> None:
        for session in self._sessions.values():
            session.check_clock()

    def wake(self) -> None:
        for session in self._sessions.values():
            session.wake()

    async def close(self) -> None:
        """Close all sessions; returns when no request is left."""
        sessions, self._sessions, self.current = list(self._sessions.values()), {}, None
        self._notify_waiting()
        await asyncio.gather(*(session.close() for session in sessions))

    def _get_or_create(self, id_: str) -> Session:
        if id_ not in self._sessions:
            # By session, not by id: one that is closing may report after it was replaced.
            session = self._make(self._profiles[id_], lambda state: self._on_state(session, state))
            self._sessions[id_] = session
            self._configure(session)
        return self._sessions[id_]

    def _open(self, session: Session, *, quietly: bool) -> None:
        if not session.is_open:
            _log.info("opened: %s", session.profile.id)
            session.open(quietly=quietly)

    def _configure_all(self) -> None:
        for session in self._sessions.values():
            self._configure(session)

    def _configure(self, session: Session) -> None:
        session.apply(with_profile_settings(self._settings, session.profile.settings))
        session.set_visible(visible=self._visible and session is self.current)

    def _on_state(self, session: Session, state: State) -> None:
        if self._sessions.get(session.profile.id) is session:
            self._observer(ProfileStatus(session.profile, state))
        self._notify_waiting()

    def _notify_waiting(self) -> None:
        for change in self._waiting:
            if not change.done():
                change.set_result(None)


def _is_opening(state: State) -> bool:
    return isinstance(state, Requesting) and state.opening


def _can_keep_session(before: Profile, after: Profile) -> bool:
    """Whether the session can go on: only the look of the profile or its settings changed."""
    return before == replace(
        after,
        name=before.name,
        letter=before.letter,
        color=before.color,
        settings=before.settings,
    )

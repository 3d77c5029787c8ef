"""The sessions of all profiles; the window shows one of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from desktop.frozen import frozen
from desktop.services.model.settings import Settings, with_profile_settings
from desktop.services.model.states import Requesting, SignedOut, State
from desktop.services.session.lock.app_lock import AppLock

if TYPE_CHECKING:
    from desktop.services.model.profile import Profile
    from desktop.services.session.session import Session

    MakeSession = Callable[[Profile, Callable[[State], None]], Session]

_log = logging.getLogger(__name__)

MOST_LISTED = 8
"""How many profiles a menu lists; of more, it lists only those that were used last."""


@frozen
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
        self.are_many = False  # more than a menu lists
        self.lock = AppLock()
        self.lock.watch(self._on_lock)
        self._make = make
        self._observer = observer
        self._profiles: dict[str, Profile] = {}
        self._sessions: dict[str, Session] = {}
        self._listed: tuple[str, ...] = ()
        self._settings = Settings()
        self._visible = False
        self._waiting: dict[asyncio.Future[None], Session] = {}

    @property
    def statuses(self) -> tuple[ProfileStatus, ...]:
        """The state of every profile, in the order of the file."""
        return tuple(map(self._known_status, self._profiles))

    @property
    def listed(self) -> tuple[ProfileStatus, ...]:
        """The state of the profiles for a menu: all, or of many the few that were used last."""
        return tuple(map(self._known_status, self._listed))

    def status(self, id_: str) -> ProfileStatus | None:
        """Return the state of profile `id_`; `None` if it is unknown."""
        return self._known_status(id_) if id_ in self._profiles else None

    def masked(self, status: ProfileStatus) -> ProfileStatus:
        """Return what may be shown of `status`: nothing but the lock while that is on."""
        return replace(status, state=self.lock.mask(status.profile, status.state))

    def by_recency(self) -> tuple[list[str], list[str]]:
        """Return the ids of the profiles that were used last, and those of the others by name."""
        recent = [id_ for id_ in self._settings.recent_profiles.split() if id_ in self._profiles]
        others = self._profiles.keys() - set(recent)
        return recent, sorted(others, key=lambda id_: self._profiles[id_].name.casefold())

    def find(self, id_: str) -> Session | None:
        """Return the session of profile `id_`; `None` if it is unknown, or not needed yet."""
        return self._sessions.get(id_)

    async def update_profiles(self, profiles: Mapping[str, Profile]) -> None:
        """Use `profiles` from now on, and close the sessions of removed or changed ones."""
        self._profiles = dict(profiles)
        self._choose_listed()
        ending = []
        for id_, session in list(self._sessions.items()):
            profile = profiles.get(id_)
            if profile is not None and _can_keep_session(session.profile, profile):
                if session.profile.exchanges != profile.exchanges:
                    session.exchanged.forget()
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

    def open_others(self) -> Iterator[None]:
        """Load the saved tokens of the other profiles, without signing in; one after each step."""
        for id_ in tuple(self._profiles):
            yield
            if id_ in self._profiles:
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
            self._waiting[change] = session
            try:
                await change
            finally:
                del self._waiting[change]

    def apply(self, settings: Settings) -> None:
        """Use `settings` from now on; the settings of a profile take precedence."""
        before, self._settings = self._settings, settings
        self._choose_listed()
        elsewhere = {
            name: getattr(settings, name) for name in ("profile", "recent_profiles", "api_service")
        }
        if replace(before, **elsewhere) != settings:
            # Switching to another profile wakes none of the others.
            for session in self._sessions.values():
                self._configure(session)

    def set_visible(self, *, visible: bool) -> None:
        """Count the current token as in use while the window is visible and touched."""
        self._visible = visible
        if self.current is not None:
            self._configure(self.current)

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
            if self.lock.is_locked:
                self._lock_or_unlock(session)
        return self._sessions[id_]

    def _on_lock(self) -> None:
        for session in tuple(self._sessions.values()):
            self._lock_or_unlock(session)

    def _lock_or_unlock(self, session: Session) -> None:
        if self.lock.is_locked and not session.profile.unattended:
            session.lock.begin(keep_renewing=self._settings.renew_while_locked)
        else:
            session.lock.end()

    def _open(self, session: Session, *, quietly: bool) -> None:
        if not session.is_open:
            _log.info("opened: %s", session.profile.id)
            session.open(quietly=quietly)

    def _known_status(self, id_: str) -> ProfileStatus:
        session = self._sessions.get(id_)
        return ProfileStatus(self._profiles[id_], SignedOut() if session is None else session.state)

    def _choose_listed(self) -> None:
        self.are_many = len(self._profiles) > MOST_LISTED
        recent, others = self.by_recency()
        self._listed = (*recent, *others)[:MOST_LISTED] if self.are_many else tuple(self._profiles)

    def _configure(self, session: Session) -> None:
        session.apply(with_profile_settings(self._settings, session.profile.settings))
        session.set_visible(visible=self._visible and session is self.current)

    def _on_state(self, session: Session, state: State) -> None:
        if self._sessions.get(session.profile.id) is session:
            self._observer(ProfileStatus(session.profile, state))
        self._notify_waiting(session)

    def _notify_waiting(self, changed: Session | None = None) -> None:
        for change, session in self._waiting.items():
            if changed in (None, session) and not change.done():
                change.set_result(None)


def _is_opening(state: State) -> bool:
    return isinstance(state, Requesting) and state.opening


def _can_keep_session(before: Profile, after: Profile) -> bool:
    """Whether the session can go on: the same client signs in at the same server."""
    return before == replace(
        after,
        name=before.name,
        letter=before.letter,
        color=before.color,
        settings=before.settings,
        exchanges=before.exchanges,
        services=before.services,
        preset_services=before.preset_services,
    )

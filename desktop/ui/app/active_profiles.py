"""Loads the profiles, and chooses which of them is in the window."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from desktop.services.model.profile import NoProfile, ProfileError
from desktop.services.model.states import Failed, SignedIn, State
from desktop.services.session.sessions import MOST_LISTED

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop.options import Options
    from desktop.services.configuration.profile_reader import Profiles
    from desktop.services.model.profile import Profile
    from desktop.services.session.session import Session
    from desktop.services.session.sessions import Sessions
    from desktop.services.system.worker import Worker
    from desktop.ui.app.controller import Controller


class ActiveProfiles:
    """Reloads the profiles when they change or a sign-in needs them; `show` gets the new state.

    `on_current_changed` is called with the session that is now in the window, if any is left.
    """

    def __init__(
        self,
        controller: Controller,
        sessions: Sessions,
        *,
        options: Options,
        worker: Worker,
        show: Callable[[State], None],
        on_current_changed: Callable[[Session | None], None],
    ) -> None:
        self.is_first_run = False
        self.is_quitting = False
        self._may_open_others = False
        self._controller = controller
        self._sessions = sessions
        self._options = options
        self._worker = worker
        self._show = show
        self._on_current_changed = on_current_changed
        # Ending the sessions of removed profiles takes time. Without a lock, a reload that began
        # with an older file could bring them back.
        self._reload_lock = asyncio.Lock()

    async def sign_in(self, *, quietly: bool = False) -> None:
        """Reload the profiles and sign in with the current one; open its session if it is new.

        A profile that the user switches to meanwhile stays in the window.
        """
        requested = self._sessions.current
        async with self._reload_lock:
            await self._sign_in(requested or self._sessions.current, quietly=quietly)

    async def reload_profiles(self, id_: str, *, sign_in: bool) -> None:
        """Reload changed profiles and switch to `id_`, or keep the current one if it is empty."""
        async with self._reload_lock:
            await self._reload_profiles(id_, sign_in=sign_in)

    async def reload_profile(self, name: str) -> Profile:
        """Reload the profiles; returns the one with this name, or the first for an empty name.

        Raises `ProfileError` and changes nothing if they cannot be read.
        """
        profile = (await self._worker.run(self._options.load_profiles)).find(name or None)
        await self.reload_profiles("", sign_in=False)
        return profile

    def switch(self, id_: str) -> None:
        """Show another profile in the window; ignore one that no longer exists."""
        if self._sessions.status(id_) is None:
            return
        self._controller.copier.cancel()
        left = self._sessions.current
        self._set_current(id_, quietly=True)
        store = self._controller.settings_store
        before = [left.profile.id] if left is not None else []
        recent = dict.fromkeys((id_, *before, *store.settings.recent_profiles.split()))
        listed = " ".join(list(recent)[:MOST_LISTED])
        store.change(replace(store.settings, profile=id_, recent_profiles=listed))

    async def open_others(self) -> None:
        """Load the saved tokens of all other profiles, now and after each reload."""
        self._may_open_others = True
        await self._open_others()

    async def _sign_in(self, before: Session | None, *, quietly: bool) -> None:
        try:
            profiles = await self._load_profiles()
            profile = profiles.find(self._choose_profile(profiles, before))
        except NoProfile as error:
            self.is_first_run = True
            await self._sessions.update_profiles({})
            self._show_no_profile(error)
            return
        except ProfileError as error:
            if self._sessions.current is before:
                self._show(Failed(error))
            return
        await self._sessions.update_profiles(profiles.good)
        if self.is_quitting:
            return
        if before is not None and before is self._sessions.find(before.profile.id):
            before.new_code()  # it keeps a code that is still fresh
            if before is self._sessions.current:
                self._set_session(before)  # its name may have changed
        elif self._sessions.current is None:
            self._set_current(profile.id, quietly=quietly)
        await self._open_others()

    def _choose_profile(self, profiles: Profiles, current: Session | None) -> str | None:
        """The profile of `current`, else that of the command line or of the last run."""
        from_options = self._options.profile if self._options.demo is None else None
        last = current.profile.id if current is not None else from_options
        known = profiles.good.keys() | profiles.broken.keys()
        if last is not None and (last in known or current is None):
            return last
        remembered = self._controller.settings_store.settings.profile
        return remembered if remembered in profiles.good else None

    async def _reload_profiles(self, id_: str, *, sign_in: bool) -> None:
        try:
            profiles = await self._load_profiles()
            await self._sessions.update_profiles(profiles.good)
            if not self.is_quitting and (id_ or self._sessions.current is None):
                self._switch_and_sign_in(profiles.find(id_ or None).id, sign_in=sign_in)
        except ProfileError as error:
            self._show_no_profile(error)
        await self._open_others()
        self._controller.display.refresh()  # the tray lists all profiles

    async def _load_profiles(self) -> Profiles:
        profiles = await self._worker.run(self._options.load_profiles)
        self._controller.profiles.unreadable = len(profiles.broken)
        if self._options.demo is None:
            self._controller.settings_store.apply_policy(profiles.policy)
        return profiles

    def _show_no_profile(self, error: ProfileError) -> None:
        """Show why no profile can be used."""
        if self._sessions.current is None:
            self._set_session(None)
        self._show(Failed(error))

    def _switch_and_sign_in(self, id_: str, *, sign_in: bool) -> None:
        before = self._sessions.find(id_)
        self._set_current(id_, quietly=not sign_in)
        if sign_in and before is not None and not isinstance(before.state, SignedIn):
            before.sign_in()

    async def _open_others(self) -> None:
        if not self._may_open_others:
            return
        for _ in self._sessions.open_others():
            await asyncio.sleep(0)  # together they would delay frames
            if self.is_quitting:
                return

    def _set_current(self, id_: str, *, quietly: bool) -> None:
        session = self._sessions.switch(id_, quietly=quietly)
        self._set_session(session)
        self._show(session.state)

    def _set_session(self, session: Session | None) -> None:
        self._controller.set_session(session)
        self._on_current_changed(session)

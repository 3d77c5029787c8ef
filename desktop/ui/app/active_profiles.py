"""Goes by the file with the profiles: what it says now, and which of them is in the window."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from desktop.services.model.profile import NoProfile, ProfileError
from desktop.services.model.states import Failed, SignedIn, State

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
    """Reads the file anew whenever that counts; `show` is given what comes of it.

    `taken` is called with the session that is in the window from now on, if there is one left.
    """

    def __init__(
        self,
        controller: Controller,
        sessions: Sessions,
        *,
        options: Options,
        worker: Worker,
        show: Callable[[State], None],
        taken: Callable[[Session | None], None],
    ) -> None:
        self.is_first_run = False
        self.is_quitting = False
        self._may_open_others = False
        self._controller = controller
        self._sessions = sessions
        self._options = options
        self._worker = worker
        self._show = show
        self._on_current_changed = taken
        # Sessions that are gone take time to end. Who began with an older file would meanwhile go
        # on with profiles that are there no more, or undo what the newer file has brought.
        self._one_at_a_time = asyncio.Lock()

    async def sign_in(self, *, quietly: bool = False) -> None:
        """Load the profiles; where the current one is another than before, open what is stored.

        It is for the profile in the window now; whoever brings another one there meanwhile keeps
        that in the window.
        """
        asked_for = self._sessions.current
        async with self._one_at_a_time:
            await self._sign_in(asked_for or self._sessions.current, quietly=quietly)

    async def reload_profiles(self, id_: str, *, sign_in: bool) -> None:
        """Profiles were changed; `id_` is the one to go on with, empty for the current one."""
        async with self._one_at_a_time:
            await self._reload_profiles(id_, sign_in=sign_in)

    async def reload_profile(self, name: str) -> Profile:
        """Go by the file anew; gives the profile of that name, or the first.

        Raises `ProfileError`, and then all stays as it was.
        """
        profile = (await self._worker.run(self._options.load_profiles)).find(name or None)
        await self.reload_profiles("", sign_in=False)
        return profile

    def switch(self, id_: str) -> None:
        """Bring another profile into the window, as it stands; nothing for one that is gone."""
        if id_ not in {each.profile.id for each in self._sessions.statuses}:
            return
        self._controller.copier.cancel()
        self._set_current(id_, quietly=True)
        keeper = self._controller.settings_store
        keeper.change(replace(keeper.settings, profile=id_))

    def open_others(self) -> None:
        """Open what is saved of the profiles not in the window, now and whenever some come."""
        self._may_open_others = True
        self._open_others()

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
            before.new_code()  # which leaves one alone that is fresh
            if before is self._sessions.current:
                self._set_session(before)  # as it is called now
        elif self._sessions.current is None:
            self._set_current(profile.id, quietly=quietly)
        self._open_others()

    def _choose_profile(self, profiles: Profiles, current: Session | None) -> str | None:
        """Which one: that of `current`, else as the command line or the last run has it."""
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
        self._open_others()
        self._controller.refresh()  # the tray shows who is there

    async def _load_profiles(self) -> Profiles:
        profiles = await self._worker.run(self._options.load_profiles)
        self._controller.profiles.unreadable = len(profiles.broken)
        if self._options.demo is None:
            self._controller.settings_store.apply_policy(profiles.policy)
        return profiles

    def _show_no_profile(self, error: ProfileError) -> None:
        """Show why there is nothing to go on with."""
        if self._sessions.current is None:
            self._set_session(None)
        self._show(Failed(error))

    def _switch_and_sign_in(self, id_: str, *, sign_in: bool) -> None:
        before = self._sessions.find(id_)
        self._set_current(id_, quietly=not sign_in)
        if sign_in and before is not None and not isinstance(before.state, SignedIn):
            before.sign_in()

    def _open_others(self) -> None:
        if self._may_open_others and not self.is_quitting:
            self._sessions.open_others()

    def _set_current(self, id_: str, *, quietly: bool) -> None:
        session = self._sessions.switch(id_, quietly=quietly)
        self._set_session(session)
        self._show(session.state)

    def _set_session(self, session: Session | None) -> None:
        self._controller.set_session(session)
        self._on_current_changed(session)

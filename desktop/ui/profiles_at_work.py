"""Goes by the file with the profiles: what it says now, and which of them is in the window."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from desktop.services.profiles import NoProfile, ProfileError
from desktop.services.states import Failed, SignedIn, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop.options import Options
    from desktop.services.background import Worker
    from desktop.services.profile_reading import Profiles
    from desktop.services.session import Session
    from desktop.services.sessions import Sessions
    from desktop.ui.controller import Controller


class ProfilesAtWork:
    """Reads the file anew whenever that counts; `show` is given what comes of it.

    `taken` is called with the session that is in the window from now on.
    """

    def __init__(
        self,
        controller: Controller,
        sessions: Sessions,
        *,
        options: Options,
        worker: Worker,
        show: Callable[[State], None],
        taken: Callable[[Session], None],
    ) -> None:
        self.is_first_run = False
        self.leaving = False
        self._controller = controller
        self._sessions = sessions
        self._options = options
        self._worker = worker
        self._show = show
        self._taken = taken
        # Sessions that are gone take time to end. Who began with an older file would meanwhile go
        # on with profiles that are there no more, or undo what the newer file has brought.
        self._one_at_a_time = asyncio.Lock()

    async def sign_in(self, *, quietly: bool = False) -> None:
        """Load the profiles; where the current one is another than before, open what is stored."""
        async with self._one_at_a_time:
            await self._sign_in(quietly=quietly)

    async def go_by_the_file(self, id_: str, *, sign_in: bool) -> None:
        """Profiles were changed; `id_` is the one to go on with, empty for the current one."""
        async with self._one_at_a_time:
            await self._go_by_the_file(id_, sign_in=sign_in)

    def switch(self, id_: str) -> None:
        """Bring another profile into the window, as it stands; nothing for one that is gone."""
        if id_ not in {each.profile.id for each in self._sessions.standings}:
            return
        self._controller.copier.cancel()
        self._take(id_, quietly=True)
        keeper = self._controller.keeper
        keeper.change(replace(keeper.settings, profile=id_))

    async def _sign_in(self, *, quietly: bool) -> None:
        try:
            profiles = await self._worker.run(self._options.load_profiles)
            profile = profiles.named(self._wanted(profiles))
        except ProfileError as error:
            self.is_first_run = isinstance(error, NoProfile)
            self._show(Failed(error))
            return
        if self.leaving:
            return
        before = self._sessions.current
        await self._sessions.know(profiles.good)
        if before is not None and before is self._sessions.current:
            before.sign_in()
        elif self._sessions.current is None:  # else the person has brought another one meanwhile
            self._take(profile.id, quietly=quietly)

    def _wanted(self, profiles: Profiles) -> str | None:
        """Which one: that in the window, else as the command line or the last run has it."""
        current, asked = self._sessions.current, self._options.profile
        last = current.profile.id if current is not None else asked
        known = profiles.good.keys() | profiles.broken.keys()
        if last is not None and (last in known or current is None):
            return last
        remembered = self._controller.keeper.settings.profile
        return remembered if remembered in profiles.good else None

    async def _go_by_the_file(self, id_: str, *, sign_in: bool) -> None:
        try:
            profiles = await self._worker.run(self._options.load_profiles)
            await self._sessions.know(profiles.good)
            if not id_ and self._sessions.current is not None:
                self._controller.look_at_clock()  # the tray shows who is there
                return
            wanted = profiles.named(id_ or None).id
        except ProfileError as error:
            self._show(Failed(error))
            return
        before = self._sessions.named(wanted)
        self._take(wanted, quietly=not sign_in)
        if sign_in and before is not None and not isinstance(before.state, SignedIn):
            before.sign_in()

    def _take(self, id_: str, *, quietly: bool) -> None:
        session = self._sessions.switch(id_, quietly=quietly)
        self._controller.use(session)
        self._taken(session)
        self._show(session.state)

"""The life of the program on its event loop, from the loaded modules to the last request."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QIcon

from desktop.ipc.client import ACTIVATION, AlreadyRunning, hand_over
from desktop.ipc.messages import Members, plain_members
from desktop.ipc.server import Claim, Server, claim
from desktop.options import Options
from desktop.services.model.settings import load_settings
from desktop.services.model.states import Requesting, State
from desktop.services.network.real_environment import surroundings
from desktop.services.session.session import Session
from desktop.services.session.sessions import Sessions, Standing
from desktop.services.system.logs import report_loop_error, start_logging
from desktop.services.system.paths import log_folder, settings_file
from desktop.services.system.resources import resource
from desktop.services.system.worker import Worker
from desktop.ui.app.active_profiles import ProfilesAtWork
from desktop.ui.app.agent_wiring import make_agent
from desktop.ui.app.application import Application
from desktop.ui.app.controller import Controller
from desktop.ui.app.event_loop import EventLoop
from desktop.ui.app.system_proxy import proxy_finder
from desktop.ui.kit.theme import Theme
from desktop.ui.pages.settings_store import NOT_IN_THE_DEMO
from desktop.ui.views import (
    view_for_state,  # noqa: F401 - loaded here, needed by the window
    waiting_view,  # noqa: F401 - loaded here, needed by the window
)
from desktop.ui.window.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop.services.model.policy import Policy
    from desktop.services.model.profile import Profile
    from desktop.services.model.settings import Settings
    from desktop.services.network.environment import Surroundings
    from desktop.ui.app.wake_events import Awakening
    from desktop.ui.app.window_or_tray import Presence
    from desktop.ui.profiles.profile_pages import ProfilePages

_log = logging.getLogger(__name__)


def live(application: Application, window: Window, *, theme: Theme, options: Options) -> int:
    """Run until the person quits; gives the exit code. Raises `AlreadyRunning`."""
    start_logging(log_folder(), verbose=options.verbose)
    window.set_icon(QIcon(str(resource("icons/app.svg"))))
    with EventLoop(application) as loop:
        loop.set_exception_handler(report_loop_error)
        life = _Life(Controller(application, window), theme, options)
        application.leave = life.leave
        return int(loop.run_until_complete(life.run()))


class _Life:
    """Loads the profile, keeps the session, and ends both in order."""

    def __init__(self, controller: Controller, theme: Theme, options: Options) -> None:
        self._controller = controller
        self._theme = theme
        self._options = options
        self._worker = Worker("loader")
        self._claiming: asyncio.Task[None] | None = None
        self._waits_for_claim = True
        self._sessions = Sessions(self._make_session, self._on_standing)
        self._profiles = ProfilesAtWork(
            controller,
            self._sessions,
            options=options,
            worker=self._worker,
            show=self._on_state,
            taken=self._on_taken,
        )
        self._settled = asyncio.Event()
        self._world: Surroundings | None = None
        self._claim: Claim | None = None
        self._agent = make_agent(
            controller,
            self._sessions,
            reload=self._profiles.reload,
            go_by_the_file=partial(self._profiles.go_by_the_file, "", sign_in=False),
            ready=self._settled,
            tell=self._tell_question,
        )
        handlers = {"show": self._show, "quit": self._quit, **self._agent.handlers}
        self._server = Server(handlers)
        self._presence: Presence | None = None
        self._awakening: Awakening | None = None
        self._wake = asyncio.Event()
        self._leaving = False
        controller.keeper.profile = options.profile
        if options.demo is not None:
            controller.keeper.why_not_at_login = NOT_IN_THE_DEMO
        controller.quit_wanted.connect(self.leave)
        # There is nothing to keep until something has come of the start.
        controller.window.closed.connect(self.leave)
        controller.sign_in_wanted.connect(self._wake.set)
        controller.switch_wanted.connect(self._profiles.switch)
        controller.serve(self._sessions)
        controller.pages.make_profile_pages = self._make_profile_pages

    async def run(self) -> int:
        """Live; gives the exit code. Raises `AlreadyRunning`."""
        self._heed_signals()
        try:
            await self._be_the_one()
            keeper = self._controller.keeper
            keeper.policy, settings = await self._worker.run(self._what_holds)
            keeper.use(settings)
            await self._profiles.sign_in(quietly=self._options.hidden)
            await self._settled.wait()
            await asyncio.sleep(_DRAWN_AFTER)  # what is loaded now would make that come later
            if not self._leaving:
                from desktop.ui.app.preload import load_libraries, load_views

                await self._worker.run(load_libraries)
                for _ in load_views():
                    await asyncio.sleep(0)
                # One turn of the loop each: together they would hold up a frame.
                for deed in (
                    self._theme.follow,
                    self._controller.add_shortcuts,
                    self._controller.window.offer_profiles,
                    self._controller.window.offer_settings,
                    self._stay,
                    self._profiles.open_others,
                ):
                    await asyncio.sleep(0)
                    deed()
                if self._profiles.is_first_run:
                    self._controller.add_profile()
            await self._sign_in_when_wanted()
        finally:
            await self._end()
        return 0

    def _what_holds(self) -> tuple[Policy, Settings]:
        return self._options.load_policy(), load_settings(settings_file())

    def _heed_signals(self) -> None:
        if sys.platform == "win32":
            return
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it
                asyncio.get_running_loop().add_signal_handler(number, self.leave)

    async def _be_the_one(self) -> None:
        """Listen for others of this person's; raises `AlreadyRunning`. Each demo is its own."""
        if self._options.demo is not None:
            return
        if sys.platform == "win32":
            await self._own_the_pipe()
            return
        self._claiming = asyncio.create_task(self._own_the_socket())
        done, _ = await asyncio.wait({self._claiming}, timeout=_KEPT_WAITING)
        self._waits_for_claim = False
        for each in done:
            each.result()

    async def _own_the_pipe(self) -> None:
        try:
            await self._server.listen_at_pipe()
        except OSError as error:
            await self._worker.run(partial(hand_over, quietly=self._options.hidden))
            _log.warning(_UNREACHABLE, error)

    async def _own_the_socket(self) -> None:
        # Another one that ends may take long: the loader has other things to do meanwhile.
        work = partial(claim, quietly=self._options.hidden)
        try:
            self._claim = await Worker("claimer").run(work)
            await self._server.listen(self._claim)
        except OSError as error:
            _log.warning(_UNREACHABLE, error)
        except AlreadyRunning:
            if self._waits_for_claim:
                raise
            _log.warning(_UNREACHABLE, "a third one was faster")

    def _stay(self) -> None:
        """From now on closing the window leaves the program in the tray."""
        if self._leaving:
            return
        from desktop.ui.app.wake_events import Awakening
        from desktop.ui.app.window_or_tray import Presence
        from desktop.ui.tray.tray import Tray

        controller = self._controller
        controller.window.closed.disconnect(self.leave)
        presence = self._presence = Presence(controller.window, Tray(controller))
        controller.drawn.connect(presence.show_state)
        controller.all_drawn.connect(presence.show_all)
        controller.copier.progressed.connect(presence.show_copy)
        if controller.session is not None:
            presence.show_profile(controller.session.profile)
        controller.keeper.changed.connect(presence.go_by)
        presence.go_by(controller.keeper.settings)
        presence.start()
        controller.look_at_clock()
        self._awakening = Awakening()
        self._awakening.woke.connect(self._on_woke)

    def _on_woke(self) -> None:
        self._sessions.wake()
        self._controller.look_at_clock()

    async def _show(self, members: Members, _process: int | None) -> Members:
        """What a second one asks for, which then ends."""
        given = plain_members(members.get("activation"))
        if self._presence is None:
            self._controller.window.show()
        else:
            self._presence.bring_window({name: given[name] for name in ACTIVATION if name in given})
        return {}

    async def _quit(self, _members: Members, _process: int | None) -> Members:
        """What an installer asks for; the answer goes out before the end begins."""
        self.leave()
        return {}

    def _tell_question(self) -> None:
        if self._presence is not None:
            self._presence.tell_question()

    def _on_taken(self, session: Session | None) -> None:
        if self._presence is not None:
            self._presence.show_profile(session.profile if session is not None else None)

    def _make_session(self, profile: Profile, observer: Callable[[State], None]) -> Session:
        return Session(profile, self._surroundings(), observer=observer)

    def _surroundings(self) -> Surroundings:
        if self._world is None:
            self._world = surroundings(self._worker, find_proxy=proxy_finder())
        return self._world

    def _make_profile_pages(self) -> ProfilePages:
        from desktop.ui.app.profile_wiring import make_deeds, make_pages

        policy = self._controller.keeper.policy
        deeds = make_deeds(self._surroundings(), self._worker, self._options, policy)
        return make_pages(
            self._controller, deeds, self._sessions, changed=self._profiles.go_by_the_file
        )

    async def _sign_in_when_wanted(self) -> None:
        while not self._leaving:
            await self._wake.wait()
            self._wake.clear()
            if not self._leaving:
                await self._profiles.sign_in()

    def _on_standing(self, standing: Standing) -> None:
        current = self._sessions.current
        if current is not None and standing.profile.id == current.profile.id:
            self._on_state(standing.state)
        else:
            self._controller.draw_others()

    def _on_state(self, state: State) -> None:
        self._controller.show(state)
        if not isinstance(state, Requesting):
            self._settled.set()

    async def _end(self) -> None:
        # Before the window goes: on Wayland only who has the focus can take a secret back.
        await self._controller.copier.close()
        if self._claiming is not None:
            self._claiming.cancel()
            await asyncio.wait({self._claiming})
        await self._server.close()
        self._controller.window.hide()
        await self._controller.pages.close()
        if self._awakening is not None:
            self._awakening.close()
        if self._presence is not None:
            self._presence.close()
        await self._sessions.close()
        self._options.close()
        if self._claim is not None:
            self._claim.give_up()

    def leave(self) -> None:
        """End, in order."""
        self._leaving = self._profiles.leaving = True
        self._wake.set()
        self._settled.set()


_UNREACHABLE = "others of its kind cannot reach this one: %s"
_KEPT_WAITING = 5.0  # seconds that a sign-in waits for another one that ends
_DRAWN_AFTER = 0.05  # seconds until a new view is laid out and painted, generously

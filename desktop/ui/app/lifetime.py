"""The life of the program on its event loop, from the loaded modules to the last request."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QIcon

from desktop.ipc.client import ACTIVATION_VARIABLES, AlreadyRunning, defer_to_running_app
from desktop.ipc.messages import Members, plain_members
from desktop.ipc.server import InstanceClaim, Server, claim_instance
from desktop.options import Options
from desktop.services.model.settings import load_settings
from desktop.services.model.states import Requesting, State
from desktop.services.network.real_environment import real_environment
from desktop.services.session.session import Session
from desktop.services.session.sessions import ProfileStatus, Sessions
from desktop.services.system.logs import report_loop_error, start_logging
from desktop.services.system.paths import log_folder, settings_file
from desktop.services.system.resources import resource
from desktop.services.system.worker import Worker
from desktop.ui.app.active_profiles import ActiveProfiles
from desktop.ui.app.agent_wiring import make_agent
from desktop.ui.app.application import Application
from desktop.ui.app.controller import Controller
from desktop.ui.app.event_loop import EventLoop
from desktop.ui.app.system_proxy import make_proxy_finder
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
    from desktop.services.network.environment import Environment
    from desktop.ui.app.wake_events import WakeEvents
    from desktop.ui.app.window_or_tray import WindowOrTray
    from desktop.ui.profiles.profile_pages import ProfilePages

_log = logging.getLogger(__name__)


def run_until_quit(
    application: Application, window: Window, *, theme: Theme, options: Options
) -> int:
    """Run until the person quits; gives the exit code. Raises `AlreadyRunning`."""
    start_logging(log_folder(), verbose=options.verbose)
    window.set_icon(QIcon(str(resource("icons/app.svg"))))
    with EventLoop(application) as loop:
        loop.set_exception_handler(report_loop_error)
        lifetime = _Lifetime(Controller(application, window), theme, options)
        application.on_quit = lifetime.quit
        return int(loop.run_until_complete(lifetime.run()))


class _Lifetime:
    """Loads the profile, keeps the session, and ends both in order."""

    def __init__(self, controller: Controller, theme: Theme, options: Options) -> None:
        self._controller = controller
        self._theme = theme
        self._options = options
        self._worker = Worker("loader")
        self._claiming: asyncio.Task[None] | None = None
        self._waits_for_claim = True
        self._sessions = Sessions(self._make_session, self._on_profile_status)
        self._profiles = ActiveProfiles(
            controller,
            self._sessions,
            options=options,
            worker=self._worker,
            show=self._on_state,
            taken=self._on_current_session,
        )
        self._settled = asyncio.Event()
        self._environment: Environment | None = None
        self._claim: InstanceClaim | None = None
        self._agent = make_agent(
            controller,
            self._sessions,
            reload_profile=self._profiles.reload_profile,
            reload_profiles=partial(self._profiles.reload_profiles, "", sign_in=False),
            ready=self._settled,
            tell=self._notify_token_request,
        )
        handlers = {
            "show": self._on_show_request,
            "quit": self._on_quit_request,
            **self._agent.handlers,
        }
        self._server = Server(handlers)
        self._window_or_tray: WindowOrTray | None = None
        self._wake_events: WakeEvents | None = None
        self._sign_in_event = asyncio.Event()
        self._is_quitting = False
        controller.settings_store.profile = options.profile
        if options.demo is not None:
            controller.settings_store.why_no_autostart = NOT_IN_THE_DEMO
        controller.quit_requested.connect(self.quit)
        # There is nothing to keep until something has come of the start.
        controller.window.closed.connect(self.quit)
        controller.sign_in_requested.connect(self._sign_in_event.set)
        controller.switch_requested.connect(self._profiles.switch)
        controller.set_sessions(self._sessions)
        controller.pages.make_profile_pages = self._make_profile_pages

    async def run(self) -> int:
        """Live; gives the exit code. Raises `AlreadyRunning`."""
        self._handle_signals()
        try:
            await self._claim_single_instance()
            keeper = self._controller.settings_store
            keeper.policy, settings = await self._worker.run(self._load_policy_and_settings)
            keeper.use(settings)
            await self._profiles.sign_in(quietly=self._options.hidden)
            await self._settled.wait()
            await asyncio.sleep(_FIRST_DRAW_DELAY)  # what is loaded now would make that come later
            if not self._is_quitting:
                from desktop.ui.app.preload import load_libraries, load_views

                await self._worker.run(load_libraries)
                for _ in load_views():
                    await asyncio.sleep(0)
                # One turn of the loop each: together they would hold up a frame.
                for deed in (
                    self._theme.follow_system,
                    self._controller.add_shortcuts,
                    self._controller.window.add_profile_switcher,
                    self._controller.window.add_settings_button,
                    self._enable_tray,
                    self._profiles.open_others,
                ):
                    await asyncio.sleep(0)
                    deed()
                if self._profiles.is_first_run:
                    self._controller.add_profile()
            await self._sign_in_on_request()
        finally:
            await self._close()
        return 0

    def _load_policy_and_settings(self) -> tuple[Policy, Settings]:
        return self._options.load_policy(), load_settings(settings_file())

    def _handle_signals(self) -> None:
        if sys.platform == "win32":
            return
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it
                asyncio.get_running_loop().add_signal_handler(number, self.quit)

    async def _claim_single_instance(self) -> None:
        """Listen for others of this person's; raises `AlreadyRunning`. Each demo is its own."""
        if self._options.demo is not None:
            return
        if sys.platform == "win32":
            await self._listen_on_pipe()
            return
        self._claiming = asyncio.create_task(self._listen_on_socket())
        done, _ = await asyncio.wait({self._claiming}, timeout=_CLAIM_TIMEOUT)
        self._waits_for_claim = False
        for each in done:
            each.result()

    async def _listen_on_pipe(self) -> None:
        try:
            await self._server.listen_at_pipe()
        except OSError as error:
            await self._worker.run(partial(defer_to_running_app, quietly=self._options.hidden))
            _log.warning(_UNREACHABLE, error)

    async def _listen_on_socket(self) -> None:
        # Another one that ends may take long: the loader has other things to do meanwhile.
        work = partial(claim_instance, quietly=self._options.hidden)
        try:
            self._claim = await Worker("claimer").run(work)
            await self._server.listen(self._claim)
        except OSError as error:
            _log.warning(_UNREACHABLE, error)
        except AlreadyRunning:
            if self._waits_for_claim:
                raise
            _log.warning(_UNREACHABLE, "a third one was faster")

    def _enable_tray(self) -> None:
        """From now on closing the window leaves the program in the tray."""
        if self._is_quitting:
            return
        from desktop.ui.app.wake_events import WakeEvents
        from desktop.ui.app.window_or_tray import WindowOrTray
        from desktop.ui.tray.tray import Tray

        controller = self._controller
        controller.window.closed.disconnect(self.quit)
        presence = self._window_or_tray = WindowOrTray(controller.window, Tray(controller))
        controller.drawn.connect(presence.show_state)
        controller.profiles_drawn.connect(presence.show_profiles)
        controller.copier.progressed.connect(presence.show_copy)
        if controller.session is not None:
            presence.show_profile(controller.session.profile)
        controller.settings_store.changed.connect(presence.apply)
        presence.apply(controller.settings_store.settings)
        presence.start()
        controller.refresh()
        self._wake_events = WakeEvents()
        self._wake_events.woke.connect(self._on_woke)

    def _on_woke(self) -> None:
        self._sessions.wake()
        self._controller.refresh()

    async def _on_show_request(self, members: Members, _process: int | None) -> Members:
        """What a second one asks for, which then ends."""
        given = plain_members(members.get("activation"))
        if self._window_or_tray is None:
            self._controller.window.show()
        else:
            self._window_or_tray.raise_window(
                {name: given[name] for name in ACTIVATION_VARIABLES if name in given}
            )
        return {}

    async def _on_quit_request(self, _members: Members, _process: int | None) -> Members:
        """What an installer asks for; the answer goes out before the end begins."""
        self.quit()
        return {}

    def _notify_token_request(self) -> None:
        if self._window_or_tray is not None:
            self._window_or_tray.notify_token_request()

    def _on_current_session(self, session: Session | None) -> None:
        if self._window_or_tray is not None:
            self._window_or_tray.show_profile(session.profile if session is not None else None)

    def _make_session(self, profile: Profile, observer: Callable[[State], None]) -> Session:
        return Session(profile, self._get_environment(), observer=observer)

    def _get_environment(self) -> Environment:
        if self._environment is None:
            self._environment = real_environment(self._worker, find_proxy=make_proxy_finder())
        return self._environment

    def _make_profile_pages(self) -> ProfilePages:
        from desktop.ui.app.profile_wiring import make_editor, make_profile_pages

        policy = self._controller.settings_store.policy
        editor = make_editor(self._get_environment(), self._worker, self._options, policy)
        return make_profile_pages(
            self._controller, editor, self._sessions, changed=self._profiles.reload_profiles
        )

    async def _sign_in_on_request(self) -> None:
        while not self._is_quitting:
            await self._sign_in_event.wait()
            self._sign_in_event.clear()
            if not self._is_quitting:
                await self._profiles.sign_in()

    def _on_profile_status(self, standing: ProfileStatus) -> None:
        current = self._sessions.current
        if current is not None and standing.profile.id == current.profile.id:
            self._on_state(standing.state)
        else:
            self._controller.draw_other_profiles()

    def _on_state(self, state: State) -> None:
        self._controller.show(state)
        if not isinstance(state, Requesting):
            self._settled.set()

    async def _close(self) -> None:
        # Before the window goes: on Wayland only who has the focus can take a secret back.
        await self._controller.copier.close()
        if self._claiming is not None:
            self._claiming.cancel()
            await asyncio.wait({self._claiming})
        await self._server.close()
        self._controller.window.hide()
        await self._controller.pages.close()
        if self._wake_events is not None:
            self._wake_events.close()
        if self._window_or_tray is not None:
            self._window_or_tray.close()
        await self._sessions.close()
        self._options.close()
        if self._claim is not None:
            self._claim.release()

    def quit(self) -> None:
        """End, in order."""
        self._is_quitting = self._profiles.is_quitting = True
        self._sign_in_event.set()
        self._settled.set()


_UNREACHABLE = "others of its kind cannot reach this one: %s"
_CLAIM_TIMEOUT = 5.0  # seconds that a sign-in waits for another one that ends
_FIRST_DRAW_DELAY = 0.05  # seconds until a new view is laid out and painted, generously

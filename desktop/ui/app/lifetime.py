"""Runs XDR Login on its event loop, from the loaded modules to the last request."""

from __future__ import annotations

import asyncio
import signal
import sys
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QIcon

from desktop.ipc.agent import Agent
from desktop.ipc.client import ACTIVATION_VARIABLES
from desktop.ipc.messages import Members, plain_members
from desktop.oauth.clock import SystemClock
from desktop.options import DemoServerFailed, Options
from desktop.services.audit.audit_log import AuditLog
from desktop.services.model.policy import Policy
from desktop.services.model.settings import load_settings
from desktop.services.model.states import Requesting, State
from desktop.services.network.real_environment import real_environment
from desktop.services.session.session import Session
from desktop.services.session.sessions import ProfileStatus, Sessions
from desktop.services.session.token_permission import TokenPermission
from desktop.services.system.logs import report_loop_error, start_logging
from desktop.services.system.paths import log_folder, profiles_file, settings_file
from desktop.services.system.resources import resource
from desktop.services.system.translation import translate
from desktop.services.system.worker import Worker
from desktop.ui.app.active_profiles import ActiveProfiles
from desktop.ui.app.application import Application
from desktop.ui.app.controller import Controller
from desktop.ui.app.event_loop import EventLoop
from desktop.ui.app.single_instance import SingleInstance
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

    from desktop.ipc.agent import ReloadProfile, ReloadProfiles
    from desktop.services.model.profile import Profile
    from desktop.services.model.settings import Settings
    from desktop.services.network.environment import Environment
    from desktop.services.profile_editor.editor import ProfileEditor
    from desktop.services.session.token_permission import PermissionAnswer, PermissionRequest
    from desktop.ui.app.wake_events import WakeEvents
    from desktop.ui.app.window_or_tray import WindowOrTray
    from desktop.ui.profiles.profile_pages import ProfilePages

_FIRST_DRAW_DELAY = 0.05  # seconds until a new view is laid out and painted, generously
_DEMO_ID = "(demo)"  # of the profile that is in no file


def run_until_quit(
    application: Application, window: Window, *, theme: Theme, options: Options
) -> int:
    """Run until the user quits; returns the exit code.

    Raises `AlreadyRunning` or `DemoServerFailed`.
    """
    start_logging(log_folder(), verbose=options.verbose)
    window.setWindowIcon(QIcon(str(resource("icons/app.svg"))))
    with EventLoop(application) as loop:
        loop.set_exception_handler(report_loop_error)
        lifetime = _Lifetime(Controller(application, window), theme, options)
        application.on_quit = lifetime.quit
        code = int(loop.run_until_complete(lifetime.run()))
    ended = options.demo_ended
    if ended is not None and ended.done() and ended.exception() is not None:
        raise DemoServerFailed from ended.exception()
    return code


def make_agent(
    controller: Controller,
    sessions: Sessions,
    *,
    reload_profile: ReloadProfile,
    reload_profiles: ReloadProfiles,
    ready: asyncio.Event,
    notify: Callable[[], None],
) -> Agent:
    """Create the agent; it calls `notify` when it asks the user, who may not see the window."""
    window = controller.window

    async def ask(question: PermissionRequest) -> PermissionAnswer:
        from desktop.ui.window.permission_window import PermissionWindow

        over = window.geometry() if window.in_sight() else window.screen().availableGeometry()
        permission_window = PermissionWindow(question, window.windowIcon(), over=over)
        notify()
        return await permission_window.ask()

    agent = Agent(
        sessions,
        reload_profile=reload_profile,
        reload_profiles=reload_profiles,
        permission=TokenPermission(ask, SystemClock()),
        needs_permission=lambda: controller.settings_store.settings.ask_for_tokens,
        start_sign_out=controller.sign_out_of,
        ready=ready,
    )
    controller.pages.details.watch_recipients(agent.recipients)
    return agent


def make_environment(controller: Controller, worker: Worker) -> Environment:
    """Create the environment of the sessions; the audit log follows the settings at once."""
    store = controller.settings_store
    audit = AuditLog(lambda: store.settings.audit)
    controller.locking.record = lambda event: audit.record(event, store.policy)
    return real_environment(worker, find_proxy=make_proxy_finder(), audit=audit)


def make_editor(
    environment: Environment, worker: Worker, options: Options, policy: Policy
) -> ProfileEditor:
    """Create the editor of the user's profiles. In the demo nothing can be edited."""
    from desktop.services.profile_editor.editor import ProfileEditor

    load = options.load_profiles
    if options.demo is not None:
        source = translate("the demo")
        read_only = Policy(source=source, own_profiles=False, profiles={_DEMO_ID: {}})
        policy, load = read_only, lambda: replace(options.load_profiles(), policy=read_only)
    return ProfileEditor(profiles_file(), environment, worker, policy=policy, load=load)


class _Lifetime:
    """Loads the profiles, owns the sessions, and shuts everything down in order."""

    def __init__(self, controller: Controller, theme: Theme, options: Options) -> None:
        self._controller = controller
        self._theme = theme
        self._options = options
        self._worker = Worker("loader")
        self._sessions = Sessions(self._make_session, self._on_profile_status)
        self._profiles = ActiveProfiles(
            controller,
            self._sessions,
            options=options,
            worker=self._worker,
            show=self._on_state,
            on_current_changed=self._on_current_session,
        )
        self._settled = asyncio.Event()
        self._agent = make_agent(
            controller,
            self._sessions,
            reload_profile=self._profiles.reload_profile,
            reload_profiles=partial(self._profiles.reload_profiles, "", sign_in=False),
            ready=self._settled,
            notify=self._notify_token_request,
        )
        handlers = {
            "show": self._on_show_request,
            "quit": self._on_quit_request,
            **self._agent.handlers,
        }
        self._instance = SingleInstance(handlers, self._worker, quietly=options.hidden)
        self._window_or_tray: WindowOrTray | None = None
        self._wake_events: WakeEvents | None = None
        self._sign_in_event = asyncio.Event()
        self._is_quitting = False
        controller.settings_store.profile = options.profile
        if options.demo is not None:
            controller.settings_store.why_no_autostart = NOT_IN_THE_DEMO
        controller.quit_requested.connect(self.quit)
        # Until the start has led to something, closing the window quits.
        controller.window.closed.connect(self.quit)
        controller.sign_in_requested.connect(self._sign_in_event.set)
        controller.switch_requested.connect(self._profiles.switch)
        controller.set_sessions(self._sessions)
        controller.pages.make_profile_pages = self._make_profile_pages

    async def run(self) -> int:
        """Run until `quit`; returns the exit code. Raises `AlreadyRunning`."""
        _handle_signals(self.quit)
        try:
            await self._claim_single_instance()
            store = self._controller.settings_store
            store.policy, settings = await self._worker.run(partial(_load_settings, self._options))
            store.use(settings)
            await self._profiles.sign_in(quietly=self._options.hidden)
            self._controller.window.enable_header()
            _watch_demo(self._options, self.quit)
            await self._settled.wait()
            await asyncio.sleep(_FIRST_DRAW_DELAY)  # loading now would delay the first view
            if not self._is_quitting:
                await self._load_rest()
            await self._sign_in_on_request()
        finally:
            await self._close()
        return 0

    async def _load_rest(self) -> None:
        """Load and start what the first view did not need."""
        from desktop.ui.app.load_after_start import load_libraries, load_views

        await self._worker.run(load_libraries)
        for _ in load_views():
            await asyncio.sleep(0)
        # One turn of the loop each: together they would delay a frame.
        for step in (
            self._controller.display.follow_system,
            self._controller.add_shortcuts,
            self._controller.window.add_profile_switcher,
            self._enable_tray,
            self._controller.locking.start,
        ):
            await asyncio.sleep(0)
            step()
        await self._profiles.open_others()
        if self._profiles.is_first_run:
            self._controller.add_profile()

    async def _claim_single_instance(self) -> None:
        if self._options.demo is None:  # demos run beside each other
            await self._instance.start()

    def _enable_tray(self) -> None:
        """From now on, closing the window leaves XDR Login in the tray."""
        if self._is_quitting:
            return
        from desktop.ui.app.wake_events import WakeEvents
        from desktop.ui.app.window_or_tray import WindowOrTray
        from desktop.ui.tray.tray import Tray

        controller = self._controller
        controller.window.closed.disconnect(self.quit)
        shown = self._window_or_tray = WindowOrTray(controller.window, Tray(controller))
        controller.display.drawn.connect(shown.show_state)
        controller.display.profiles_drawn.connect(shown.show_profiles)
        controller.display.other_changed.connect(shown.show_other)
        controller.copier.progressed.connect(shown.show_copy)
        self._on_current_session(controller.session)
        controller.settings_store.changed.connect(shown.apply)
        controller.pages.browser_failed.connect(shown.raise_window)
        shown.apply(controller.settings_store.settings)
        shown.start()
        controller.display.refresh()
        self._wake_events = WakeEvents()
        self._wake_events.woke.connect(self._on_woke)

    def _on_woke(self) -> None:
        self._sessions.wake()
        self._controller.display.refresh()

    async def _on_show_request(self, members: Members, _process: int | None) -> Members:
        """Show the window for an instance that was started later and now ends."""
        given = plain_members(members.get("activation"))
        if self._window_or_tray is None:
            self._controller.window.show()
        else:
            self._window_or_tray.raise_window(
                {name: given[name] for name in ACTIVATION_VARIABLES if name in given}
            )
        return {}

    async def _on_quit_request(self, _members: Members, _process: int | None) -> Members:
        """Quit, as installers ask for; the reply is sent before shutting down begins."""
        self.quit()
        return {}

    def _notify_token_request(self) -> None:
        if self._window_or_tray is not None:
            self._window_or_tray.notify_token_request()

    def _on_current_session(self, session: Session | None) -> None:
        if self._window_or_tray is not None:
            self._window_or_tray.show_profile(session.profile if session is not None else None)

    def _make_session(self, profile: Profile, observer: Callable[[State], None]) -> Session:
        return Session(profile, self._environment, observer=observer)

    @cached_property
    def _environment(self) -> Environment:
        return make_environment(self._controller, self._worker)

    def _make_profile_pages(self) -> ProfilePages:
        from desktop.ui.profiles.profile_pages import ProfilePages

        policy = self._controller.settings_store.policy
        return ProfilePages(
            self._controller.window,
            make_editor(self._environment, self._worker, self._options, policy),
            self._sessions.find,
            on_profiles_changed=self._profiles.reload_profiles,
        )

    async def _sign_in_on_request(self) -> None:
        while not self._is_quitting:
            await self._sign_in_event.wait()
            self._sign_in_event.clear()
            if not self._is_quitting:
                await self._profiles.sign_in()

    def _on_profile_status(self, status: ProfileStatus) -> None:
        current = self._sessions.current
        if current is not None and status.profile.id == current.profile.id:
            self._on_state(status.state)
        else:
            self._controller.display.show_other(status)

    def _on_state(self, state: State) -> None:
        self._controller.display.show(state)
        if not isinstance(state, Requesting):
            self._settled.set()

    async def _close(self) -> None:
        # First, while the window has the focus: Wayland requires it to clear the clipboard.
        await self._controller.copier.close()
        await self._instance.stop()
        self._controller.window.hide()
        await self._controller.pages.close()
        await self._controller.locking.close()
        for each in (self._wake_events, self._window_or_tray):
            if each is not None:
                each.close()
        await self._sessions.close()
        self._options.close()
        self._instance.release()

    def quit(self) -> None:
        """Shut down in order: running requests end first."""
        self._is_quitting = self._profiles.is_quitting = True
        self._sign_in_event.set()
        self._settled.set()


def _load_settings(options: Options) -> tuple[Policy, Settings]:
    return options.load_policy(), load_settings(settings_file())


def _watch_demo(options: Options, callback: Callable[[], None]) -> None:
    """Call back when the demo server ends: nothing on screen works without it."""
    if options.demo_ended is not None:
        ended = asyncio.wrap_future(options.demo_ended)
        ended.add_done_callback(lambda end: callback() if end.exception() else None)


def _handle_signals(callback: Callable[[], None]) -> None:
    if sys.platform == "win32":
        return
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup ignores SIGHUP
            asyncio.get_running_loop().add_signal_handler(number, callback)

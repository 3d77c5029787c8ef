"""The life of the program on its event loop, from the loaded modules to the last request."""

import asyncio
import gc
import html  # noqa: F401 - loaded here, needed by tooltips
import signal
import sys
from functools import partial

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from desktop.options import Options
from desktop.services.background import Worker
from desktop.services.computer import surroundings
from desktop.services.logs import report_loop_error, start_logging
from desktop.services.paths import log_folder, settings_file
from desktop.services.profiles import ProfileError
from desktop.services.resources import resource
from desktop.services.session import Session
from desktop.services.settings import load_settings
from desktop.services.states import Failed, Requesting, State
from desktop.ui import views, waiting_view  # noqa: F401 - loaded here, needed by the window
from desktop.ui.controller import Controller
from desktop.ui.loop import EventLoop
from desktop.ui.theme import Theme
from desktop.ui.window import Window


def live(application: QApplication, window: Window, *, theme: Theme, options: Options) -> int:
    """Run until the person closes `window`; gives the exit code."""
    start_logging(log_folder(), verbose=options.verbose)
    window.set_icon(QIcon(str(resource("icons/app.svg"))))
    with EventLoop(application) as loop:
        loop.set_exception_handler(report_loop_error)
        life = _Life(Controller(application, window), theme, options)
        return int(loop.run_until_complete(life.run()))


class _Life:
    """Loads the profile, keeps the session, and ends both in order."""

    def __init__(self, controller: Controller, theme: Theme, options: Options) -> None:
        self._controller = controller
        self._theme = theme
        self._options = options
        self._worker = Worker("loader")
        self._session: Session | None = None
        self._wake = asyncio.Event()
        self._settled = asyncio.Event()
        self._leaving = False
        controller.quit_wanted.connect(self._leave)
        controller.sign_in_wanted.connect(self._wake.set)

    async def run(self) -> int:
        """Live; gives the exit code."""
        for number in (signal.SIGINT, signal.SIGTERM):
            if sys.platform != "win32":
                asyncio.get_running_loop().add_signal_handler(number, self._leave)
        try:
            file = settings_file()
            self._controller.keeper.use(await self._worker.run(partial(load_settings, file)))
            await self._sign_in()
            await self._settled.wait()
            await asyncio.sleep(_DRAWN_AFTER)  # what is loaded now would make that come later
            await self._worker.run(_load_what_comes_next)
            self._theme.follow()
            self._controller.add_shortcuts()
            await self._sign_in_when_wanted()
        finally:
            await self._end()
        return 0

    async def _sign_in(self) -> None:
        """Load the profile; where it is another one than before, start with what is stored."""
        try:
            profile = await self._worker.run(self._options.load_profile)
        except ProfileError as error:
            self._on_state(Failed(error))
            return
        if self._session is not None:
            if self._session.profile == profile:
                self._session.sign_in()
                return
            await self._session.close()
        self._session = Session(profile, surroundings(self._worker), observer=self._on_state)
        self._controller.use(self._session)
        self._session.open()

    async def _sign_in_when_wanted(self) -> None:
        while not self._leaving:
            await self._wake.wait()
            self._wake.clear()
            if not self._leaving:
                await self._sign_in()

    def _on_state(self, state: State) -> None:
        self._controller.show(state)
        if not isinstance(state, Requesting):
            self._settled.set()

    async def _end(self) -> None:
        # Before the window goes: on Wayland only who has the focus can take a secret back.
        await self._controller.copier.close()
        self._controller.window.hide()
        await self._controller.pages.close()
        if self._session is not None:
            await self._session.close()
        self._options.close()

    def _leave(self) -> None:
        self._leaving = True
        self._wake.set()
        self._settled.set()


def _load_what_comes_next() -> None:
    """Import what the next states need, so that no import holds the event loop then."""
    import jwt  # noqa: F401
    from PySide6.QtCore import Qt  # noqa: F401
    from PySide6.QtWidgets import QStyle  # noqa: F401

    from desktop.services import keyring_vault  # noqa: F401
    from desktop.ui import failed_view, qr_code, signed_in_view, signed_out_view  # noqa: F401

    sys.setswitchinterval(_USUAL_SWITCH_INTERVAL)
    # Switched off at the start. What is loaded by now stays: no collection looks at it again.
    gc.freeze()
    gc.enable()


_DRAWN_AFTER = 0.05  # seconds until a new view is laid out and painted, generously
_USUAL_SWITCH_INTERVAL = 0.005  # seconds: what Python starts with

"""The life of the program on its event loop, from the loaded modules to the last request."""

import asyncio
import logging
import signal
import sys
from functools import partial
from typing import Any

import qasync
from PySide6.QtWidgets import QApplication

from desktop.oauth.clock import SystemClock
from desktop.options import Options
from desktop.services.background import Worker
from desktop.services.keyring_vault import open_vault
from desktop.services.keystore import VaultKeystore
from desktop.services.logs import report_crash, start_logging
from desktop.services.network import make_http_client
from desktop.services.paths import log_folder
from desktop.services.profiles import ProfileError
from desktop.services.session import Session, Surroundings
from desktop.services.states import Failed
from desktop.ui.controller import Controller


def live(application: QApplication, controller: Controller, options: Options) -> int:
    """Run until the person leaves; gives the exit code."""
    start_logging(log_folder(), verbose=options.verbose)
    with qasync.QEventLoop(application) as loop:
        loop.set_exception_handler(_on_exception)
        return int(loop.run_until_complete(_Life(controller, options).run()))


class _Life:
    """Loads the profile, keeps the session, and ends both in order."""

    def __init__(self, controller: Controller, options: Options) -> None:
        self._controller = controller
        self._options = options
        self._worker = Worker("loader")
        self._session: Session | None = None
        self._wake = asyncio.Event()
        self._leaving = False
        controller.quit_wanted.connect(self._leave)
        controller.reload_wanted.connect(self._wake.set)

    async def run(self) -> int:
        """Live; gives the exit code."""
        for number in (signal.SIGINT, signal.SIGTERM):
            if sys.platform != "win32":
                asyncio.get_running_loop().add_signal_handler(number, self._leave)
        try:
            while not self._leaving:
                await self._load_profile()
                self._wake.clear()
                await self._wake.wait()
        finally:
            await self._end()
        return 0

    async def _load_profile(self) -> None:
        try:
            profile = await self._worker.run(self._options.load_profile)
        except ProfileError as error:
            self._controller.show(Failed(error))
            return
        world = Surroundings(
            VaultKeystore(open_vault), partial(self._worker.run, make_http_client), SystemClock()
        )
        self._session = Session(profile, world, observer=self._controller.show)
        self._controller.use(self._session)
        self._session.open()

    async def _end(self) -> None:
        self._controller.window.hide()
        self._controller.clipboard.clear_secret()
        if self._session is not None:
            await self._session.close()
        self._options.close()

    def _leave(self) -> None:
        self._leaving = True
        self._wake.set()


def _on_exception(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    if isinstance(error, Exception):
        report_crash(type(error), error, error.__traceback__)
    else:
        logging.getLogger(__name__).error("event loop: %s", context.get("message"))

"""Keeps XDR Login to one running instance per user, and listens for those started later."""

from __future__ import annotations

import asyncio
import logging
import sys
from functools import partial
from typing import TYPE_CHECKING

from desktop.ipc.client import AlreadyRunning, defer_to_running_app
from desktop.ipc.server import InstanceClaim, Server, claim_instance
from desktop.services.system.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from desktop.ipc.server import Handler

_log = logging.getLogger(__name__)

_UNAVAILABLE = "single-instance socket unavailable: %s"
_CLAIM_TIMEOUT = 5.0  # seconds that a sign-in waits for another instance that is quitting


class SingleInstance:
    """Claims the single-instance socket, and answers on it with `handlers`.

    With `quietly` a running instance is not asked to show its window.
    """

    def __init__(self, handlers: Mapping[str, Handler], worker: Worker, *, quietly: bool) -> None:
        self.server = Server(handlers)
        self._worker = worker
        self._quietly = quietly
        self._claim: InstanceClaim | None = None
        self._claiming: asyncio.Task[None] | None = None
        self._is_waiting = True

    async def start(self) -> None:
        """Claim the socket and listen. Raises `AlreadyRunning`."""
        if sys.platform == "win32":
            await self._listen_on_pipe()
            return
        self._claiming = asyncio.create_task(self._listen_on_socket())
        done, _ = await asyncio.wait({self._claiming}, timeout=_CLAIM_TIMEOUT)
        self._is_waiting = False
        for each in done:
            each.result()

    async def stop(self) -> None:
        """Listen no longer. Other instances still find this one until `release`."""
        if self._claiming is not None:
            self._claiming.cancel()
            await asyncio.wait({self._claiming})
        await self.server.close()

    def release(self) -> None:
        """Let another instance start."""
        if self._claim is not None:
            self._claim.release()

    async def _listen_on_pipe(self) -> None:
        try:
            await self.server.listen_at_pipe()
        except OSError as error:
            await self._worker.run(partial(defer_to_running_app, quietly=self._quietly))
            _log.warning(_UNAVAILABLE, error)

    async def _listen_on_socket(self) -> None:
        # Waiting for an instance that is quitting may take long, and the shared worker is needed.
        work = partial(claim_instance, quietly=self._quietly)
        try:
            self._claim = await Worker("claimer").run(work)
            await self.server.listen(self._claim)
        except OSError as error:
            _log.warning(_UNAVAILABLE, error)
        except AlreadyRunning:
            if self._is_waiting:
                raise
            _log.warning(_UNAVAILABLE, "another instance claimed it first")

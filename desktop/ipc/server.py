"""The running app, one per user, listens for later starts and for commands."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol, cast

from desktop.frozen import frozen
from desktop.ipc import address, client
from desktop.ipc.messages import (
    LONGEST_LINE,
    BadMessage,
    Members,
    RefusedByAgent,
    decode,
    encode,
)
from desktop.ipc.peer import is_own_process, is_same_user, process_at_pipe, process_of
from desktop.services.system.connections import Connection, Connections
from desktop.services.system.file_locks import has_no_locks
from desktop.services.system.worker import Worker

_log = logging.getLogger(__name__)

Handler = Callable[[Members, "int | None"], Awaitable[Members]]
"""Runs a command with its members for the given process, and returns the members of the answer.

It is canceled when that process hangs up. Raises `RefusedByAgent`.
"""

# Seconds to wait for another app that starts, quits or hangs. The longest quit waits for a response
# of the server and for the keyring: `Session.close`.
_CLAIM_TIMEOUT = 60.0
_RETRY_DELAY = 0.05
_LINE_TIMEOUT = 2.0  # seconds for a peer to send its line, and again to read the answer
_MOST_PEERS = 128
_BACKLOG = 256  # connections that may wait to be accepted


@frozen
class InstanceClaim:
    """The right to be the running app: the open file `lock` stays locked until it quits."""

    lock: int
    listening: socket.socket

    def release(self) -> None:
        """Let another app start. The lock goes last: whoever has it may replace the socket."""
        with suppress(OSError):
            address.socket_path().unlink(missing_ok=True)
        self.listening.close()
        os.close(self.lock)


def claim_instance(*, quietly: bool = False) -> InstanceClaim:
    """Become the running app; raises `AlreadyRunning`, or `OSError` if that is impossible.

    An app that runs already is asked to show its window, unless `quietly`. Blocks while another app
    starts, quits or hangs. The system releases the lock of a process that crashed, so its holder
    may replace the socket that was left behind.
    """
    give_up_at = time.monotonic() + _CLAIM_TIMEOUT
    while (lock := _try_lock(address.lock_path())) is None:
        client.defer_to_running_app(quietly=quietly)  # returns while that app starts or quits
        if time.monotonic() > give_up_at:
            raise OSError("another instance runs and does not answer")
        time.sleep(_RETRY_DELAY)
    with ExitStack() as stack:
        stack.callback(os.close, lock)
        client.defer_to_running_app(quietly=quietly)  # where there are no locks it may run
        listening = _listen()
        stack.pop_all()
    return InstanceClaim(lock, listening)


def _try_lock(path: Path) -> int | None:
    """Open and lock the file; `None` if another app holds the lock. Raises `OSError`.

    It stays unlocked where the file system has no locks.
    """
    # Not filelock, which takes as long to load as the window to paint.
    import fcntl  # Windows has none and needs none: a pipe has one owner

    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if isinstance(error, BlockingIOError):
            os.close(file)
            return None
        if not has_no_locks(error):
            os.close(file)
            raise
        _log.warning("single-instance lock unavailable: %s", error)
    return file


def _listen() -> socket.socket:
    listening = socket.socket(socket.AF_UNIX)
    with ExitStack() as stack:
        stack.callback(listening.close)
        path = address.socket_path()
        path.unlink(missing_ok=True)
        listening.bind(os.fspath(path))
        path.chmod(0o600)
        listening.listen(_BACKLOG)
        stack.pop_all()
    return listening


class _Transport(Protocol):
    def close(self) -> None:
        """Stop listening."""


class Server:
    """Answers commands with the handler of that name."""

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = handlers
        self._pipes: list[_Transport] = []
        self._connections = Connections(self._serve, most=_MOST_PEERS, longest_line=LONGEST_LINE)
        self._worker = Worker("peers")
        self._running_commands: dict[asyncio.Task[None], asyncio.Future[Members]] = {}  # by peer

    async def listen(self, claimed: InstanceClaim) -> None:
        """Answer on the socket of `claimed`."""
        self._connections.listen(claimed.listening, backlog=_BACKLOG)

    async def listen_at_pipe(self) -> None:
        """Answer on the named pipe of Windows; raises `OSError` if another app already does."""
        loop: Any = asyncio.get_running_loop()  # only Windows' loop has this method

        def protocol() -> asyncio.StreamReaderProtocol:
            reader = asyncio.StreamReader(limit=LONGEST_LINE)
            return asyncio.StreamReaderProtocol(reader, self._connections.adopt)

        self._pipes += await loop.start_serving_pipe(protocol, address.pipe_name())

    async def close(self) -> None:
        """Stop answering; returns when no peer is left.

        Commands that are done are still answered, so that `quit` gets its answer.
        """
        for each in self._pipes:
            each.close()
        await self._connections.close(spared=self._is_answering)

    def _is_answering(self, task: asyncio.Task[None]) -> bool:
        work = self._running_commands.get(task)
        return work is not None and work.done()

    async def _serve(self, connection: Connection) -> None:
        try:
            if await self._is_allowed(connection.writer):
                await self._answer(connection)
        except (OSError, TimeoutError) as error:
            _log.info("a peer was not answered: %s", error)

    async def _is_allowed(self, writer: asyncio.StreamWriter) -> bool:
        if sys.platform == "win32":
            # Only the owner's account can write to a pipe, but it can from other computers too.
            process = _peer_process(writer)
            return process is not None and await self._worker.run(partial(is_own_process, process))
        return is_same_user(writer.get_extra_info("socket"))

    async def _answer(self, connection: Connection) -> None:
        writer = connection.writer
        try:
            line = await _read_line(connection.reader)
            connection.heard()
            answer = {"ok": True, **await self._run_command(decode(line), connection)}
        except RefusedByAgent as refusal:
            answer = dict(refusal.members())
        except BadMessage as error:
            answer = {"ok": False, "error": str(error)}
        writer.write(encode(answer))
        async with asyncio.timeout(_LINE_TIMEOUT):
            await writer.drain()

    async def _run_command(self, members: Members, connection: Connection) -> Members:
        command = members.get("command")
        handler = self._handlers.get(command) if isinstance(command, str) else None
        if handler is None:
            raise BadMessage("unknown command")
        task, process = _this_task(), _peer_process(connection.writer)
        work = self._running_commands[task] = asyncio.ensure_future(handler(members, process))
        task.add_done_callback(self._running_commands.pop)
        hung_up = asyncio.ensure_future(connection.reader.read(1))  # ends only with the connection
        try:
            await asyncio.wait({work, hung_up}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise ConnectionResetError("it hung up, or sent more than one line")
            return work.result()
        finally:
            ending = {each for each in (work, hung_up) if each.cancel()}
            if ending:
                await asyncio.wait(ending)


def _this_task() -> asyncio.Task[None]:
    return cast("asyncio.Task[None]", asyncio.current_task())


async def _read_line(reader: asyncio.StreamReader) -> bytes:
    try:
        async with asyncio.timeout(_LINE_TIMEOUT):
            return await reader.readline()
    except ValueError:
        raise BadMessage("line too long") from None


def _peer_process(writer: asyncio.StreamWriter) -> int | None:
    if sys.platform == "win32":
        return process_at_pipe(writer.get_extra_info("pipe").handle)
    return process_of(writer.get_extra_info("socket"))

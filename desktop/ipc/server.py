"""The running program listens for others of its kind, one to a person."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, cast

from desktop.ipc import address, client
from desktop.ipc.messages import (
    LONGEST_LINE,
    BadMessage,
    Members,
    RefusedByAgent,
    decode,
    encode,
)
from desktop.ipc.peer import is_same_user, process_at_pipe, process_of
from desktop.services.system.processes import is_own_process
from desktop.services.system.worker import Worker

_log = logging.getLogger(__name__)

Handler = Callable[[Members, "int | None"], Awaitable[Members]]
"""Does a command with its members, for the process that asks, and gives those of the answer.

It is cancelled when who has asked goes away. Raises `RefusedByAgent`.
"""

# Seconds for another one that starts, ends or does not answer. The longest end waits for an answer,
# for the keyring and for another answer: `Session.close`.
_CLAIM_TIMEOUT = 40.0
_RETRY_DELAY = 0.05
_LINE_TIMEOUT = 2.0  # seconds that a peer may take to say its line, and to take its answer
_MOST_PEERS = 128
_BACKLOG = 256  # those that may wait to be let in


@dataclass(frozen=True, slots=True)
class InstanceClaim:
    """That this program is the one: the open file `lock` is locked for as long as it runs."""

    lock: int
    listening: socket.socket

    def release(self) -> None:
        """Let another one be it. The lock goes last: who has it finds no socket in use."""
        with suppress(OSError):
            address.socket_path().unlink(missing_ok=True)
        self.listening.close()
        os.close(self.lock)


def claim_instance(*, quietly: bool = False) -> InstanceClaim:
    """Be the one that runs; raises `AlreadyRunning`, or `OSError` where nothing can be claimed.

    Where another one runs, it is asked to show its window, unless `quietly`. Blocks, for as long as
    the longest end where another one is just starting or ending, or does not answer. The lock is
    the system's: it dies with its holder, so whoever has it may replace the socket of a crash.
    """
    give_up_at = time.monotonic() + _CLAIM_TIMEOUT
    while (lock := _try_lock(address.lock_path())) is None:
        client.defer_to_running_app(quietly=quietly)  # does nothing while it starts or ends
        if time.monotonic() > give_up_at:
            raise OSError("another one runs and does not answer")
        time.sleep(_RETRY_DELAY)
    return _listen(lock)


def _try_lock(path: Path) -> int | None:
    """The open, locked file; `None` where another one has it. Raises `OSError`."""
    # The library for locks, which the session uses, takes as long to load as the window to paint.
    import fcntl  # which Windows does not have, nor need: a pipe has one owner

    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(file)
        if isinstance(error, BlockingIOError):
            return None
        raise
    return file


def _listen(lock: int) -> InstanceClaim:
    listening = socket.socket(socket.AF_UNIX)
    try:
        path = address.socket_path()
        path.unlink(missing_ok=True)
        listening.bind(os.fspath(path))
        path.chmod(0o600)
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        os.close(lock)
        raise
    return InstanceClaim(lock, listening)


class _Transport(Protocol):
    def close(self) -> None:
        """Listen no longer."""


class Server:
    """Answers what `handlers` know."""

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = handlers
        self._listening: list[_Transport] = []
        self._peers: set[asyncio.Task[None]] = set()
        self._silent: dict[asyncio.Task[None], None] = {}  # those who have said nothing yet
        self._worker = Worker("peers")
        self._running_commands: dict[asyncio.Task[None], asyncio.Future[Members]] = {}  # for whom

    async def listen(self, claimed: InstanceClaim) -> None:
        """Answer at the socket of `claimed`."""
        server = await asyncio.start_unix_server(
            self._on_peer, sock=claimed.listening, limit=LONGEST_LINE, backlog=_BACKLOG
        )
        self._listening.append(server)

    async def listen_at_pipe(self) -> None:
        """Answer at the named pipe of Windows; raises `OSError` where another one does already."""
        loop: Any = asyncio.get_running_loop()  # only the loop of Windows has such a method

        def protocol() -> asyncio.StreamReaderProtocol:
            reader = asyncio.StreamReader(limit=LONGEST_LINE)
            return asyncio.StreamReaderProtocol(reader, self._on_peer)

        self._listening += await loop.start_serving_pipe(protocol, address.pipe_name())

    async def close(self) -> None:
        """Answer no longer; returns when nobody is being answered.

        What is done is told yet: whoever has asked for the end learns that it comes.
        """
        for each in self._listening:
            each.close()
        for task in self._peers:
            work = self._running_commands.get(task)
            if work is None or not work.done():
                task.cancel()
        if self._peers:
            await asyncio.wait(self._peers)

    def _on_peer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._drop_longest_silent()
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._peers.add(task)
        self._silent[task] = None
        task.add_done_callback(self._on_served)

    def _drop_longest_silent(self) -> None:
        """Where there are too many, whoever has been silent the longest goes: others have spoken.

        So a program that connects and says nothing, however often, keeps nobody out.
        """
        if len(self._peers) >= _MOST_PEERS and self._silent:
            longest = next(iter(self._silent))
            del self._silent[longest]
            self._peers.discard(longest)
            longest.cancel()

    def _on_served(self, task: asyncio.Task[None]) -> None:
        self._peers.discard(task)
        self._silent.pop(task, None)
        self._running_commands.pop(task, None)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            context = {"message": "a peer was not answered", "exception": error, "task": task}
            task.get_loop().call_exception_handler(context)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if len(self._peers) <= _MOST_PEERS and await self._is_allowed(writer):
                await self._answer(reader, writer)
        except (OSError, TimeoutError) as error:
            _log.info("a peer was not answered: %s", error)
        finally:
            writer.close()

    async def _is_allowed(self, writer: asyncio.StreamWriter) -> bool:
        if sys.platform == "win32":
            # Only its owner's account can write to a pipe, but from other computers too.
            process = _peer_process(writer)
            return process is not None and await self._worker.run(partial(is_own_process, process))
        return is_same_user(writer.get_extra_info("socket"))

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            members = decode(await _read_line(reader))
            self._silent.pop(_this_task(), None)
            answer = {"ok": True, **await self._run_command(members, reader, writer)}
        except RefusedByAgent as refusal:
            answer = dict(refusal.members())
        except BadMessage as error:
            answer = {"ok": False, "error": str(error)}
        writer.write(encode(answer))
        async with asyncio.timeout(_LINE_TIMEOUT):
            await writer.drain()

    async def _run_command(
        self, members: Members, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> Members:
        command = members.get("command")
        handler = self._handlers.get(command) if isinstance(command, str) else None
        if handler is None:
            raise BadMessage("unknown command")
        work = asyncio.ensure_future(handler(members, _peer_process(writer)))
        self._running_commands[_this_task()] = work
        gone = asyncio.ensure_future(reader.read(1))  # ends only with the connection
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise ConnectionResetError("it has gone, or says more than one line")
            return work.result()
        finally:
            ending = {each for each in (work, gone) if each.cancel()}
            if ending:
                await asyncio.wait(ending)


def _this_task() -> asyncio.Task[None]:
    return cast("asyncio.Task[None]", asyncio.current_task())


async def _read_line(reader: asyncio.StreamReader) -> bytes:
    try:
        async with asyncio.timeout(_LINE_TIMEOUT):
            return await reader.readline()
    except ValueError:
        raise BadMessage("too long") from None


def _peer_process(writer: asyncio.StreamWriter) -> int | None:
    if sys.platform == "win32":
        return process_at_pipe(writer.get_extra_info("pipe").handle)
    return process_of(writer.get_extra_info("socket"))

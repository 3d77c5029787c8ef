"""Accepting connections, so that each one is closed in the end, whatever happens to its task."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

_log = logging.getLogger(__name__)

_PATIENCE = 0.25  # seconds that a connection may be silent while others wait for its place
_CLOSING_TIMEOUT = 2.0  # seconds for the other end to read what is left
_PAUSE = 1.0  # seconds until the next attempt, when the system has no descriptor left
_SHORT_PAUSE = 0.05
_CANNOT_ACCEPT = "cannot accept a connection: %s"


@dataclass(eq=False, slots=True)
class Connection:
    """A connection that was accepted. Call `heard` once its whole request was read."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    heard: Callable[[], None]


Serve = Callable[[Connection], Awaitable[None]]
"""Serves a connection, which is closed when it returns or raises."""


@dataclass(eq=False, slots=True)
class _Peer:
    """What is known of a connection: `close` ends it at once, `at` is when it was accepted."""

    close: Callable[[], None]
    accepted: socket.socket | None
    at: float
    is_silent: bool = True

    def has_unread_data(self) -> bool:
        """Whether the other end has sent something that nobody had the time to read."""
        if self.accepted is None or sys.platform == "win32":
            return False
        with suppress(OSError):
            return bool(self.accepted.recv(1, socket.MSG_PEEK))
        return False


async def _open_streams(
    accepted: socket.socket, *, longest_line: int
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=longest_line)
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.connect_accepted_socket(lambda: protocol, accepted)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


class Connections:
    """Serves up to `most` connections at a time; the others wait in the queue of the system.

    When all places are taken, the one that has been silent longest makes room: a program that only
    connects must not keep others out. Nobody is sent away unread.
    """

    def __init__(self, serve: Serve, *, most: int, longest_line: int) -> None:
        self.most = most
        self._serve = serve
        self._longest_line = longest_line
        self._peers: dict[asyncio.Task[None], _Peer] = {}  # the oldest first
        self._listening: list[socket.socket] = []
        self._accepting: list[asyncio.Task[None]] = []
        self._paused: set[socket.socket] = set()
        self._timers: set[asyncio.TimerHandle] = set()
        self._is_making_room = False
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._is_closed = False

    def listen(self, listening: socket.socket, *, backlog: int) -> None:
        """Accept connections on `listening`, which `close` closes."""
        listening.settimeout(0)
        listening.listen(backlog)
        self._listening.append(listening)
        if sys.platform == "win32":
            self._accepting.append(asyncio.ensure_future(self._accept_all(listening)))
        else:
            # Not `asyncio.start_server`: it accepts whatever comes, and a cancelled task may never
            # learn of its socket.
            asyncio.get_running_loop().add_reader(listening, self._accept, listening)

    def adopt(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection that was accepted elsewhere."""

        async def opened() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            return reader, writer

        if self._is_closed or len(self._peers) >= 2 * self.most:
            writer.transport.abort()
            return
        self._start(opened, writer.transport.abort, None)
        self._shrink()

    async def close(self, *, spared: Callable[[asyncio.Task[None]], bool] | None = None) -> None:
        """Accept no more, and close all connections except those of `spared` tasks.

        Returns when these have ended too.
        """
        if self._is_closed:
            return
        self._is_closed = True
        self._stop_listening()
        for task in self._peers:
            if spared is None or not spared(task):
                task.cancel()
        if ending := {*self._peers, *self._accepting}:
            await asyncio.wait(ending)

    def _stop_listening(self) -> None:
        for timer in self._timers:
            timer.cancel()
        for task in self._accepting:
            task.cancel()
        for listening in self._listening:
            if sys.platform != "win32":
                asyncio.get_running_loop().remove_reader(listening)
            listening.close()

    def _accept(self, listening: socket.socket) -> None:
        if len(self._peers) >= self.most:
            self._pause(listening)
            self._make_room()
        while len(self._peers) < self.most:
            try:
                accepted, _ = listening.accept()
            except ConnectionAbortedError:
                continue  # it did not wait
            except BlockingIOError:
                return
            except OSError as error:
                _log.warning(_CANNOT_ACCEPT, error)
                self._pause(listening)
                self._call_later(_PAUSE, self._resume)
                return
            self._own(accepted)

    def _pause(self, listening: socket.socket) -> None:
        asyncio.get_running_loop().remove_reader(listening)
        self._paused.add(listening)

    async def _accept_all(self, listening: socket.socket) -> None:
        """Do the same where a socket cannot be watched."""
        loop = asyncio.get_running_loop()
        while True:
            if len(self._peers) >= self.most:
                self._has_room.clear()
                self._make_room()
                await self._has_room.wait()
            try:
                accepted, _ = await loop.sock_accept(listening)
            except OSError as error:  # also that of a client that did not wait
                _log.info(_CANNOT_ACCEPT, error)
                await asyncio.sleep(_SHORT_PAUSE)
            else:
                self._own(accepted)

    def _own(self, accepted: socket.socket) -> None:
        accepted.settimeout(0)
        connect = partial(_open_streams, accepted, longest_line=self._longest_line)
        self._start(connect, accepted.close, accepted)

    def _start(
        self,
        open_streams: Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]],
        close: Callable[[], None],
        accepted: socket.socket | None,
    ) -> None:
        peer = _Peer(close, accepted, asyncio.get_running_loop().time())
        task = asyncio.ensure_future(self._run(peer, open_streams))
        self._peers[task] = peer
        # Not in the task: one that is cancelled before its first step never begins.
        task.add_done_callback(self._on_end)

    async def _run(
        self,
        peer: _Peer,
        open_streams: Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]],
    ) -> None:
        def heard() -> None:
            peer.is_silent = False

        reader, writer = await open_streams()
        try:
            await self._serve(Connection(reader, writer, heard))
            writer.close()
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(_CLOSING_TIMEOUT):
                    await writer.wait_closed()
        finally:
            writer.transport.abort()  # does nothing if it was closed

    def _on_end(self, task: asyncio.Task[None]) -> None:
        self._peers.pop(task).close()
        self._resume()
        self._shrink()
        error = None if task.cancelled() else task.exception()
        if error is not None:
            context = {"message": "a connection was not served", "exception": error, "task": task}
            task.get_loop().call_exception_handler(context)

    def _resume(self) -> None:
        if self._is_closed or len(self._peers) >= self.most:
            return
        self._has_room.set()
        while self._paused:
            listening = self._paused.pop()
            asyncio.get_running_loop().add_reader(listening, self._accept, listening)

    def _shrink(self) -> None:
        """Let silent ones leave while there are too many: those that were adopted cannot wait."""
        if len(self._peers) > self.most:
            self._make_room()

    def _make_room(self) -> None:
        """Let the connection that has been silent longest leave, when its patience is over."""
        if self._is_closed or self._is_making_room or len(self._peers) < self.most:
            return
        silent = [task for task, each in self._peers.items() if each.is_silent]
        if silent:
            longest = min(silent, key=lambda each: self._peers[each].at)
            left = self._peers[longest].at + _PATIENCE - asyncio.get_running_loop().time()
            self._is_making_room = True
            self._call_later(max(0.0, left), lambda: self._look_again(longest))

    def _look_again(self, task: asyncio.Task[None]) -> None:
        peer = self._peers.get(task)
        if peer is not None and peer.has_unread_data():
            peer.at = asyncio.get_running_loop().time()
        # In the next turn: what was read in this one may be its request.
        self._call_later(0.0, lambda: self._drop(task))

    def _drop(self, task: asyncio.Task[None]) -> None:
        self._is_making_room = False
        peer = self._peers.get(task)
        has_left = peer is None or not peer.is_silent or len(self._peers) < self.most
        if peer is None or has_left or peer.at + _PATIENCE > asyncio.get_running_loop().time():
            self._make_room()
        else:
            task.cancel()

    def _call_later(self, delay: float, work: Callable[[], None]) -> None:
        def run() -> None:
            self._timers.discard(handle)
            work()

        handle = asyncio.get_running_loop().call_later(delay, run)
        self._timers.add(handle)

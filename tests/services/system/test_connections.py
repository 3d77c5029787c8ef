"""Every connection that was accepted is closed, and nobody is sent away unread."""

import asyncio
import contextlib
import errno
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from desktop.services.system import connections as module
from desktop.services.system.connections import Connection, Connections

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="counts descriptors in /proc")


async def echo(connection: Connection) -> None:
    line = await connection.reader.readline()
    connection.heard()
    connection.writer.write(line)


Listen = Callable[[Connections], tuple[str, int]]


@pytest.fixture
async def listen() -> AsyncIterator[Listen]:
    """Listen on a port, until the test ends."""
    made: list[Connections] = []

    def start(connections: Connections) -> tuple[str, int]:
        listening = socket.create_server(("127.0.0.1", 0))
        made.append(connections)
        connections.listen(listening, backlog=256)
        return "127.0.0.1", int(listening.getsockname()[1])

    yield start
    for each in made:
        await each.close()


def serving(serve: Callable[[Connection], Awaitable[None]] = echo, *, most: int = 4) -> Connections:
    return Connections(serve, most=most, longest_line=1024)


def connect(where: tuple[str, int], line: bytes = b"") -> socket.socket:
    """Connect without giving the event loop a turn."""
    made = socket.create_connection(where)
    made.sendall(line)
    made.setblocking(False)
    return made


async def read(peer: socket.socket) -> bytes:
    """Read until the other end closes, for five seconds at most."""
    received = b""
    loop = asyncio.get_running_loop()
    with peer, contextlib.suppress(ConnectionResetError):
        async with asyncio.timeout(5):
            while piece := await loop.sock_recv(peer, 1024):
                received += piece
    return received


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - the loop has to accept or close it first
            await asyncio.sleep(0)


async def test_a_connection_whose_task_never_began_is_closed(listen: Listen) -> None:
    connections = serving()
    peer = connect(listen(connections))
    await until(lambda: any(task.cancel() for task in connections._peers))
    assert await read(peer) == b""


async def test_others_wait_for_a_place(listen: Listen) -> None:
    where = listen(serving(most=4))
    peers = [connect(where, b"%d\n" % number) for number in range(200)]
    assert [await read(each) for each in peers] == [b"%d\n" % number for number in range(200)]


async def test_five_thousand_connections_leave_no_descriptor(listen: Listen) -> None:
    connections = serving(most=50)
    where = listen(connections)
    before = open_files()
    for _ in range(25):
        peers = [connect(where, b"line\n" if number % 2 else b"") for number in range(200)]
        for number, each in enumerate(peers):
            if number % 2:
                assert await read(each) == b"line\n"
            else:
                each.close()
    await until(lambda: not connections._peers)
    assert open_files() == before


async def test_the_longest_silent_one_makes_room(
    listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.01)
    where = listen(serving(most=2))
    first, second = connect(where), connect(where)
    assert await read(connect(where, b"line\n")) == b"line\n"
    assert await read(first) == b""
    with pytest.raises(BlockingIOError):
        second.recv(1)
    second.close()


async def test_what_was_sent_is_read_before_anybody_has_to_leave(
    listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.01)
    connections = serving(most=2)
    where = listen(connections)
    peers = [connect(where), connect(where)]
    await until(lambda: len(connections._peers) == 2)
    peers.append(connect(where, b"2\n"))
    for number, each in enumerate(peers[:2]):
        each.sendall(b"%d\n" % number)
    time.sleep(0.05)  # noqa: ASYNC251 - something holds up the event loop for too long
    assert [await read(each) for each in peers] == [b"0\n", b"1\n", b"2\n"]


async def test_one_that_is_being_served_does_not_have_to_leave(
    listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.01)
    go_on = asyncio.Event()

    async def serve_slowly(connection: Connection) -> None:
        await echo(connection)
        await go_on.wait()

    where = listen(serving(serve_slowly, most=1))
    first, second = connect(where, b"1\n"), connect(where, b"2\n")
    await asyncio.sleep(0.05)
    go_on.set()
    assert (await read(first), await read(second)) == (b"1\n", b"2\n")


async def test_without_descriptors_it_tries_again(
    listen: Listen,
    monkeypatch: pytest.MonkeyPatch,
    expect_log: Callable[[str], None],
) -> None:
    expect_log("cannot accept a connection")
    monkeypatch.setattr(module, "_PAUSE", 0.01)
    real = socket.socket.accept
    failures = [OSError(errno.EMFILE, "Too many open files")]

    def accept(listening: socket.socket) -> object:
        if failures:
            raise failures.pop()
        return real(listening)

    monkeypatch.setattr(socket.socket, "accept", accept)
    assert await read(connect(listen(serving()), b"line\n")) == b"line\n"


async def test_one_that_does_not_read_its_answer_is_closed(
    listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CLOSING_TIMEOUT", 0.01)

    async def serve_much(connection: Connection) -> None:
        connection.writer.write(b"x" * 50_000_000)

    connections = serving(serve_much)
    peer = connect(listen(connections))
    await until(lambda: connections._peers)
    await until(lambda: not connections._peers)
    peer.close()


async def test_closing_ends_all_also_those_that_wait(listen: Listen) -> None:
    connections = serving(most=2)
    where = listen(connections)
    before = open_files()
    peers = [connect(where) for _ in range(20)]
    await until(lambda: len(connections._peers) == 2)
    await connections.close()
    assert [await read(each) for each in peers] == [b""] * 20
    await asyncio.sleep(0)
    assert open_files() < before, "the listening socket is closed too"


async def test_an_error_is_reported_and_the_connection_closed(listen: Listen) -> None:
    async def serve_badly(_connection: Connection) -> None:
        raise ZeroDivisionError

    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, what: reported.append(what))
    assert await read(connect(listen(serving(serve_badly)))) == b""
    assert len(reported) == 1


async def test_a_connection_that_was_accepted_elsewhere_is_served_and_closed() -> None:
    connections = serving()
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    connections.adopt(reader, writer)
    theirs.sendall(b"line\n")
    theirs.setblocking(False)
    assert await read(theirs) == b"line\n"
    await connections.close()


async def adopt(connections: Connections) -> socket.socket:
    """Let `connections` adopt one that stays silent, and return the other end."""
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    connections.adopt(reader, writer)
    theirs.setblocking(False)
    return theirs


@pytest.mark.parametrize(("adopted", "left"), [(3, 3), (4, 4), (5, 4), (8, 4)])
async def test_only_what_is_too_many_leaves(
    adopted: int, left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.01)
    connections = serving()
    others = [await adopt(connections) for _ in range(adopted)]
    await asyncio.sleep(0.3)
    assert len(connections._peers) == left
    await connections.close()
    for each in others:
        each.close()

"""Two instances meet on a real socket."""

import asyncio
import contextlib
import errno
import os
import socket
import stat
import struct
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from desktop.ipc import address, client, peer, server
from desktop.ipc.client import AlreadyRunning, NoAnswer, NotRunning
from desktop.ipc.messages import LONGEST_LINE, Members, RefusedByAgent, encode
from desktop.ipc.server import InstanceClaim, Server, claim_instance

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has named pipes")


@pytest.fixture
def shown() -> list[Members]:
    """The commands to show the window."""
    return []


@pytest.fixture
def claimed() -> Iterator[InstanceClaim]:
    """Claim to be the running app."""
    made = claim_instance()
    yield made
    made.release()


@pytest.fixture
async def running(claimed: InstanceClaim, shown: list[Members]) -> AsyncIterator[Server]:
    """Run a server."""

    async def show(members: Members, _process: int | None) -> Members:
        shown.append(members)
        return {"done": True}

    made = Server({"show": show})
    await made.listen(claimed)
    yield made
    await made.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten all timeouts."""
    monkeypatch.setattr(client, "_TIMEOUT", 0.05)
    monkeypatch.setattr(server, "_CLAIM_TIMEOUT", 0.0)
    monkeypatch.setattr(server, "_LINE_TIMEOUT", 0.05)


async def aside(work: Callable[[], object]) -> object:
    """Run `work` in a thread, as another process would: it blocks."""
    return await asyncio.to_thread(work)


async def say(line: bytes) -> bytes:
    """Send a line to the socket, and read everything that is answered."""
    reader, writer = await asyncio.open_unix_connection(address.socket_path())
    writer.write(line)
    writer.write_eof()
    try:
        return await reader.read()
    except ConnectionResetError:  # it hung up before it had read everything
        return b""
    finally:
        writer.close()


# The client


@pytest.mark.usefixtures("running")
async def test_the_running_app_is_asked_to_show_its_window(shown: list[Members]) -> None:
    await aside(client.show_window)
    assert [each["command"] for each in shown] == ["show"]


@pytest.mark.usefixtures("running")
async def test_activation_tokens_are_passed_on(
    shown: list[Members], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_ACTIVATION_TOKEN", "wayland-token")
    monkeypatch.setenv("DESKTOP_STARTUP_ID", "x11_TIME1")
    await aside(client.show_window)
    assert shown[0]["activation"] == {
        "XDG_ACTIVATION_TOKEN": "wayland-token",
        "DESKTOP_STARTUP_ID": "x11_TIME1",
    }


@pytest.mark.parametrize("token", ["", "gnome-shell/x/1-0_TIME5", 'a "quote"', "a\\b", "ä"])
def test_the_quick_command_to_show_is_the_same_as_the_usual_one(token: str) -> None:
    activation = {"XDG_ACTIVATION_TOKEN": token, "DESKTOP_STARTUP_ID": "x"}
    quick = client._encode_show(activation)
    usual = encode({"command": "show", "activation": activation})
    assert quick == (None if set(token) & set('"\\ä') else usual)
    assert client._encode_show({}) == encode({"command": "show", "activation": {}})
    assert encode({"ok": True}) == client._DONE


@pytest.mark.usefixtures("running")
async def test_a_command_is_answered_with_the_members_of_its_handler() -> None:
    answer = await aside(lambda: client.send_command("show"))
    assert answer == {"version": 1, "ok": True, "done": True}


@pytest.mark.usefixtures("running")
async def test_an_unknown_command_is_refused() -> None:
    with pytest.raises(NoAnswer, match="unknown command"):
        await aside(lambda: client.send_command("dance"))


def test_without_a_running_app_nothing_is_sent() -> None:
    with pytest.raises(NotRunning):
        client.show_window()
    client.defer_to_running_app(quietly=False)
    client.defer_to_running_app(quietly=True)


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("quietly", [True, False])
async def test_a_second_start_ends(
    quietly: bool,  # noqa: FBT001
    shown: list[Members],
) -> None:
    with pytest.raises(AlreadyRunning):
        await aside(lambda: client.defer_to_running_app(quietly=quietly))
    assert len(shown) == (0 if quietly else 1)


@pytest.mark.usefixtures("claimed", "impatient")
def test_an_app_that_does_not_answer_counts_as_not_running() -> None:
    with pytest.raises(NoAnswer):
        client.show_window()
    client.defer_to_running_app(quietly=False)


def test_a_slow_answer_times_out() -> None:
    ended = threading.Event()

    def endless() -> Members:
        ended.wait()
        return {}

    with pytest.raises(NoAnswer, match="timed out"):
        client.run_with_timeout(endless, 0.01)
    ended.set()


def test_an_answer_in_time_is_returned() -> None:
    assert client.run_with_timeout(lambda: {"ok": True}, 5) == {"ok": True}
    with pytest.raises(ZeroDivisionError):
        client.run_with_timeout(lambda: {"ok": 1 / 0}, 5)


# The server


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"\n", b"not JSON"),
        (b"no end", b"incomplete line"),
        (b'{"version": 9, "command": "show"}\n', b"unsupported version"),
        (b'{"version": 1}\n', b"unknown command"),
        (b'{"version": 1, "command": ["show"]}\n', b"unknown command"),
        (b"x" * (2 * LONGEST_LINE) + b"\n", b"line too long"),
    ],
)
async def test_malformed_commands_are_refused(line: bytes, error: bytes) -> None:
    answer = await say(line)
    assert b'"ok": false' in answer
    assert error in answer


@pytest.mark.usefixtures("running", "impatient")
async def test_a_silent_peer_times_out() -> None:
    reader, writer = await asyncio.open_unix_connection(address.socket_path())
    assert await reader.read() == b""
    writer.close()


COMMAND = b'{"version": 1, "command": "show"}\n'


def connect_at_once(count: int, line: bytes = b"") -> list[socket.socket]:
    """Connect and send `line` from as many programs, before any of them is accepted."""
    made = [socket.socket(socket.AF_UNIX) for _ in range(count)]
    for each in made:
        each.connect(os.fspath(address.socket_path()))
        each.sendall(line)
        each.setblocking(False)
    return made


async def read_all(peers: list[socket.socket]) -> list[bytes]:
    """Read what each was sent, until the other end closes."""
    read = []
    async with asyncio.timeout(20):
        for each in peers:
            reader, writer = await asyncio.open_unix_connection(sock=each)
            with contextlib.suppress(ConnectionResetError):
                read.append(await reader.read())
            writer.close()
            await writer.wait_closed()
    return read


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.usefixtures("running")
async def test_two_hundred_programs_at_once_are_all_answered(shown: list[Members]) -> None:
    answers = await read_all(connect_at_once(200, COMMAND))
    assert answers == [b'{"version": 1, "ok": true, "done": true}\n'] * 200
    assert len(shown) == 200


@pytest.mark.skipif(sys.platform != "linux", reason="counts the descriptors in /proc")
@pytest.mark.usefixtures("running", "impatient")
async def test_connections_without_a_word_are_all_closed() -> None:
    before = open_files()
    for _ in range(3):
        assert await read_all(connect_at_once(250)) == [b""] * 250
    await asyncio.sleep(0)
    assert open_files() <= before + 1, "the event loop keeps one of its own"


@pytest.mark.usefixtures("running")
async def test_another_user_is_not_answered(
    monkeypatch: pytest.MonkeyPatch, shown: list[Members]
) -> None:
    monkeypatch.setattr(server, "is_same_user", lambda _: False)
    assert await say(b'{"version": 1, "command": "show"}\n') == b""
    assert shown == []


@pytest.mark.usefixtures("running")
async def test_nothing_is_sent_to_another_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer, "is_same_user", lambda _: False)
    with pytest.raises(NotRunning):
        await aside(client.show_window)


def test_the_own_user_is_recognized() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert peer.is_same_user(one)


async def test_an_error_of_a_handler_is_reported_but_not_sent(claimed: InstanceClaim) -> None:
    async def broken(_members: Members, _process: int | None) -> Members:
        raise ZeroDivisionError

    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, what: reported.append(what))
    made = Server({"show": broken})
    await made.listen(claimed)
    with pytest.raises(NoAnswer):
        await aside(client.show_window)
    await made.close()
    assert len(reported) == 1


async def test_closing_still_answers_a_finished_command(claimed: InstanceClaim) -> None:
    wanted = asyncio.Event()

    async def end(_members: Members, _process: int | None) -> Members:
        wanted.set()
        return {}

    made = Server({"quit": end})
    await made.listen(claimed)
    asking = asyncio.create_task(aside(lambda: client.send_command("quit")))
    await wanted.wait()
    await made.close()
    assert await asking == {"version": 1, "ok": True}


async def test_closing_ends_an_answer_under_way(claimed: InstanceClaim) -> None:
    asked = asyncio.Event()

    async def endless(_members: Members, _process: int | None) -> Members:
        asked.set()
        await asyncio.Event().wait()
        return {}

    made = Server({"show": endless})
    await made.listen(claimed)
    waiting = asyncio.create_task(aside(client.show_window))
    await asked.wait()
    await made.close()
    with pytest.raises(NoAnswer):
        await waiting


# Claiming to be the running app


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("quietly", [True, False])
async def test_the_second_of_two_starts_ends(
    quietly: bool,  # noqa: FBT001
    shown: list[Members],
) -> None:
    with pytest.raises(AlreadyRunning):
        await aside(lambda: claim_instance(quietly=quietly))
    assert len(shown) == (0 if quietly else 1)


def test_another_app_can_start_after_the_first_has_quit() -> None:
    claim_instance().release()
    with pytest.raises(NotRunning):
        client.send_command("status")
    second = claim_instance()
    assert address.socket_path().exists()
    second.release()


@pytest.mark.parametrize(
    "error", [AlreadyRunning(), RefusedByAgent("failure", "No", "No."), OSError("no place")]
)
def test_a_claim_that_fails_leaves_no_file_open(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise error

    before = os.dup(0)
    os.close(before)
    monkeypatch.setattr(client, "defer_to_running_app", fail)
    with pytest.raises(type(error)):
        claim_instance()
    after = os.dup(0)
    os.close(after)
    assert after == before, "the next free descriptor is the same"


@pytest.mark.usefixtures("claimed", "impatient")
def test_a_hanging_app_does_not_block_others_for_ever() -> None:
    with pytest.raises(OSError, match="does not answer"):
        claim_instance()


def test_the_socket_of_a_crash_is_replaced() -> None:
    # Not a fork of this process: it may have threads, of which Python warns since 3.12.
    crash = (
        "import os; from desktop.ipc.server import claim_instance; claim_instance(); os._exit(7)"
    )
    crashed = subprocess.run([sys.executable, "-c", crash], cwd=ROOT, check=False)
    assert crashed.returncode == 7
    assert address.socket_path().exists()
    with pytest.raises(NotRunning):
        client.show_window()
    claim_instance().release()


@pytest.mark.usefixtures("claimed")
def test_the_socket_is_private() -> None:
    path = address.socket_path()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_socket_is_in_the_runtime_folder(own_folders: Path) -> None:
    assert address.socket_path() == own_folders / "run" / "xdr-login" / "socket"


def test_an_open_folder_is_made_private(own_folders: Path) -> None:
    folder = own_folders / "run" / "xdr-login"
    folder.mkdir()
    folder.chmod(0o755)
    address.socket_path()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("elsewhere", ["/nowhere/at/all", "relative", ""])
def test_without_a_runtime_folder_the_state_folder_is_used(
    elsewhere: str, own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", elsewhere)
    monkeypatch.setattr(address, "_RUNTIME_PLACE", "/nowhere")
    monkeypatch.chdir(own_folders)
    assert address.socket_path() == own_folders / "state" / "xdr-login" / "run" / "socket"


@pytest.mark.parametrize("unset", [True, False])
def test_without_the_variable_a_job_reaches_the_same_app(
    own_folders: Path, monkeypatch: pytest.MonkeyPatch, *, unset: bool
) -> None:
    runtime = own_folders / "user" / str(os.getuid())
    runtime.mkdir(parents=True)
    monkeypatch.setattr(address, "_RUNTIME_PLACE", str(runtime.parent))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    of_the_app = address.socket_path()
    monkeypatch.delenv("XDG_RUNTIME_DIR") if unset else monkeypatch.setenv("XDG_RUNTIME_DIR", "")
    assert address.socket_path() == of_the_app


def test_a_folder_of_another_user_is_not_used(
    own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own_folders / "run" / "xdr-login").symlink_to("/")
    assert address.socket_path() == own_folders / "state" / "xdr-login" / "run" / "socket"
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.raises(PermissionError):
        address.socket_path()


def test_a_runtime_folder_of_another_user_is_not_used(
    own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 12345)  # as root is after `sudo -E`
    with pytest.raises(PermissionError, match="state/xdr-login/run"):
        address.socket_path()
    assert not (own_folders / "run" / "xdr-login").exists()


@pytest.fixture
def shared(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Have two places that all users share, and a runtime folder that is too deep for a socket."""
    places = own_folders / "tmp", own_folders / "tmp2"
    for place in places:
        place.mkdir()
        place.chmod(0o1777)
    deep = own_folders / ("ä" * 50)
    deep.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))
    monkeypatch.setattr(address, "_RUNTIME_PLACE", "/nowhere")
    monkeypatch.setattr(address, "_SHARED_PLACES", tuple(map(str, places)))
    return places


async def test_where_the_path_is_too_long_both_ends_find_a_shorter_one(
    shared: tuple[Path, Path], shown: list[Members]
) -> None:
    async def show(members: Members, _process: int | None) -> Members:
        shown.append(members)
        return {}

    claimed = claim_instance()
    made = Server({"show": show})
    await made.listen(claimed)
    with pytest.raises(AlreadyRunning):
        await aside(lambda: client.defer_to_running_app(quietly=False))
    assert len(shown) == 1
    folder = address.socket_path().parent
    assert folder.parent == shared[0]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    await made.close()
    claimed.release()


@pytest.mark.usefixtures("shared")
def test_each_long_path_has_a_short_one_of_its_own(
    own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = address.socket_path()
    deep = own_folders / ("ö" * 50)
    deep.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))
    assert address.socket_path() != first


def test_a_name_that_somebody_has_taken_is_not_used(shared: tuple[Path, Path]) -> None:
    taken = address.socket_path().parent
    taken.rmdir()
    taken.symlink_to("/")
    assert address.socket_path().parent.parent == shared[1]
    taken.unlink()
    taken.write_text("a file")
    assert address.socket_path().parent.parent == shared[1]


def test_a_place_where_others_can_replace_folders_is_not_used(shared: tuple[Path, Path]) -> None:
    shared[0].chmod(0o777)
    assert address.socket_path().parent.parent == shared[1]
    shared[1].chmod(0o777)
    with pytest.raises(OSError, match="no private place"):
        address.socket_path()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_without_locks_one_app_still_finds_the_other(
    number: int, monkeypatch: pytest.MonkeyPatch, expect_log: Callable[[str], None]
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", refuse)
    expect_log("single-instance lock unavailable")
    first = claim_instance()
    with pytest.raises(AlreadyRunning):
        claim_instance(quietly=True)
    first.release()


def test_the_pipe_name_contains_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USERDOMAIN", "NORTHWIND")
    monkeypatch.setenv("USERNAME", "dana")
    assert address.pipe_name() == r"\\.\pipe\xdr-login-NORTHWIND-dana"


class AsOnMacOS:
    """A socket that reports its peer as macOS does."""

    def __init__(self, user: int) -> None:
        self.user = user

    def getsockopt(self, level: int, name: int, length: int, /) -> bytes:
        """What LOCAL_PEERCRED and LOCAL_PEERPID give."""
        assert level == 0
        if name == 2:
            return struct.pack("i", 4711)
        return struct.pack("IIh16I", 0, self.user, 1, *range(16))[:length]


def test_user_and_process_are_known_on_macos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer, "sys", SimpleNamespace(platform="darwin", byteorder=sys.byteorder))
    assert peer.is_same_user(AsOnMacOS(os.getuid()))
    assert not peer.is_same_user(AsOnMacOS(os.getuid() + 1))
    assert peer.process_of(AsOnMacOS(0)) == 4711


def test_the_process_at_the_other_end_is_known() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert peer.process_of(one) == os.getpid()


async def test_silent_peers_make_room_for_others(running: Server) -> None:
    running._connections.most = 3
    silent = [await asyncio.open_unix_connection(address.socket_path()) for _ in range(3)]
    await asyncio.sleep(0)
    answer = await aside(lambda: client.send_command("show"))
    assert answer == {"version": 1, "ok": True, "done": True}
    assert await silent[0][0].read() == b"", "the longest silent one has gone"
    for _, writer in silent:
        writer.close()


async def test_hanging_up_cancels_the_command(claimed: InstanceClaim) -> None:
    asked, ended = asyncio.Event(), asyncio.Event()

    async def endless(_members: Members, _process: int | None) -> Members:
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return {}

    made = Server({"show": endless})
    await made.listen(claimed)
    _, writer = await asyncio.open_unix_connection(address.socket_path())
    writer.write(b'{"version": 1, "command": "show"}\n')
    await asked.wait()
    writer.close()
    await ended.wait()
    await made.close()


@pytest.mark.usefixtures("impatient")
def test_an_app_that_is_too_busy_counts_as_not_running(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket(socket.AF_UNIX) as listening, contextlib.ExitStack() as waiting:
        listening.bind(os.fspath(address.socket_path()))
        listening.listen(0)
        monkeypatch.setattr(client, "_TIMEOUT", 0.1)
        for _ in range(3):  # nobody lets them in
            each = waiting.enter_context(socket.socket(socket.AF_UNIX))
            each.setblocking(False)
            each.connect_ex(os.fspath(address.socket_path()))
        with pytest.raises(NotRunning):
            client.send_command("show")

"""The lock between processes, with real files and real processes."""

import asyncio
import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from desktop.oauth.clock import SystemClock
from desktop.services.model.errors import RenewalTimedOut
from desktop.services.secrets.shared_lock import shared_lock
from tests.services.harness import HurriedClock

KEY = "northwind"
HOLDER = """
import asyncio, sys
from pathlib import Path
from desktop.oauth.clock import SystemClock
from desktop.services.secrets.shared_lock import shared_lock

async def main():
    async with shared_lock(Path(sys.argv[1]), sys.argv[2], clock=SystemClock()):
        print("held", flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


@contextmanager
def another_program(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A program that holds the lock until its standard input ends."""
    command = [sys.executable, "-c", HOLDER, str(folder), KEY]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "held\n"
        try:
            yield program
        finally:
            program.kill()


async def test_in_one_process_the_lock_is_held_once_at_a_time(tmp_path: Path) -> None:
    inside = 0
    most = 0

    async def work() -> None:
        nonlocal inside, most
        async with shared_lock(tmp_path / "locks", KEY, clock=HurriedClock()):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(work() for _ in range(10)))
    assert most == 1


async def test_the_lock_of_another_process_is_waited_for(tmp_path: Path) -> None:
    with another_program(tmp_path) as holder:
        waiting = asyncio.ensure_future(hold(tmp_path))
        await asyncio.wait({waiting}, timeout=0.5)
        assert not waiting.done()
        holder.communicate("")
        await waiting


async def test_a_dead_process_holds_no_lock(tmp_path: Path) -> None:
    with another_program(tmp_path) as holder:
        holder.kill()
        holder.wait()
        await hold(tmp_path)


async def test_waiting_for_the_lock_times_out(tmp_path: Path) -> None:
    with another_program(tmp_path), pytest.raises(RenewalTimedOut):
        async with shared_lock(tmp_path, KEY, clock=HurriedClock()):
            pass


async def test_different_profiles_do_not_wait_for_each_other(tmp_path: Path) -> None:
    with another_program(tmp_path):
        async with shared_lock(tmp_path, "southwind", clock=HurriedClock()):
            pass


async def test_giving_up_waiting_leaves_the_lock_alone(tmp_path: Path) -> None:
    async with shared_lock(tmp_path, KEY, clock=SystemClock()):
        waiting = asyncio.ensure_future(hold(tmp_path))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})
        assert waiting.cancelled()
    await hold(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="folders have no such permissions on Windows")
async def test_the_folder_is_for_its_owner_only(tmp_path: Path) -> None:
    await hold(tmp_path / "locks")
    assert (tmp_path / "locks").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENOSPC, errno.EDQUOT, errno.ESTALE])
async def test_a_temporary_error_is_no_reason_to_go_on_without_a_lock(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: object) -> bool:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("desktop.services.secrets.shared_lock._try_acquire", exhausted)
    with pytest.raises(RenewalTimedOut):
        await hold(tmp_path)


async def test_where_no_file_can_be_written_the_work_goes_on(
    tmp_path: Path, expect_log: Callable[[str], None]
) -> None:
    (tmp_path / "locks").write_text("a file in the place of the folder")
    expect_log("renewing without a lock")
    await hold(tmp_path / "locks")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no flock")
@pytest.mark.parametrize(
    "number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.EROFS]
)
async def test_where_the_file_system_has_no_locks_the_work_goes_on(
    number: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    expect_log: Callable[[str], None],
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", refuse)
    expect_log("renewing without a lock")
    for _ in range(2):  # a substitute for the lock would be left behind
        await hold(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="permissions are others on Windows")
async def test_where_the_lock_cannot_be_opened_the_work_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expect_log: Callable[[str], None]
) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    expect_log("renewing without a lock")
    (tmp_path / f"{KEY}.lock").touch()
    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refuse)
        await hold(tmp_path)


async def hold(folder: Path) -> None:
    async with shared_lock(folder, KEY, clock=SystemClock()):
        pass

"""Blocking calls to a keyring: off the event loop, in order, and within the timeout."""

import asyncio
import threading
from concurrent.futures import Future

import pytest

from desktop.services.secrets.keystore import KeyringFault, KeyringTimedOut, VaultKeystore
from desktop.services.system.worker import Worker
from tests.services.secrets.vaults import PlainModel


class Prompting(PlainModel):
    """A vault that waits for somebody to unlock it."""

    def __init__(self) -> None:
        super().__init__()
        self.unlocked = threading.Event()
        self.asked = threading.Event()

    def get(self, entry: str) -> str | None:
        self.asked.set()
        assert self.unlocked.wait(10)
        return super().get(entry)


async def idle(keystore: VaultKeystore) -> None:
    """Return when everything that was asked for has been done."""
    await keystore._worker.run(lambda: None)


async def asked(vault: Prompting) -> None:
    assert await asyncio.to_thread(vault.asked.wait, 10)


async def test_a_keyring_that_waits_for_its_password_is_silent() -> None:
    vault = Prompting()
    keystore = VaultKeystore(lambda: vault, timeout=0.02)
    for operation in (keystore.load("x"), keystore.save("x", "y"), keystore.delete("x")):
        with pytest.raises(KeyringTimedOut):
            await operation
    vault.unlocked.set()


async def test_the_event_loop_is_not_blocked() -> None:
    vault = Prompting()
    loading = asyncio.ensure_future(VaultKeystore(lambda: vault).load("x"))
    await asked(vault)
    await asyncio.sleep(0)
    assert not loading.done()
    vault.unlocked.set()
    assert await loading is None


async def test_opening_the_keyring_is_within_the_timeout() -> None:
    opened = threading.Event()

    def open_slowly() -> PlainModel:
        assert opened.wait(10)
        return PlainModel()

    with pytest.raises(KeyringTimedOut):
        await VaultKeystore(open_slowly, timeout=0.02).load("x")
    opened.set()


async def test_after_a_late_unlock_the_newer_of_two_saves_counts() -> None:
    vault = Prompting()
    keystore = VaultKeystore(lambda: vault, timeout=10)
    older = asyncio.ensure_future(keystore.save("x", "older"))
    await asked(vault)
    newer = asyncio.ensure_future(keystore.save("x", "newer"))
    older.cancel()
    await asyncio.wait({older})
    vault.unlocked.set()
    await newer
    assert await keystore.load("x") == "newer"


async def test_a_late_unlock_does_not_let_an_older_save_overwrite_a_newer_one() -> None:
    vault = Prompting()
    keystore = VaultKeystore(lambda: vault, timeout=0.5)
    older = asyncio.ensure_future(keystore.save("x", "older"))
    await asked(vault)
    with pytest.raises(KeyringTimedOut):
        await older
    keystore._timeout = 10
    newer = asyncio.ensure_future(keystore.save("x", "newer"))
    await asyncio.sleep(0)
    vault.unlocked.set()
    await newer
    await idle(keystore)
    assert await keystore.load("x") == "newer"


async def test_a_late_save_that_was_reported_as_failed_is_deleted() -> None:
    vault = Prompting()
    keystore = VaultKeystore(lambda: vault, timeout=10)
    first = asyncio.ensure_future(keystore.save("x", "first"))
    await asked(vault)
    first.cancel()
    keystore._timeout = 0.02
    with pytest.raises(KeyringTimedOut):
        await keystore.save("x", "second")
    vault.unlocked.set()
    # The loop has no turn before the thread has done all that it will do.
    last: Future[None] = Future()
    keystore._worker._calls.put((last, lambda: None))
    last.result(10)
    assert await keystore.load("x") is None, "nobody knows of it"
    assert vault.kept == {}


async def test_a_delete_after_a_save_that_hangs_wins() -> None:
    vault = Prompting()
    keystore = VaultKeystore(lambda: vault, timeout=10)
    saving = asyncio.ensure_future(keystore.save("x", "value"))
    await asked(vault)
    saving.cancel()
    deleting = asyncio.ensure_future(keystore.delete("x"))
    await asyncio.sleep(0)
    vault.unlocked.set()
    await deleting
    assert vault.kept == {}


async def test_an_error_in_the_thread_reaches_the_caller() -> None:
    def broken() -> PlainModel:
        raise KeyringFault("broken")

    with pytest.raises(KeyringFault, match="broken"):
        await VaultKeystore(broken).load("x")


async def test_the_thread_is_a_daemon_of_its_own_name_and_starts_when_needed() -> None:
    worker = Worker("errands")
    assert "errands" not in {thread.name for thread in threading.enumerate()}
    assert await worker.run(lambda: threading.current_thread().name) == "errands"
    assert await worker.run(lambda: threading.current_thread().daemon)


async def test_work_is_done_in_order_by_one_thread() -> None:
    worker = Worker("errands")
    done: list[int] = []
    await asyncio.gather(*(worker.run(lambda n=n: done.append(n)) for n in range(50)))  # type: ignore[misc]
    assert done == list(range(50))


async def test_an_exit_in_the_thread_reaches_the_caller() -> None:
    def leave() -> None:
        raise GeneratorExit

    worker = Worker("errands")
    with pytest.raises(GeneratorExit):
        await worker.run(leave)
    assert await worker.run(lambda: "still there") == "still there"

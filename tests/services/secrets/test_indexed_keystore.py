"""A keyring is opened only where something was saved."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from desktop.oauth.clock import SystemClock
from desktop.services.network.real_environment import real_environment
from desktop.services.secrets import indexed_keystore
from desktop.services.secrets.indexed_keystore import IndexedKeystore, system_keystore
from desktop.services.secrets.keystore import (
    KeyringLocked,
    KeyringMissing,
    KeyringTimedOut,
    KeystoreError,
    SaveNotRecorded,
)
from desktop.services.system import paths
from desktop.services.system.worker import Worker
from tests.rigs.secret_service import SecretStore
from tests.services.harness import PROFILE, FakeKeyring


@pytest.fixture
def folder(own_folders: Path) -> Path:
    return own_folders / "state" / "saved"


def markers(folder: Path) -> list[str]:
    return [path.name for path in folder.glob("*")]


def size(path: Path) -> int:
    return path.stat().st_size


def block(path: Path) -> None:
    """Put a file where a folder should be, or something into what should be a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


async def test_where_nothing_was_saved_the_keyring_is_not_opened(folder: Path) -> None:
    keyring = FakeKeyring()
    assert await IndexedKeystore(keyring, folder).load("northwind") is None
    assert keyring.operations == []
    assert markers(folder) == []


async def test_a_required_keyring_is_opened_where_nothing_was_saved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def find_none() -> NoReturn:
        raise KeyringMissing

    monkeypatch.setattr(indexed_keystore, "_open_vault", find_none)
    with pytest.raises(KeyringMissing):
        await indexed_keystore.require_keyring("northwind")


async def test_what_another_run_has_saved_is_found(folder: Path) -> None:
    keyring = FakeKeyring()
    await IndexedKeystore(keyring, folder).save("northwind", "value")
    assert await IndexedKeystore(keyring, folder).load("northwind") == "value"


async def test_a_marker_is_an_empty_file_named_after_the_key(folder: Path) -> None:
    await IndexedKeystore(FakeKeyring(), folder).save("northwind", "value-SECRET")
    assert markers(folder) == ["northwind.saved"]
    assert size(folder / "northwind.saved") == 0


async def test_a_delete_removes_the_marker_after_the_value(folder: Path) -> None:
    keyring = FakeKeyring()
    keystore = IndexedKeystore(keyring, folder)
    await keystore.save("northwind", "value")
    keyring.errors["delete"] = KeyringLocked()
    with pytest.raises(KeyringLocked):
        await keystore.delete("northwind")
    assert await keystore.load("northwind") == "value"
    keyring.errors.clear()
    await keystore.delete("northwind")
    assert markers(folder) == []


async def test_without_a_keyring_only_what_was_saved_cannot_be_deleted(folder: Path) -> None:
    keyring = FakeKeyring()
    keystore = IndexedKeystore(keyring, folder)
    await keystore.save("northwind", "value")
    keyring.errors["delete"] = KeyringMissing()
    await keystore.delete("southwind")
    with pytest.raises(KeyringMissing):
        await keystore.delete("northwind")
    assert markers(folder) == ["northwind.saved"]


@pytest.mark.parametrize("error", [KeyringMissing(), KeyringTimedOut(), KeyringLocked()], ids=repr)
async def test_after_a_save_that_failed_nothing_older_is_found(
    folder: Path, error: KeystoreError
) -> None:
    keyring = FakeKeyring()
    keystore = IndexedKeystore(keyring, folder)
    await keystore.save("northwind", "older")
    keyring.errors["save"] = error
    with pytest.raises(type(error)):
        await keystore.save("northwind", "newer")
    assert await keystore.load("northwind") is None, "a replaced refresh token would look stolen"
    await keystore.delete("northwind")
    assert keyring.entries == {}, "and it can still be removed"


async def test_what_was_saved_is_found_though_no_marker_can_be_written(
    folder: Path, expect_log: Callable[[str], None]
) -> None:
    expect_log("cannot mark a saved secret")
    block(folder)
    keystore = IndexedKeystore(FakeKeyring(), folder)
    await keystore.save("northwind", "value")
    assert await keystore.load("northwind") == "value"


async def test_what_was_saved_is_found_by_another_run_though_no_marker_can_be_written(
    folder: Path, expect_log: Callable[[str], None]
) -> None:
    expect_log("cannot mark a saved secret")
    block(folder)
    keyring = FakeKeyring()
    await IndexedKeystore(keyring, folder).save("northwind", "value")
    assert await IndexedKeystore(keyring, folder).load("northwind") == "value"


async def test_a_read_only_folder_does_not_hide_what_is_saved(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring = FakeKeyring()
    await keyring.save("northwind", "value")
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert await IndexedKeystore(keyring, folder).load("northwind") == "value"


async def test_a_save_that_nobody_would_find_again_is_an_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch, expect_log: Callable[[str], None]
) -> None:
    def fill(*_: object, **_more: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    expect_log("cannot mark a saved secret")
    keystore = IndexedKeystore(FakeKeyring(), folder)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "touch", fill)
        with pytest.raises(SaveNotRecorded, match=r"^No space left on device$"):
            await keystore.save("northwind", "value")
    await keystore.save("northwind", "newer")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "touch", fill)
        await keystore.save("northwind", "newest")  # its marker is there


async def test_after_a_save_that_failed_what_another_run_saves_is_found(folder: Path) -> None:
    keyring = FakeKeyring()
    keystore = IndexedKeystore(keyring, folder)
    keyring.errors["save"] = KeyringLocked()
    with pytest.raises(KeyringLocked):
        await keystore.save("northwind", "older")
    keyring.errors.clear()
    await IndexedKeystore(keyring, folder).save("northwind", "newer")
    assert await keystore.load("northwind") == "newer"


async def test_after_a_save_that_failed_nothing_older_is_found_in_a_read_only_folder(
    folder: Path, expect_log: Callable[[str], None]
) -> None:
    expect_log("cannot mark a saved secret")
    expect_log("cannot remove the marker")
    block(folder)
    keyring = FakeKeyring()
    keystore = IndexedKeystore(keyring, folder)
    await keystore.save("northwind", "older")
    keyring.errors["save"] = KeyringLocked()
    with pytest.raises(KeyringLocked):
        await keystore.save("northwind", "newer")
    assert await keystore.load("northwind") is None


async def test_a_folder_that_cannot_be_written_is_logged_and_saving_goes_on(
    folder: Path, expect_log: Callable[[str], None]
) -> None:
    expect_log("cannot mark a saved secret")
    block(folder)
    keyring = FakeKeyring()
    await IndexedKeystore(keyring, folder).save("northwind", "value")
    assert keyring.entries == {"northwind": "value"}


async def test_a_marker_that_cannot_be_removed_is_logged(
    folder: Path, expect_log: Callable[[str], None]
) -> None:
    expect_log("cannot remove the marker of a secret")
    block(folder / "northwind.saved" / "something")
    await IndexedKeystore(FakeKeyring(), folder).delete("northwind")


async def test_if_the_folder_cannot_be_read_the_keyring_is_opened(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(_path: Path) -> bool:
        raise PermissionError

    keyring = FakeKeyring()
    await keyring.save("northwind", "value")
    monkeypatch.setattr(Path, "exists", forbidden)
    assert await IndexedKeystore(keyring, folder).load("northwind") == "value"


async def test_this_computer_keeps_values_in_the_real_store(real_keyring: SecretStore) -> None:
    environment = real_environment(Worker("loader"))
    await environment.keystore.save("northwind", "swordfish")
    assert [value.rpartition(" ")[2] for value in real_keyring.entries().values()] == ["swordfish"]
    assert markers(paths.keystore_index_folder()) == ["northwind.saved"]
    assert await system_keystore().load("northwind") == "swordfish"


async def test_this_computer_has_a_network_and_a_clock() -> None:
    environment = real_environment(Worker("loader"))
    assert isinstance(environment.clock, SystemClock)
    async with await environment.open_http(PROFILE) as client:
        assert not client.is_closed

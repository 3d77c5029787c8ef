"""The notes that save a look into the keyring."""

from collections.abc import Callable
from pathlib import Path

import pytest

from desktop.services.keystore import KeyringLocked, KeyringMissing, KeystoreError, MemoryKeystore
from desktop.services.noted_keystore import NotedKeystore


class CountingKeystore(MemoryKeystore):
    """Counts the looks, and fails to save with `error` where one is given."""

    def __init__(self, error: KeystoreError | None = None) -> None:
        super().__init__()
        self.loads = 0
        self.error = error

    async def load(self, key: str) -> str | None:
        self.loads += 1
        return await super().load(key)

    async def save(self, key: str, value: str) -> None:
        if self.error is not None:
            raise self.error
        await super().save(key, value)


async def test_nothing_is_asked_of_the_keyring_where_nothing_was_saved(tmp_path: Path) -> None:
    inner = CountingKeystore()
    assert await NotedKeystore(inner, tmp_path / "saved").load("northwind") is None
    assert inner.loads == 0


async def test_a_saved_value_is_found_by_the_next_run(tmp_path: Path) -> None:
    inner = CountingKeystore()
    await NotedKeystore(inner, tmp_path / "saved").save("northwind", "value")
    assert await NotedKeystore(inner, tmp_path / "saved").load("northwind") == "value"


async def test_a_deleted_value_is_not_looked_for(tmp_path: Path) -> None:
    inner = CountingKeystore()
    keystore = NotedKeystore(inner, tmp_path)
    await keystore.save("northwind", "value")
    await keystore.delete("northwind")
    assert await keystore.load("northwind") is None
    assert inner.loads == 0
    assert list(tmp_path.iterdir()) == []


async def test_deleting_asks_the_keyring_even_without_a_note(tmp_path: Path) -> None:
    inner = CountingKeystore()
    await inner.save("northwind", "left over")
    await NotedKeystore(inner, tmp_path).delete("northwind")
    assert await inner.load("northwind") is None


async def test_one_profile_says_nothing_about_another(tmp_path: Path) -> None:
    keystore = NotedKeystore(CountingKeystore(), tmp_path)
    await keystore.save("northwind", "value")
    assert await keystore.load("contoso") is None


async def test_a_missing_keyring_leaves_no_note(tmp_path: Path) -> None:
    keystore = NotedKeystore(CountingKeystore(KeyringMissing()), tmp_path)
    with pytest.raises(KeyringMissing):
        await keystore.save("northwind", "value")
    assert list(tmp_path.iterdir()) == []


async def test_a_keyring_that_went_missing_keeps_the_note_of_what_it_held(tmp_path: Path) -> None:
    inner = CountingKeystore()
    keystore = NotedKeystore(inner, tmp_path)
    await keystore.save("northwind", "value")
    inner.error = KeyringMissing()
    with pytest.raises(KeyringMissing):
        await keystore.save("northwind", "newer")
    assert await keystore.load("northwind") == "value"


async def test_a_locked_keyring_may_still_save_later_so_the_note_stays(tmp_path: Path) -> None:
    keystore = NotedKeystore(CountingKeystore(KeyringLocked()), tmp_path)
    with pytest.raises(KeyringLocked):
        await keystore.save("northwind", "value")
    assert [file.name for file in tmp_path.iterdir()] == ["northwind.saved"]


async def test_a_folder_that_cannot_be_written_costs_the_note_not_the_value(
    tmp_path: Path, expect_log: Callable[[str], None]
) -> None:
    expect_log("will not be found again")
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    inner = CountingKeystore()
    await NotedKeystore(inner, blocked).save("northwind", "value")
    assert await inner.load("northwind") == "value"


async def test_a_note_that_cannot_be_removed_is_only_logged(
    tmp_path: Path, expect_log: Callable[[str], None]
) -> None:
    expect_log("cannot be removed")
    inner = CountingKeystore()
    await inner.save("northwind", "value")
    (tmp_path / "northwind.saved").mkdir()
    await NotedKeystore(inner, tmp_path).delete("northwind")
    assert await inner.load("northwind") is None


async def test_the_note_holds_nothing_of_the_value(tmp_path: Path) -> None:
    await NotedKeystore(CountingKeystore(), tmp_path).save("northwind", "secret")
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b""]

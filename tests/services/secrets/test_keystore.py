"""What every keystore must do, tested on each of them."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.services.secrets.indexed_keystore import IndexedKeystore
from desktop.services.secrets.keyring_vault import open_vault
from desktop.services.secrets.keystore import (
    KeyringFault,
    Keystore,
    MemoryKeystore,
    VaultKeystore,
    load_value,
    save_value,
)
from tests.services.secrets.vaults import PlainModel, WindowsModel, made_model

VALUES = {
    "short": "{}",
    "empty": "",
    "with spaces": " 1 2 value  ",
    "like a head": "1 0 abc value",
    "any script": "pässwörd 🔑 \u202e\x00",
    "8 KiB": "".join(chr(33 + n % 90) for n in range(8192)),
}


@pytest.fixture(params=["memory", "noted", "plain", "mac", "windows", "secret service"])
def keystore(request: pytest.FixtureRequest, own_folders: Path) -> Iterator[Keystore]:
    if request.param == "memory":
        yield MemoryKeystore()
    elif request.param == "noted":
        yield IndexedKeystore(MemoryKeystore(), own_folders)
    elif request.param == "secret service":
        request.getfixturevalue("real_keyring")
        yield VaultKeystore(open_vault)
    else:
        with made_model(request.param) as model:
            yield VaultKeystore(lambda: model.vault)


async def test_nothing_is_there_at_first(keystore: Keystore) -> None:
    assert await keystore.load("northwind") is None


@pytest.mark.parametrize("name", VALUES)
async def test_a_value_comes_back_as_it_was_saved(keystore: Keystore, name: str) -> None:
    await keystore.save("northwind", VALUES[name])
    assert await keystore.load("northwind") == VALUES[name]


async def test_the_last_of_many_values_is_the_one_that_counts(keystore: Keystore) -> None:
    for length in (8192, 3, 5000, 0, 1100, 1101, 1099, 2300):
        await keystore.save("northwind", "v" * length)
        assert await keystore.load("northwind") == "v" * length


async def test_keys_do_not_touch_each_other(keystore: Keystore) -> None:
    keys = ("northwind", "northwind (client password)", "north", "a", "b")
    for key in keys:
        await keystore.save(key, f"{key} {'v' * 2000}")
    await keystore.delete("northwind")
    assert await keystore.load("northwind") is None
    for key in keys[1:]:
        assert await keystore.load(key) == f"{key} {'v' * 2000}"


async def test_deleting_what_is_not_there_does_nothing(keystore: Keystore) -> None:
    await keystore.delete("northwind")
    await keystore.save("northwind", "value")
    await keystore.delete("northwind")
    await keystore.delete("northwind")
    assert await keystore.load("northwind") is None


async def test_another_run_of_the_program_finds_the_value(windows: WindowsModel) -> None:
    await VaultKeystore(lambda: windows.vault).save("northwind", VALUES["8 KiB"])
    assert await VaultKeystore(lambda: windows.vault).load("northwind") == VALUES["8 KiB"]


def test_the_real_windows_limit_is_in_the_model(windows: WindowsModel) -> None:
    windows.vault.set("fits", "x" * 1280)
    with pytest.raises(KeyringFault, match=r"1783.*CredWrite.*bad data"):
        windows.vault.set("too long", "x" * 1281)


def test_a_short_value_is_a_single_entry_on_windows(windows: WindowsModel) -> None:
    save_value(windows.vault, "northwind", "password")
    assert len(windows.kept) == 1


def test_windows_entries_stay_on_this_computer(
    windows: WindowsModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    monkeypatch.setattr("sys.platform", "win32")
    save_value(open_vault(), "northwind", "x" * 8192)
    assert {item["Persist"] for item in windows.kept.values()} == {
        windows.CRED_PERSIST_LOCAL_MACHINE
    }


def test_a_value_that_is_too_long_is_refused_before_anything_is_written(
    windows: WindowsModel,
) -> None:
    save_value(windows.vault, "northwind", "old")
    with pytest.raises(KeyringFault, match="80000 characters are too many"):
        save_value(windows.vault, "northwind", "x" * 80000)
    assert load_value(windows.vault, "northwind") == "old"


def test_half_a_surrogate_pair_can_be_saved_if_the_vault_can() -> None:
    vault = PlainModel()
    save_value(vault, "northwind", "\ud800")
    assert load_value(vault, "northwind") == "\ud800"


@pytest.mark.parametrize(
    "damaged",
    ["", "1", "1 0 abc", "one 0 abc value", "1 -1 abc value", "٣ 0 abc value", f"{'9' * 16} 0 a v"],
)
def test_a_damaged_entry_counts_as_none(damaged: str) -> None:
    vault = PlainModel()
    vault.kept["northwind (a)"] = damaged
    assert load_value(vault, "northwind") is None
    save_value(vault, "northwind", "value")
    assert load_value(vault, "northwind") == "value"
    assert damaged not in vault.kept.values()


@pytest.mark.parametrize("generation", ["9" * 15, "9" * 14 + "8", "0", "000000000000007"])
def test_a_value_of_any_generation_can_be_replaced(generation: str) -> None:
    vault = PlainModel()
    save_value(vault, "northwind", "value 0")
    _, rest = vault.kept["northwind (a)"].split(" ", 1)
    vault.kept["northwind (a)"] = f"{generation} {rest}"
    for number in range(1, 5):
        older = dict(vault.kept)
        save_value(vault, "northwind", f"value {number}")
        assert load_value(vault, "northwind") == f"value {number}"
        vault.kept = older | vault.kept  # as a crash leaves it before the older value is removed
        assert load_value(vault, "northwind") == f"value {number}"


def test_a_value_with_a_part_missing_or_changed_counts_as_none(windows: WindowsModel) -> None:
    save_value(windows.vault, "northwind", "x" * 3000)
    windows.vault.remove("northwind (a2)")
    assert load_value(windows.vault, "northwind") is None
    windows.vault.set("northwind (a2)", "something else")
    assert load_value(windows.vault, "northwind") is None


def test_where_the_newer_value_is_damaged_the_older_one_counts() -> None:
    vault = PlainModel()
    save_value(vault, "northwind", "older")
    older = dict(vault.kept)
    save_value(vault, "northwind", "newer")
    vault.kept = {entry: text.replace("newer", "n€wer") for entry, text in vault.kept.items()}
    vault.kept |= older
    assert load_value(vault, "northwind") == "older"


@given(st.lists(st.text(max_size=700), min_size=1, max_size=4))
def test_any_text_survives_on_windows(values: list[str]) -> None:
    with made_model("windows") as model:
        for value in values:
            save_value(model.vault, "northwind", value)
            assert load_value(model.vault, "northwind") == value


async def test_a_vault_is_opened_once_and_only_when_it_is_needed() -> None:
    opened: list[PlainModel] = []

    def open_it() -> PlainModel:
        opened.append(PlainModel())
        return opened[-1]

    keystore = VaultKeystore(open_it)
    assert not opened
    await asyncio.gather(keystore.save("a", "1"), keystore.save("b", "2"), keystore.load("a"))
    assert len(opened) == 1


class Raced(PlainModel):
    """A vault in which another program saves as soon as the first entry was read."""

    def get(self, entry: str) -> str | None:
        found = super().get(entry)
        if entry == "x (a)" and found is None:
            save_value(self.copied, "x", "newer")
        return found

    @property
    def copied(self) -> PlainModel:
        other = PlainModel()
        other.kept = self.kept
        return other


def test_a_value_that_moves_while_it_is_read_is_found() -> None:
    vault = Raced()
    save_value(vault.copied, "x", "first")
    save_value(vault.copied, "x", "second")
    assert list(vault.kept) == ["x (b)"]
    assert load_value(vault, "x") == "newer"

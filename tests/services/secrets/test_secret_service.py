"""One connection to the Secret Service for all entries."""

import contextlib
import sys

import pytest
import secretstorage
from keyring.backend import KeyringBackend
from keyring.backends.SecretService import Keyring
from secretstorage import collection

from desktop.services.secrets.keyring_vault import open_vault
from desktop.services.secrets.keystore import load_value, save_value
from desktop.services.secrets.secret_service import ConnectedKeyring
from tests.rigs import requirements
from tests.rigs.secret_service import Bus, SecretStore, start_keyring, use_keyring_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="D-Bus is Linux's")

KEYS = ("northwind", "contoso", "fabrikam")


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note each connection, and each key that is agreed on."""
    made: list[str] = []

    def note(module: object, name: str) -> None:
        real = getattr(module, name)

        def noted(*given: object) -> object:
            made.append(name)
            return real(*given)

        monkeypatch.setattr(module, name, noted)

    note(secretstorage, "dbus_init")
    note(secretstorage.item, "open_session")
    note(collection, "open_session")
    return made


@pytest.mark.usefixtures("real_keyring")
def test_many_values_are_read_over_one_connection_with_one_key(connections: list[str]) -> None:
    for key in KEYS:
        save_value(open_vault(), key, f"token of {key}")
    vault = open_vault()
    connections.clear()
    assert [load_value(vault, key) for key in KEYS] == [f"token of {key}" for key in KEYS]
    assert connections == ["dbus_init", "open_session"]


@pytest.mark.usefixtures("real_keyring")
def test_its_entries_are_those_of_keyring() -> None:
    connected = ConnectedKeyring()
    plain: KeyringBackend = Keyring()  # type: ignore[no-untyped-call]
    connected.set_password("XDR Login: x", "x", "grüße")
    assert plain.get_password("XDR Login: x", "x") == "grüße"
    plain.set_password("XDR Login: x", "x", "other")
    assert connected.get_password("XDR Login: x", "x") == "other"
    connected.delete_password("XDR Login: x", "x")
    assert plain.get_password("XDR Login: x", "x") is None


def test_it_connects_again_when_the_service_has_restarted(bare_bus: Bus) -> None:
    requirements.require("restarted_keyring", "gnome-keyring-daemon")
    store = SecretStore(bare_bus.folder)
    with use_keyring_of(bare_bus):
        with contextlib.ExitStack() as first:
            start_keyring(store, first)
            vault = open_vault()
            save_value(vault, "northwind", "token")
            assert load_value(vault, "northwind") == "token"
        with contextlib.ExitStack() as second:
            start_keyring(store, second)
            assert load_value(vault, "northwind") == "token"
            save_value(vault, "northwind", "newer token")
            assert load_value(vault, "northwind") == "newer token"


class FakeCollection:
    """A collection with one locked item, that fails where it is told to."""

    def __init__(self) -> None:
        self.connection = self
        self.session: object = None
        self.error: Exception | None = None
        self.unlocked = self.closed = False

    def is_locked(self) -> bool:
        return not self.unlocked

    def unlock(self) -> None:
        self.unlocked = True

    def search_items(self, _query: dict[str, str]) -> list["FakeCollection"]:
        if self.error is not None:
            raise self.error
        return [self]

    def get_secret(self) -> bytes:
        return b"token"

    def close(self) -> None:
        self.closed = True


class FakeKeyring(ConnectedKeyring):
    def __init__(self, *collections: FakeCollection) -> None:
        super().__init__()
        self.left = list(collections)

    def get_preferred_collection(self) -> FakeCollection:
        return self.left.pop(0)

    def unlock(self, item: FakeCollection) -> None:
        item.unlock()


def test_a_locked_item_is_unlocked_before_it_is_read() -> None:
    collection = FakeCollection()
    assert FakeKeyring(collection).get_password("XDR Login: x", "x") == "token"
    assert collection.unlocked
    assert not collection.closed


def test_a_connection_that_fails_at_once_is_closed_and_the_error_is_raised() -> None:
    broken, second = FakeCollection(), FakeCollection()
    broken.error = OSError("no such object")
    keyring = FakeKeyring(broken, second)
    with pytest.raises(OSError, match="no such object"):
        keyring.get_password("XDR Login: x", "x")
    assert broken.closed
    assert keyring.get_password("XDR Login: x", "x") == "token"


def test_a_dismissed_prompt_is_not_repeated_over_a_new_connection() -> None:
    collection = FakeCollection()
    keyring = FakeKeyring(collection)
    assert keyring.get_password("XDR Login: x", "x") == "token"
    collection.error = secretstorage.PromptDismissedException()
    with pytest.raises(secretstorage.PromptDismissedException):
        keyring.get_password("XDR Login: x", "x")
    assert not keyring.left

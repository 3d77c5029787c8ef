"""Choosing a keyring, and its errors."""

import asyncio
import os
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from keyring.backend import KeyringBackend
from keyring.errors import InitError
from keyring.errors import KeyringLocked as LockedByBackend

from desktop.services.secrets import keyring_vault
from desktop.services.secrets.keyring_vault import KeyringVault, choose_backend, open_vault
from desktop.services.secrets.keystore import (
    KeyringFault,
    KeyringLocked,
    KeyringMissing,
    KeyringReplaced,
    KeyringTimedOut,
    KeystoreError,
    SessionBusMissing,
    VaultKeystore,
)
from desktop.services.wording.messages import Surface, advice_for
from tests.rigs.secret_service import Bus, SecretStore, use_keyring_of
from tests.services.secrets.vaults import WindowsError

OPERATIONS: dict[str, Callable[[VaultKeystore], Awaitable[object]]] = {
    "load": lambda keystore: keystore.load("northwind"),
    "save": lambda keystore: keystore.save("northwind", "value"),
    "delete": lambda keystore: keystore.delete("northwind"),
}


class Refusing(KeyringBackend):
    priority = 1

    def __init__(self, error: Exception) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.error = error

    def get_password(self, *_: str) -> str | None:
        raise self.error

    def set_password(self, *_: str) -> None:
        raise self.error


@pytest.mark.parametrize(
    ("error", "kind", "detail"),
    [
        (LockedByBackend("Failed to unlock"), KeyringLocked, "Failed to unlock"),
        (InitError("no collection"), KeyringMissing, "no collection"),
        (
            WindowsError(1783, "CredWrite", "The stub received bad data."),
            KeyringFault,
            "(1783, 'CredWrite', 'The stub received bad data.')",
        ),
        (
            OSError(28, "No space left on device"),
            KeyringFault,
            "[Errno 28] No space left on device",
        ),
        (ValueError(), KeyringFault, "ValueError"),
    ],
)
def test_errors_of_a_backend_become_keystore_errors(
    error: Exception, kind: type[KeystoreError], detail: str
) -> None:
    vault = KeyringVault(Refusing(error), longest=None)
    calls: list[Callable[[], object]] = [
        lambda: vault.get("x"),
        lambda: vault.set("x", "y"),
        lambda: vault.remove("x"),
    ]
    for call in calls:
        with pytest.raises(kind) as caught:
            call()
        assert (type(caught.value), caught.value.detail) == (kind, detail)
        assert caught.value.__cause__ is error


def test_exiting_is_not_turned_into_a_keystore_error() -> None:
    class Stopping(Refusing):
        def get_password(self, *_: str) -> str | None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        KeyringVault(Stopping(ValueError()), longest=None).get("x")


# Choosing


def test_the_real_store_is_found_by_itself(
    real_keyring: SecretStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    vault = open_vault()
    vault.set("northwind", "swordfish")
    assert vault.longest is None
    assert list(real_keyring.entries().values()) == ["swordfish"]


@pytest.mark.parametrize("name", ["fail", "null"])
def test_a_backend_that_stores_nothing_counts_as_missing(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", f"keyring.backends.{name}.Keyring")
    with pytest.raises(KeyringReplaced, match=f"keyring.backends.{name}") as caught:
        open_vault()
    assert caught.value.line == f"PYTHON_KEYRING_BACKEND=keyring.backends.{name}.Keyring"


def test_the_configured_keyring_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    kwallet = "keyring.backends.kwallet"
    configured = type("DBusKeyring", (), {"__module__": kwallet})()
    monkeypatch.setattr("keyring.core.load_env", lambda: configured)
    assert choose_backend() is configured


@pytest.mark.parametrize("module", ["keyrings.alt.file", "keyring.backends.chainer", "mine"])
def test_a_configured_keyring_other_than_the_systems_is_refused(
    monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    configured = type("PlaintextKeyring", (), {"__module__": module})()
    monkeypatch.setattr("keyring.core.load_env", lambda: configured)
    with pytest.raises(KeyringMissing, match="is not a system keyring"):
        choose_backend()


@pytest.mark.parametrize(
    "name",
    ["keyring.backends.null.Keyring", "keyring.backends.chainer.ChainerBackend", "no.such.Keyring"],
)
def test_a_configuration_that_replaces_the_keyring_is_named_with_its_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    monkeypatch.setattr("keyring.util.platform_.config_root", lambda: tmp_path)
    file = tmp_path / "keyringrc.cfg"
    file.write_text(f"[backend]\ndefault-keyring={name}\n")
    with pytest.raises(KeyringReplaced) as caught:
        open_vault()
    text = advice_for(caught.value).text
    assert str(file) in text
    assert "no.such" in name or f"Remove the line “default-keyring={name}” from it" in text


@pytest.mark.parametrize("name", ["nonsense", "no.such.module", "keyring.backends.kwallet.Nothing"])
def test_a_misspelled_keyring_is_reported(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", name)
    with pytest.raises(KeyringMissing, match="configured keyring: "):
        open_vault()


def test_a_broken_configuration_of_the_keyring_library_is_reported(
    monkeypatch: pytest.MonkeyPatch, own_folders: Path
) -> None:
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    folder = own_folders / "config" / "python_keyring"
    monkeypatch.setattr("keyring.util.platform_.config_root", lambda: folder)
    folder.mkdir()
    (folder / "keyringrc.cfg").write_text("nonsense")
    with pytest.raises(KeyringMissing, match=r"configured keyring: .*no section headers\.$"):
        open_vault()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_configuration_that_is_a_pipe_is_named_and_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    monkeypatch.setattr("keyring.util.platform_.config_root", lambda: tmp_path)
    monkeypatch.setattr("keyring.core.load_config", lambda: pytest.fail("it would wait"))
    os.mkfifo(tmp_path / "keyringrc.cfg")
    with pytest.raises(KeyringReplaced) as caught:
        open_vault()
    words = f"{tmp_path / 'keyringrc.cfg'} can't be used (not a regular file)."
    assert words in advice_for(caught.value).text


@pytest.fixture
def two_backends(monkeypatch: pytest.MonkeyPatch) -> list[KeyringBackend]:
    """Offer two backends of which the first has no use here; gives what shall be the second."""
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    chosen: list[KeyringBackend] = []
    module = ModuleType("two_backends")
    module.First = SimpleNamespace(priority=0)  # type: ignore[attr-defined]
    module.Second = type("Second", (), {"priority": 1, "__new__": lambda _kind: chosen[0]})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "two_backends", module)
    names = (
        "two_backends:Missing",
        "no_such_module:X",
        "two_backends:First",
        "two_backends:Second",
    )
    monkeypatch.setattr(keyring_vault, "_FREEDESKTOP", names)
    monkeypatch.setattr(sys, "platform", "linux")
    return chosen


def test_the_first_working_backend_is_used(two_backends: list[KeyringBackend]) -> None:
    two_backends.append(Refusing(ValueError()))
    assert choose_backend() is two_backends[0]


@pytest.mark.usefixtures("two_backends")
def test_a_backend_that_cannot_be_created_is_skipped() -> None:
    with pytest.raises(KeyringMissing, match=r"Missing.*; no_such_module:X: No module.*; .*Second"):
        open_vault()


def test_only_linux_has_a_session_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    monkeypatch.setattr("keyring.core.load_config", lambda: None)
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(keyring_vault, "_BACKENDS", {"darwin": ("no_such_module:X",)})
    with pytest.raises(KeyringMissing) as caught:
        open_vault()
    assert type(caught.value) is KeyringMissing


# A bus as it should not be


@pytest.fixture
def no_kwallet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring_vault, "_FREEDESKTOP", ("keyring.backends.SecretService:Keyring",))
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")


@pytest.mark.usefixtures("no_kwallet")
@pytest.mark.skipif(sys.platform != "linux", reason="D-Bus is Linux's")
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "address",
    [None, "", "nonsense", "unix:path=/nonexistent/bus", "tcp:host=localhost,port=1", "unix:x=y"],
)
async def test_without_a_bus_there_is_no_keyring(
    monkeypatch: pytest.MonkeyPatch, address: str | None, operation: str
) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    if address is not None:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    with pytest.raises(SessionBusMissing) as caught:
        await OPERATIONS[operation](VaultKeystore(open_vault, timeout=5))
    assert caught.value.address == (address or "")


@pytest.mark.usefixtures("no_kwallet")
@pytest.mark.skipif(sys.platform != "linux", reason="D-Bus is Linux's")
@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, "isn't set, as in cron jobs, containers and some SSH sessions."),
        ({"SUDO_USER": "dana"}, "because you use sudo. Run XDR Login as yourself (dana)."),
        (
            {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent/bus"},
            "nothing is listening at “unix:path=/nonexistent/bus”. Correct",
        ),
        ({"XDG_RUNTIME_DIR": "{bus}"}, "Set it to unix:path={bus}/bus, then start"),
        (
            {"XDG_RUNTIME_DIR": "{bus}", "DBUS_SESSION_BUS_ADDRESS": "nonsense"},
            "“nonsense”. Set DBUS_SESSION_BUS_ADDRESS=unix:path={bus}/bus, then",
        ),
    ],
)
def test_a_missing_session_bus_is_named_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str], words: str
) -> None:
    for name in ("DBUS_SESSION_BUS_ADDRESS", "SUDO_USER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "nothing"))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "bus"))
        for name, value in variables.items():
            monkeypatch.setenv(name, value.format(bus=tmp_path))
        with pytest.raises(SessionBusMissing) as caught:
            open_vault()
    advice = advice_for(caught.value, surface=Surface.TERMINAL)
    assert advice.title == "No keyring found"
    assert words.format(bus=tmp_path) in advice.help


@pytest.mark.usefixtures("no_kwallet")
@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_bus_without_a_secret_service_has_no_keyring(
    bare_bus: Bus, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bare_bus.address)
    with pytest.raises(KeyringMissing, match="Secret Service daemon is neither") as caught:
        await OPERATIONS[operation](VaultKeystore(open_vault, timeout=5))
    assert type(caught.value) is KeyringMissing, "the bus is there"


async def test_a_configured_backend_without_its_service_is_no_keyring(bare_bus: Bus) -> None:
    with use_keyring_of(bare_bus), pytest.raises(KeyringMissing, match="configured keyring: "):
        await VaultKeystore(open_vault, timeout=5).load("northwind")


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_locked_collection_is_reported_as_locked(
    real_keyring: SecretStore, operation: str
) -> None:
    keystore = VaultKeystore(open_vault, timeout=5)
    await keystore.save("northwind", "value")
    real_keyring.lock()
    with pytest.raises(KeyringLocked):
        await OPERATIONS[operation](keystore)


@pytest.mark.usefixtures("no_kwallet")
@pytest.mark.skipif(sys.platform != "linux", reason="D-Bus is Linux's")
async def test_a_bus_that_never_answers_does_not_block(
    monkeypatch: pytest.MonkeyPatch, own_folders: Path
) -> None:
    path = str(own_folders / "mute")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={path}")
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(path)
        mute.listen()
        began = time.monotonic()
        with pytest.raises(KeyringTimedOut):
            await VaultKeystore(open_vault, timeout=0.05).load("northwind")
        assert time.monotonic() - began < 2


@pytest.mark.usefixtures("no_kwallet")
async def test_a_keyring_that_comes_back_is_used(
    secret_service: SecretStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    keystore = VaultKeystore(open_vault)
    monkeypatch.setitem(os.environ, "DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    with pytest.raises(KeyringMissing):
        await keystore.save("northwind", "value")
    monkeypatch.setitem(os.environ, "DBUS_SESSION_BUS_ADDRESS", secret_service.address)
    await keystore.save("northwind", "value")
    assert await asyncio.wait_for(keystore.load("northwind"), 5) == "value"


class Vanishing(KeyringBackend):
    """What another program has removed after it was found here."""

    priority = 1
    reads = 0

    def get_password(self, *_: str) -> str | None:
        self.reads += 1
        if self.reads > 1:
            return "found"
        raise ItemNotFoundException("Item does not exist!")

    def set_password(self, *_: str) -> None:
        raise NotImplementedError

    def delete_password(self, *_: str) -> None:
        raise ItemNotFoundException("Item does not exist!")


class ItemNotFoundException(Exception):
    """The exception of the library of the Secret Service, by its name."""


def test_an_entry_that_another_program_has_removed_is_missing() -> None:
    vault = KeyringVault(Vanishing(), longest=None)  # type: ignore[no-untyped-call]
    assert vault.get("x") is None
    vault.remove("x")

"""A real keyring, gnome-keyring, on its own D-Bus."""

import contextlib
import os
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import keyring
import pytest

from tests.rigs import requirements
from tests.rigs.memory import folder_in_memory
from tests.rigs.process import Program, ProgramEnded, RigError, run_program, wait_until

if TYPE_CHECKING:  # only on Linux
    from jeepney.io.blocking import DBusConnection

KEYRING_BACKEND = "keyring.backends.SecretService.Keyring"
LOGIN_PASSWORD = b"correct horse battery staple"

# Without service folders, the bus starts no other services.
BUS_CONFIGURATION = """<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


@dataclass(frozen=True, slots=True)
class Bus:
    """A D-Bus session bus in its own folder."""

    folder: Path

    @property
    def address(self) -> str:
        """Return the value for DBUS_SESSION_BUS_ADDRESS."""
        return f"unix:path={self.folder}/bus"

    @property
    def environment(self) -> dict[str, str]:
        """Return an environment in which children use this bus and its keyring."""
        return dict(os.environ) | self.changes

    @property
    def changes(self) -> dict[str, str]:
        """Return the changed variables of `environment`: bus and keyring backend."""
        return {
            "DBUS_SESSION_BUS_ADDRESS": self.address,
            "PYTHON_KEYRING_BACKEND": KEYRING_BACKEND,
        }


@dataclass(frozen=True, slots=True)
class SecretStore(Bus):
    """A bus with an unlocked, empty gnome-keyring on it."""

    def lock(self) -> None:
        """Lock the store, as a desktop does; nobody answers the prompt to unlock it."""
        import secretstorage

        with self.connection() as connection:
            secretstorage.get_default_collection(connection).lock()

    def entries(self) -> dict[str, str]:
        """Read all entries, label to value, without the backend under test."""
        import secretstorage

        with self.connection() as connection:
            items = secretstorage.get_default_collection(connection).get_all_items()
            return {item.get_label(): item.get_secret().decode() for item in items}

    @contextlib.contextmanager
    def connection(self) -> Iterator["DBusConnection"]:
        """Open a new D-Bus connection."""
        from jeepney.io.blocking import open_dbus_connection

        with open_dbus_connection(self.address) as connection:
            yield connection


@pytest.fixture
def secret_service() -> Iterator[SecretStore]:
    """Run an unlocked, empty gnome-keyring; children use it with `environment`."""
    requirements.require_linux("secret_service")
    requirements.require("secret_service", "dbus-daemon", "gnome-keyring-daemon")
    with run_bus() as bus, run_keyring(bus) as store:
        yield store


@pytest.fixture
def bare_bus() -> Iterator[Bus]:
    """Run a session bus without a keyring."""
    requirements.require_linux("secret_service")
    requirements.require("secret_service", "dbus-daemon")
    with run_bus() as bus:
        yield bus


@pytest.fixture
def real_keyring(secret_service: SecretStore) -> Iterator[SecretStore]:
    """Let `keyring` in this process use the real store during the test."""
    with use_keyring_of(secret_service):
        yield secret_service


@contextlib.contextmanager
def use_keyring_of(bus: Bus) -> Iterator[None]:
    """Let `keyring` in this process use the bus until the end of the block."""
    from keyring.backends import SecretService

    before = keyring.get_keyring()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in bus.changes.items():
            patch.setenv(name, value)
        keyring.set_keyring(SecretService.Keyring())  # type: ignore[no-untyped-call]
        try:
            yield
        finally:
            keyring.set_keyring(before)


@contextlib.contextmanager
def run_bus() -> Iterator[Bus]:
    """Run dbus-daemon; usable outside pytest too."""
    with tempfile.TemporaryDirectory(prefix="bus-", dir=folder_in_memory()) as folder:
        bus = Bus(Path(folder))
        configuration = bus.folder / "bus.conf"
        configuration.write_text(BUS_CONFIGURATION.format(socket=bus.folder / "bus"))
        command = ["dbus-daemon", "--nofork", f"--config-file={configuration}"]
        with run_program(command, os.environ) as daemon:
            wait_until(lambda: _is_listening(bus), "dbus-daemon's socket", daemon)
            yield bus


@contextlib.contextmanager
def run_keyring(bus: Bus) -> Iterator[SecretStore]:
    """Run gnome-keyring on the bus with a store of its own, unlocked.

    One that ends before it is of use is started once more; one that ends later is an error.
    """
    store = SecretStore(bus.folder)
    with contextlib.ExitStack() as stack:
        try:
            daemon = start_keyring(store, stack)
        except ProgramEnded:
            daemon = start_keyring(store, stack)
        yield store
        if daemon.has_ended():
            raise RigError(f"gnome-keyring ended during the test\n{daemon.read_output()[-2000:]}")


def start_keyring(store: SecretStore, stack: contextlib.ExitStack) -> Program:
    own = {name: str(store.folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR")}
    # The keyring ends with the system bus and the session of the user who runs the tests.
    own["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={store.folder}/no-system-bus"
    environment = store.environment | own
    environment.pop("XDG_SESSION_ID", None)
    command = ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"]
    daemon = stack.enter_context(run_program(command, environment, typed=LOGIN_PASSWORD))
    wait_until(lambda: _is_unlocked(store), "gnome-keyring's store", daemon)
    return daemon


def _is_listening(bus: Bus) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(f"{bus.folder}/bus") == 0


def _is_unlocked(store: SecretStore) -> bool:
    import secretstorage

    with store.connection() as connection:
        if not _has_owner(connection):
            return False
        try:
            collection = secretstorage.get_default_collection(connection)
        except (
            secretstorage.exceptions.PromptDismissedException,  # no store yet
            secretstorage.exceptions.SecretServiceNotAvailableException,  # just ended
        ):
            return False
        return not collection.is_locked()


def _has_owner(connection: "DBusConnection") -> bool:
    import jeepney

    names = jeepney.DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus")
    call = jeepney.new_method_call(names, "NameHasOwner", "s", ("org.freedesktop.secrets",))
    return bool(connection.send_and_get_reply(call).body[0])

"""The operating system's keyring as a `Vault`, through the keyring library."""

import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TypeVar

import keyring.core
import keyring.util.platform_
from keyring.backend import KeyringBackend
from keyring.errors import InitError
from keyring.errors import KeyringLocked as LockedByBackend

from desktop.services.secrets.keystore import (
    KeyringFault,
    KeyringLocked,
    KeyringMissing,
    KeyringReplaced,
    SessionBusMissing,
)
from desktop.services.system.translation import translate

SERVICE = "XDR Login"

# Tried in this order. Named instead of found by entry points: quicker, and frozen builds have none.
_BACKENDS = {
    "win32": ("keyring.backends.Windows:WinVaultKeyring",),
    "darwin": ("keyring.backends.macOS:Keyring",),
}
_FREEDESKTOP = ("keyring.backends.SecretService:Keyring", "keyring.backends.kwallet:DBusKeyring")

_KEYRINGS = {
    "keyring.backends.Windows",
    "keyring.backends.macOS",
    "keyring.backends.SecretService",
    "keyring.backends.kwallet",
    "keyring.backends.libsecret",
}

# CRED_MAX_CREDENTIAL_BLOB_SIZE is 2,560 bytes; keyring writes UTF-16, so 1,280 characters.
_MAX_LENGTH_ON_WINDOWS = 1200

Result = TypeVar("Result")


def open_vault() -> "KeyringVault":
    """Open the keyring of this system; raises `KeyringMissing` rather than fall back to a file."""
    backend = choose_backend()
    if type(backend).__module__ == "keyring.backends.SecretService":
        from desktop.services.secrets.secret_service import ConnectedKeyring  # needs Linux

        backend = ConnectedKeyring()
    # Windows would let the entry roam to other machines of the domain.
    if hasattr(backend, "persist"):
        backend.persist = "local machine"
    longest = _MAX_LENGTH_ON_WINDOWS if type(backend).__module__.endswith(".Windows") else None
    return KeyringVault(backend, longest=longest)


def choose_backend() -> KeyringBackend:
    """Choose what the user configured for the keyring library, else the first that works here.

    Raises `KeyringMissing`, or the kind of it that names the cause.
    """
    if (configured := _configured_backend()) is not None:
        return configured
    reasons = []
    for name in _BACKENDS.get(sys.platform, _FREEDESKTOP):
        module, _, kind = name.partition(":")
        try:
            backend: type[KeyringBackend] = getattr(import_module(module), kind)
            if backend.priority > 0:
                return backend()
        # `priority` raises RuntimeError, with the reason, where the backend cannot work. Other
        # errors come through it too: FileNotFoundError where the bus is gone.
        except Exception as error:  # noqa: BLE001 - raised if no other backend works either
            reasons.append(f"{name}: {_error_text(error)}")
    raise _missing("; ".join(reasons))


def _configured_backend() -> KeyringBackend | None:
    line = os.environ.get("PYTHON_KEYRING_BACKEND", "")
    file = "" if line else str(keyring.util.platform_.config_root() / "keyringrc.cfg")
    if file and Path(file).exists() and not Path(file).is_file():  # reading a pipe would wait
        raise KeyringReplaced(translate("not a regular file"), file=file)
    try:
        configured = keyring.core.load_env() or keyring.core.load_config()
    except Exception as error:
        reason, _, _where = _error_text(error).partition("\n")
        detail = f"configured keyring: {reason}"
        if line.rpartition(".")[0] in _KEYRINGS:
            raise _missing(detail) from error
        chosen = f"PYTHON_KEYRING_BACKEND={line}" if line else ""
        raise KeyringReplaced(detail, line=chosen, file=file) from error
    # A PlaintextKeyring or a chainer would silently write tokens to a file.
    if configured is None or type(configured).__module__ in _KEYRINGS:
        return configured
    kind = type(configured)
    name = f"{kind.__module__}.{kind.__qualname__}"
    raise KeyringReplaced(
        f"{name} is not a system keyring",
        line=f"PYTHON_KEYRING_BACKEND={line}" if line else f"default-keyring={name}",
        file=file,
    )


def _missing(detail: str) -> KeyringMissing:
    """Name the session bus if that is what is missing. Blocks while it connects."""
    if sys.platform in _BACKENDS:
        return KeyringMissing(detail)
    address = os.environ.get("DBUS_SESSION_BUS_ADDRESS", "")
    if address and _is_bus(address):
        return KeyringMissing(detail)
    folder = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    usual = f"unix:path={folder}/bus"
    is_there = usual != address and Path(folder, "bus").is_socket()
    return SessionBusMissing(
        detail,
        address=address,
        usual_address=usual if is_there else "",
        sudo_user="" if address else os.environ.get("SUDO_USER", ""),
    )


def _is_bus(address: str) -> bool:
    from jeepney.io.blocking import open_dbus_connection

    try:
        open_dbus_connection(address).close()
    # The address may be invalid, of an unknown kind, or of a socket that is gone.
    except (OSError, KeyError, ValueError, RuntimeError):
        return False
    return True


class KeyringVault:
    """Entries of one keyring backend. Raises `KeystoreError` only.

    Every entry has its own service name: the Windows backend moves entries when two of them share
    one, which would break the order of writes.
    """

    def __init__(self, backend: KeyringBackend, *, longest: int | None) -> None:
        self._backend = backend
        self.longest = longest

    def get(self, entry: str) -> str | None:
        """Read the text of `entry`, or `None`."""
        return _call_backend(
            lambda: _unless_gone(lambda: self._backend.get_password(_service_name(entry), entry))
        )

    def set(self, entry: str, text: str) -> None:
        _call_backend(lambda: self._backend.set_password(_service_name(entry), entry, text))

    def remove(self, entry: str) -> None:
        if self.get(entry) is None:
            return
        _call_backend(
            lambda: _unless_gone(lambda: self._backend.delete_password(_service_name(entry), entry))
        )


def _service_name(entry: str) -> str:
    return f"{SERVICE}: {entry}"


def _unless_gone(call: Callable[[], Result]) -> Result | None:
    """Return `None` where another process has removed the entry after it was found."""
    try:
        return call()
    except Exception as error:
        # Compared by name: its module exists on Linux only.
        if type(error).__name__ != "ItemNotFoundException":
            raise
        return None


def _call_backend(call: Callable[[], Result]) -> Result:
    try:
        return call()
    except LockedByBackend as error:
        raise KeyringLocked(str(error)) from error
    except InitError as error:
        raise KeyringMissing(str(error)) from error
    except Exception as error:
        # Backends raise anything: pywintypes.error 1783 for a value that is too long, D-Bus errors
        # of two libraries, OSError. The cause is kept.
        raise KeyringFault(_error_text(error)) from error


def _error_text(error: Exception) -> str:
    return str(error) or type(error).__name__

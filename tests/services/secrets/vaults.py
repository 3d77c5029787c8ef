"""Models of keyrings, made of single steps at which a test can simulate a crash."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import pytest
from keyring.backend import KeyringBackend
from keyring.backends import Windows
from keyring.errors import PasswordDeleteError

from desktop.services.secrets.keyring_vault import KeyringVault
from desktop.services.secrets.keystore import Vault

LONGEST_BLOB = 2560  # CRED_MAX_CREDENTIAL_BLOB_SIZE


class Crash(BaseException):
    """A simulated crash, which no exception handler of the code under test catches."""


@dataclass
class Steps:
    """Counts the steps of a model, and crashes before the one numbered `fatal`."""

    taken: int = 0
    fatal: int | None = None
    error: type[BaseException] = Crash

    def take(self) -> None:
        """Do one step."""
        if self.taken == self.fatal:
            raise self.error("here")
        self.taken += 1

    @contextmanager
    def crash_before(self, number: int, error: type[BaseException] = Crash) -> Iterator[None]:
        """Crash before step `number` of what runs inside, counted from 0."""
        self.taken, self.fatal, self.error = 0, number, error
        try:
            yield
        finally:
            self.fatal = None


class Model(Protocol):
    """A vault made of steps, and what is in it."""

    steps: Steps
    kept: dict[str, Any]
    vault: Vault


class PlainModel:
    """Single entries of any length, each replaced in one step: the Secret Service as we use it."""

    longest: int | None = None

    def __init__(self) -> None:
        self.steps = Steps()
        self.kept: dict[str, str] = {}
        self.vault: Vault = self

    def get(self, entry: str) -> str | None:
        self.steps.take()
        return self.kept.get(entry)

    def set(self, entry: str, text: str) -> None:
        self.steps.take()
        self.kept[entry] = text

    def remove(self, entry: str) -> None:
        self.steps.take()
        self.kept.pop(entry, None)


class MacModel(KeyringBackend):
    """macOS as keyring uses it: an item is replaced by deleting it and adding another."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.steps = Steps()
        self.kept: dict[str, str] = {}
        self.vault: Vault = KeyringVault(self, longest=None)

    def get_password(self, service: str, username: str) -> str | None:
        self.steps.take()
        return self.kept.get(f"{username}@{service}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self.steps.take()
        self.kept.pop(f"{username}@{service}", None)
        self.steps.take()
        self.kept[f"{username}@{service}"] = password

    def delete_password(self, service: str, username: str) -> None:
        self.steps.take()
        if self.kept.pop(f"{username}@{service}", None) is None:
            raise PasswordDeleteError(service)


class WindowsError(Exception):
    """pywintypes.error: no exception of keyring's, with the members that keyring reads."""

    def __init__(self, winerror: int, funcname: str, strerror: str) -> None:
        super().__init__(winerror, funcname, strerror)
        self.winerror = winerror
        self.funcname = funcname


@dataclass
class CredentialManager:
    """win32cred as far as keyring uses it: names without case, blobs of at most 2,560 bytes."""

    steps: Steps = field(default_factory=Steps)
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    error = WindowsError  # as a module, pywintypes has nothing else that keyring needs

    CRED_TYPE_GENERIC = 1
    CRED_PERSIST_SESSION = 1
    CRED_PERSIST_LOCAL_MACHINE = 2
    CRED_PERSIST_ENTERPRISE = 3

    def CredRead(self, Type: int, TargetName: str) -> dict[str, Any]:  # noqa: N803 - its own names
        assert Type == self.CRED_TYPE_GENERIC
        self.steps.take()
        if TargetName.casefold() not in self.kept:
            raise WindowsError(1168, "CredRead", "Element not found.")
        return dict(self.kept[TargetName.casefold()])

    def CredWrite(self, credential: dict[str, Any], flags: int) -> None:
        assert flags == 0
        self.steps.take()
        blob = credential["CredentialBlob"].encode("utf-16-le")
        if len(blob) > LONGEST_BLOB:
            raise WindowsError(1783, "CredWrite", "The stub received bad data.")
        self.kept[credential["TargetName"].casefold()] = {**credential, "CredentialBlob": blob}

    def CredDelete(self, Type: int, TargetName: str) -> None:  # noqa: N803 - its own names
        assert Type == self.CRED_TYPE_GENERIC
        self.steps.take()
        if self.kept.pop(TargetName.casefold(), None) is None:
            raise WindowsError(1168, "CredDelete", "Element not found.")


class WindowsModel(CredentialManager):
    """keyring's own Windows backend over a model of the Credential Manager."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        super().__init__()
        patch.setattr(Windows, "win32cred", self, raising=False)
        patch.setattr(Windows, "pywintypes", self, raising=False)
        patch.setattr(Windows, "missing_deps", None)
        self.vault: Vault = KeyringVault(
            Windows.WinVaultKeyring(),  # type: ignore[no-untyped-call]
            longest=1200,
        )


MODELS = ("plain", "mac", "windows")


@contextmanager
def made_model(name: str) -> Iterator[Model]:
    """Make the model of this name."""
    with pytest.MonkeyPatch.context() as patch:
        if name == "windows":
            yield WindowsModel(patch)
        else:
            yield MacModel() if name == "mac" else PlainModel()

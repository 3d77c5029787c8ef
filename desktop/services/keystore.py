"""Where secrets rest: one text value a key, in the operating system's keyring.

Windows holds 2,560 bytes an entry and a token set may have 8 KiB, so a value can be split over
numbered entries. There are two slots, `a` and `b`. A write fills the slot that is not in use and
only then points the index at it, so that a crash at any point leaves the old value or the new one,
never half of either. A single entry needs none of this: it holds the value itself.
"""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from desktop.services.background import Result, Worker


class KeystoreError(Exception):
    """The root of what can go wrong with the keyring; `detail` is for logs and details."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail


class KeyringMissing(KeystoreError):
    """This computer has no usable keyring."""


class KeyringLocked(KeystoreError):
    """The keyring is locked and was not unlocked."""


class KeyringSilent(KeystoreError):
    """The keyring does not answer: most likely it waits for somebody to unlock it."""


class KeyringFault(KeystoreError):
    """The keyring refused or broke off."""


class Keystore(Protocol):
    """Load, save and delete one text value a key. Each raises `KeystoreError`."""

    async def load(self, key: str) -> str | None:
        """The value, or `None` where there is none or only a damaged one."""

    async def save(self, key: str, value: str) -> None:
        """Replace the value."""

    async def delete(self, key: str) -> None:
        """Remove the value; nothing happens where there is none."""


class Vault(Protocol):
    """Single entries, blocking: what a platform's keyring really offers.

    `longest` is how many characters one entry holds, `None` where that does not matter.
    """

    longest: int | None

    def get(self, entry: str) -> str | None:
        """The text of `entry`, or `None`."""

    def set(self, entry: str, text: str) -> None:
        """Replace the text of `entry`."""

    def remove(self, entry: str) -> None:
        """Remove `entry`; nothing happens where there is none."""


class MemoryKeystore:
    """The twin without a keyring: for this program's lifetime only."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    async def load(self, key: str) -> str | None:
        """The value, or `None`."""
        return self._values.get(key)

    async def save(self, key: str, value: str) -> None:
        """Replace the value."""
        self._values[key] = value

    async def delete(self, key: str) -> None:
        """Remove the value; nothing happens where there is none."""
        self._values.pop(key, None)


class VaultKeystore:
    """A `Vault` behind a thread, one operation at a time, each at most `patience` seconds.

    Unlocking a keyring asks a person and blocks: that must never hold the event loop.
    """

    def __init__(self, open_vault: Callable[[], Vault], *, patience: float = 20.0) -> None:
        self._open_vault = open_vault
        self._patience = patience
        self._vault: Vault | None = None
        self._worker = Worker("keyring")

    async def load(self, key: str) -> str | None:
        """The value, or `None` where there is none or only a damaged one."""
        return await self._run(lambda vault: load_value(vault, key))

    async def save(self, key: str, value: str) -> None:
        """Replace the value; a crash leaves the old or the new one."""
        await self._run(lambda vault: save_value(vault, key, value))

    async def delete(self, key: str) -> None:
        """Remove the value and whatever a crash has left of others."""
        await self._run(lambda vault: delete_value(vault, key))

    async def _run(self, work: Callable[[Vault], Result]) -> Result:
        try:
            async with asyncio.timeout(self._patience):
                return await self._worker.run(lambda: work(self._opened()))
        except TimeoutError as error:
            raise KeyringSilent from error

    def _opened(self) -> Vault:
        if self._vault is None:
            self._vault = self._open_vault()
        return self._vault


def save_value(vault: Vault, key: str, value: str) -> None:
    """Write `value` under `key`: the parts first, the index last, then what is left over."""
    old = _Index.parse(vault.get(key))
    if vault.longest is None:
        vault.set(key, _INLINE + value)
        new_slot = None
    else:
        new_slot = "b" if old.slot == "a" else "a"
        _remove_parts(vault, key, new_slot)
        _write_parts(vault, key, new_slot, value, vault.longest)
    if old.slot is not None and old.slot != new_slot:
        _remove_parts(vault, key, old.slot)


def load_value(vault: Vault, key: str) -> str | None:
    """The value under `key`; `None` where there is none, or where it is not what was written."""
    text = vault.get(key)
    if text is not None and text.startswith(_INLINE):
        return text.removeprefix(_INLINE)
    index = _Index.parse(text)
    if index.slot is None:
        return None
    parts = [vault.get(_part(key, index.slot, n)) or "" for n in range(1, index.count + 1)]
    value = "".join(parts)
    return value if _digest(value) == index.digest else None


def delete_value(vault: Vault, key: str) -> None:
    """Remove the index first, so that no half value can be read, then the parts of both slots."""
    vault.remove(key)
    for slot in _SLOTS:
        _remove_parts(vault, key, slot)


_INLINE = "value "
_SLOTS = ("a", "b")


@dataclass(frozen=True, slots=True)
class _Index:
    """Where the parts are: `parts SLOT COUNT SHA-256`. Without a slot there are none."""

    slot: str | None = None
    count: int = 0
    digest: str = ""

    @classmethod
    def parse(cls, text: str | None) -> "_Index":
        match (text or "").split(" "):
            case ["parts", slot, count, digest] if slot in _SLOTS and count.isdecimal():
                return cls(slot, min(int(count), _MOST_PARTS), digest)
        return cls()


_MOST_PARTS = 64


def _write_parts(vault: Vault, key: str, slot: str, value: str, longest: int) -> None:
    pieces = [value[start : start + longest] for start in range(0, len(value), longest)]
    if len(pieces) > _MOST_PARTS:
        raise KeyringFault(f"{len(value)} characters are too many")
    for number, piece in enumerate(pieces, start=1):
        vault.set(_part(key, slot, number), piece)
    vault.set(key, f"parts {slot} {len(pieces)} {_digest(value)}")


def _remove_parts(vault: Vault, key: str, slot: str) -> None:
    # Parts are written upwards and removed downwards, so that what a crash leaves has no gap and
    # counting up to the first missing one finds all of it.
    count = 0
    while count < _MOST_PARTS and vault.get(_part(key, slot, count + 1)) is not None:
        count += 1
    for number in range(count, 0, -1):
        vault.remove(_part(key, slot, number))


def _part(key: str, slot: str, number: int) -> str:
    return f"{key} ({slot}{number})"


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()

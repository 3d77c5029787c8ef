"""The store of secrets: one text value for each key, in the operating system's keyring.

An entry on Windows holds 2,560 bytes and a token set may have 8 KiB, so a value can be split into
numbered entries. There are two slots, `a` and `b`, each with a head: the generation of the value,
the number of further parts, a digest, and the beginning of the value. A write fills the slot that
is not in use, its head last, and then empties the other, so that a crash at any point leaves the
old value or the new one, never half of either. No entry is ever overwritten: macOS would remove it
first, and Windows would keep a copy of the old text.
"""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import field
from typing import Protocol

from desktop.frozen import frozen
from desktop.services.system.translation import translate_plural
from desktop.services.system.worker import Result, Worker


class KeystoreError(Exception):
    """The base of all errors of the keyring; `detail` is for logs and reports."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail


class KeyringMissing(KeystoreError):
    """This computer has no usable keyring."""


class KeyringReplaced(KeyringMissing):
    """The configuration of the keyring library chooses a keyring other than the system's.

    `line` chooses it, in `file` or, without one, in the environment.
    """

    def __init__(self, detail: str = "", *, line: str = "", file: str = "") -> None:
        super().__init__(detail)
        self.line = line
        self.file = file


class SessionBusMissing(KeyringMissing):
    """The D-Bus session, through which Linux reaches a keyring, is not there.

    Nothing answers at `address`, or it is empty. `usual_address` is one where there is a bus, and
    `sudo_user` has one.
    """

    def __init__(
        self, detail: str = "", *, address: str = "", usual_address: str = "", sudo_user: str = ""
    ) -> None:
        super().__init__(detail)
        self.address = address
        self.usual_address = usual_address
        self.sudo_user = sudo_user


class KeyringLocked(KeystoreError):
    """The keyring is locked and was not unlocked."""


class KeyringTimedOut(KeystoreError):
    """The keyring does not answer: most likely it waits to be unlocked."""


class KeyringFault(KeystoreError):
    """The keyring reported an error."""


class SaveNotRecorded(KeystoreError):
    """The keyring holds the value, but nobody will look for it there; `detail` says why."""


class Keystore(Protocol):
    """Text values by key. Each method raises `KeystoreError`."""

    async def load(self, key: str) -> str | None:
        """Load the value, or `None` where there is none or only a damaged one."""

    async def save(self, key: str, value: str) -> None:
        """Replace the value."""

    async def delete(self, key: str) -> None:
        """Remove the value if there is one."""


class Vault(Protocol):
    """The entries of a platform's keyring. Each method blocks.

    `longest` is how many characters an entry holds, `None` for no limit.
    """

    longest: int | None

    def get(self, entry: str) -> str | None:
        """Read the text of `entry`, or `None`."""

    def set(self, entry: str, text: str) -> None:
        """Replace the text of `entry`."""

    def remove(self, entry: str) -> None:
        """Remove `entry` if there is one."""


class MemoryKeystore:
    """A keystore in memory, which is lost when the process ends."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    async def load(self, key: str) -> str | None:
        return self._values.get(key)

    async def save(self, key: str, value: str) -> None:
        self._values[key] = value

    async def delete(self, key: str) -> None:
        self._values.pop(key, None)


class VaultKeystore:
    """A `Vault` in a thread of its own, where each operation takes at most `timeout` seconds.

    A keyring that waits to be unlocked blocks, and must not hold up the event loop.
    """

    def __init__(self, open_vault: Callable[[], Vault], *, timeout: float = 20.0) -> None:
        self._open_vault = open_vault
        self._timeout = timeout
        self._vault: Vault | None = None
        self._worker = Worker("keyring")

    async def load(self, key: str) -> str | None:
        return await self._run(lambda vault: load_value(vault, key))

    async def save(self, key: str, value: str) -> None:
        """Replace the value; a crash leaves the old or the new one."""
        try:
            await self._run(lambda vault: save_value(vault, key, value))
        except KeyringTimedOut:
            # The user is told that it was not saved, so it is deleted if it is saved later.
            self._worker.submit(lambda: delete_value(self._open(), key))
            raise

    async def delete(self, key: str) -> None:
        """Remove the value and what a crash may have left of others."""
        # Not canceled at the timeout: it still runs after what the keyring is doing now.
        removal = asyncio.wrap_future(self._worker.submit(lambda: delete_value(self._open(), key)))
        removal.add_done_callback(lambda done: done.cancelled() or done.exception())
        done, _ = await asyncio.wait({removal}, timeout=self._timeout)
        if not done:
            raise KeyringTimedOut
        removal.result()

    async def _run(self, work: Callable[[Vault], Result]) -> Result:
        try:
            async with asyncio.timeout(self._timeout):
                return await self._worker.run(lambda: work(self._open()))
        except TimeoutError as error:
            raise KeyringTimedOut from error

    def _open(self) -> Vault:
        if self._vault is None:
            self._vault = self._open_vault()
        return self._vault


def save_value(vault: Vault, key: str, value: str) -> None:
    """Write `value` under `key` into the slot that is not in use, then empty the other one."""
    first, *parts = _split(value, vault.longest)
    heads = _read_heads(vault, key)
    slot, generation = (heads[0].other_slot, heads[0].next_generation) if heads else ("a", 1)
    head = _Head(slot, generation, len(parts), _digest(value), first)
    _clear_slot(vault, key, slot)
    for number, part in enumerate(parts, start=1):
        vault.set(_part_name(key, slot, number), part)
    vault.set(_entry_name(key, slot), head.text())
    _clear_slot(vault, key, head.other_slot)


def load_value(vault: Vault, key: str) -> str | None:
    """Load the value under `key`; `None` where there is none or only a damaged one.

    Reads a second time if it finds nothing: another process may save into the slot that was already
    read, and empty the other one before that is read.
    """
    found = _load_once(vault, key)
    return _load_once(vault, key) if found is None else found


def _load_once(vault: Vault, key: str) -> str | None:
    for head in _read_heads(vault, key):
        numbers = range(1, head.parts + 1)
        value = head.first + "".join(
            vault.get(_part_name(key, head.slot, n)) or "" for n in numbers
        )
        if _digest(value) == head.digest:
            return value
    return None


def delete_value(vault: Vault, key: str) -> None:
    """Remove everything under `key`, the older value first, so that it is never read again."""
    heads = _read_heads(vault, key)
    slots = [head.slot for head in reversed(heads)]
    for slot in dict.fromkeys([*slots, *_SLOTS]):
        _clear_slot(vault, key, slot)


_SLOTS = ("a", "b")
_MAX_PARTS = 64
_GENERATIONS = 10**15  # counted modulo this, since a head has room for 15 digits
_MAX_HEADER_LENGTH = 100  # characters of a head before the value begins


@frozen
class _Head:
    """The head of a slot: `GENERATION PARTS SHA-256 BEGINNING`. The next generation is newer."""

    slot: str
    generation: int
    parts: int
    digest: str
    first: str = field(repr=False)

    @property
    def other_slot(self) -> str:
        return "b" if self.slot == "a" else "a"

    @property
    def next_generation(self) -> int:
        return (self.generation + 1) % _GENERATIONS

    def is_newer_than(self, other: "_Head") -> bool:
        """Whether it is less than half of all generations ahead (RFC 1982 section 3.2)."""
        return 0 < (self.generation - other.generation) % _GENERATIONS < _GENERATIONS // 2

    def text(self) -> str:
        return f"{self.generation} {self.parts} {self.digest} {self.first}"

    @classmethod
    def parse(cls, slot: str, text: str | None) -> "_Head | None":
        match (text or "").split(" ", 3):
            case [generation, parts, digest, first] if _is_number(generation) and _is_number(parts):
                return cls(slot, int(generation), min(int(parts), _MAX_PARTS), digest, first)
        return None


def _read_heads(vault: Vault, key: str) -> list[_Head]:
    """Read the heads, the newest first."""
    found = (_Head.parse(slot, vault.get(_entry_name(key, slot))) for slot in _SLOTS)
    heads = [head for head in found if head is not None]
    if len(heads) > 1 and heads[1].is_newer_than(heads[0]):
        heads.reverse()
    return heads


def _split(value: str, longest: int | None) -> list[str]:
    """Split `value` into pieces; the first leaves room for a head."""
    if longest is None:
        return [value]
    room = longest - _MAX_HEADER_LENGTH
    pieces = [value[n : n + longest] for n in range(room, len(value), longest)]
    if len(pieces) > _MAX_PARTS:
        raise KeyringFault(
            translate_plural(
                "{count} character is too much for the keyring",
                "{count} characters are too many for the keyring",
                len(value),
            )
        )
    return [value[:room], *pieces]


def _clear_slot(vault: Vault, key: str, slot: str) -> None:
    # The head first, so that no half value is read. Parts are written upwards and removed
    # downwards: what a crash leaves has no gap, so counting up to the first missing one finds all.
    vault.remove(_entry_name(key, slot))
    if vault.longest is None:
        return  # without a limit there are no parts
    count = 0
    while count < _MAX_PARTS and vault.get(_part_name(key, slot, count + 1)) is not None:
        count += 1
    for number in range(count, 0, -1):
        vault.remove(_part_name(key, slot, number))


def _entry_name(key: str, slot: str) -> str:
    return f"{key} ({slot})"


def _part_name(key: str, slot: str, number: int) -> str:
    return f"{key} ({slot}{number})"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 15


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()

"""A keystore that notes in an empty file under which keys it has saved something.

Where nothing was saved, nothing is asked of the keyring: no prompt to unlock it for an empty look,
and the first code is on screen earlier, by the time that loading and asking a keyring takes.
"""

import logging
from pathlib import Path

from desktop.services.secrets.keystore import KeyringMissing, Keystore, KeystoreError

_log = logging.getLogger(__name__)


class IndexedKeystore:
    """`inner`, asked only where a note in `folder` says that there is something to find."""

    def __init__(self, inner: Keystore, folder: Path) -> None:
        self._inner = inner
        self._folder = folder
        self._saved: set[str] = set()  # in this run: the folder may not be one to write into

    async def load(self, key: str) -> str | None:
        """The value, or `None`; raises `KeystoreError`."""
        return await self._inner.load(key) if self._is_indexed(key) else None

    async def save(self, key: str, value: str) -> None:
        """Replace the value; raises `KeystoreError`."""
        # The note comes first: one without a value costs a look, a value without one is lost.
        self._write_marker(key)
        try:
            await self._inner.save(key, value)
        except KeystoreError:
            # What is still there is outdated: a refresh token that was replaced must not be found.
            self._remove_marker(key)
            raise
        self._saved.add(key)

    async def delete(self, key: str) -> None:
        """Remove the value; raises `KeystoreError`."""
        try:
            await self._inner.delete(key)
        except KeyringMissing:
            if self._is_indexed(key):
                raise  # it held something once, and may again
        self._remove_marker(key)

    def _is_indexed(self, key: str) -> bool:
        if key in self._saved:
            return True
        try:
            return self._marker(key).exists()
        except OSError:
            return True  # a folder that cannot be read may hold it: better a look too many

    def _write_marker(self, key: str) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._marker(key).touch()
        except OSError as error:
            _log.warning("what is saved will not be found again: %s", error)

    def _remove_marker(self, key: str) -> None:
        self._saved.discard(key)
        try:
            self._marker(key).unlink(missing_ok=True)
        except OSError as error:
            _log.warning("a note cannot be removed: %s", error)

    def _marker(self, key: str) -> Path:
        # Keys begin with the name of a profile, which has no characters that a path minds.
        return self._folder / f"{key}.saved"

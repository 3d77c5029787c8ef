"""A keystore that marks each key under which it has saved something with an empty file.

The keyring is not opened for a key without a marker. So nobody is asked to unlock a keyring that
holds nothing, and the first code appears sooner. Where no marker can be written, as in a read-only
home folder, a missing one means nothing, and the keyring is opened.
"""

import logging
from pathlib import Path

from desktop.services.secrets.keystore import (
    KeyringMissing,
    Keystore,
    KeystoreError,
    SaveNotRecorded,
    Vault,
    VaultKeystore,
)
from desktop.services.system.paths import is_writable, keystore_index_folder

_log = logging.getLogger(__name__)


def system_keystore() -> Keystore:
    return IndexedKeystore(VaultKeystore(_open_vault), keystore_index_folder())


async def require_keyring(key: str) -> None:
    """Unlock the keyring by reading `key`, listed or not. Raises `KeystoreError`.

    For a sign-in whose token must be saved: an approval works only once.
    """
    await VaultKeystore(_open_vault).load(key)


def _open_vault() -> Vault:
    # Runs in the keystore's thread: the keyring library loads slowly.
    from desktop.services.secrets.keyring_vault import open_vault

    return open_vault()


class IndexedKeystore:
    """A keystore that reads `inner` only for the keys that have a marker in `folder`."""

    def __init__(self, inner: Keystore, folder: Path) -> None:
        self._inner = inner
        self._folder = folder
        self._saved: set[str] = set()  # by this process: `folder` may not be writable
        self._outdated: set[str] = set()  # after a failed save, where no marker can be removed

    async def load(self, key: str) -> str | None:
        return await self._inner.load(key) if self._is_indexed(key) else None

    async def save(self, key: str, value: str) -> None:
        # The marker comes first: without it, the value would not be found after a crash.
        error = self._write_marker(key)
        try:
            await self._inner.save(key, value)
        except KeystoreError:
            # An older value may still be there: a replaced refresh token must not be found.
            self._remove_marker(key)
            if self._is_found_by_others(key):
                self._outdated.add(key)
            raise
        self._outdated.discard(key)
        was_saved = key in self._saved
        self._saved.add(key)
        if error is not None and not was_saved and not self._is_found_by_others(key):
            raise SaveNotRecorded(error.strerror or str(error)) from error

    async def delete(self, key: str) -> None:
        try:
            await self._inner.delete(key)
        except KeyringMissing:
            if self._is_indexed(key):
                raise  # the keyring may come back with the value in it
        self._remove_marker(key)

    def _is_indexed(self, key: str) -> bool:
        if key in self._outdated:
            return False
        return key in self._saved or self._is_found_by_others(key)

    def _is_found_by_others(self, key: str) -> bool:
        try:
            return self._marker(key).exists() or not is_writable(self._folder)
        except OSError:
            return True  # the marker may be there, so look into the keyring

    def _write_marker(self, key: str) -> OSError | None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._marker(key).touch()
        except OSError as error:
            _log.warning("cannot mark a saved secret: %s", error)
            return error
        return None

    def _remove_marker(self, key: str) -> None:
        self._saved.discard(key)
        try:
            self._marker(key).unlink(missing_ok=True)
        except OSError as error:
            _log.warning("cannot remove the marker of a secret: %s", error)

    def _marker(self, key: str) -> Path:
        # Keys begin with the ID of a profile, whose characters are all allowed in file names.
        return self._folder / f"{key}.saved"

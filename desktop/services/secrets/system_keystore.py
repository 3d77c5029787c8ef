"""The keyring of this computer as a keystore."""

from desktop.services.secrets.indexed_keystore import IndexedKeystore
from desktop.services.secrets.keystore import Keystore, Vault, VaultKeystore
from desktop.services.system.paths import keystore_index_folder


def system_keystore(*, timeout: float = 20.0) -> Keystore:
    """Make the keystore of this computer; each operation takes at most `timeout` seconds."""
    return IndexedKeystore(VaultKeystore(_open_vault, timeout=timeout), keystore_index_folder())


def _open_vault() -> Vault:
    # Runs in the keystore's thread: the keyring library loads slowly.
    from desktop.services.secrets.keyring_vault import open_vault

    return open_vault()

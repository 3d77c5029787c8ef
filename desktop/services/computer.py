"""What a session needs of this computer: its keyring, its network, its clock."""

from collections.abc import Callable
from functools import partial

from desktop.oauth.clock import SystemClock
from desktop.services.background import Worker
from desktop.services.connecting import Connector
from desktop.services.keystore import Keystore, Vault, VaultKeystore
from desktop.services.network import system_proxy
from desktop.services.noted_keystore import NotedKeystore
from desktop.services.paths import locks_folder, notes_folder
from desktop.services.shared_lock import shared_lock
from desktop.services.surroundings import Surroundings


def surroundings(
    worker: Worker,
    *,
    find_proxy: Callable[[str], str] = system_proxy,
) -> Surroundings:
    """The real ones; `worker` does what would hold the event loop, `find_proxy` may hold it too."""
    clock = SystemClock()
    lock = partial(shared_lock, locks_folder(), clock=clock)
    keystore = system_keystore()
    connector = Connector(keystore, worker, find_proxy=find_proxy)
    return Surroundings(keystore, connector, clock, lock)


def system_keystore(*, patience: float = 20.0) -> Keystore:
    """The keyring of this computer, each operation at most `patience` seconds."""
    return NotedKeystore(VaultKeystore(_open_vault, patience=patience), notes_folder())


def _open_vault() -> Vault:
    # Runs in the keystore's thread, at the first need: keyring is slow to load.
    from desktop.services.keyring_vault import open_vault

    return open_vault()

"""A keyring that dies between two saves, or in the middle of one."""

import contextlib
import signal
import sys
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.services.secrets.indexed_keystore import IndexedKeystore
from desktop.services.secrets.keyring_vault import open_vault
from desktop.services.secrets.keystore import KeyringFault, KeyringMissing, VaultKeystore
from desktop.services.secrets.token_store import TokenStore
from tests.oauth.harness import HELD
from tests.rigs import requirements
from tests.rigs.process import Program
from tests.rigs.secret_service import Bus, SecretStore, start_keyring, use_keyring_of
from tests.services.harness import PROFILE
from tests.simulation.words import find_missing_advice

_SAVES = 200  # more than there is time for


@contextlib.asynccontextmanager
async def unlocked(_key: str) -> AsyncIterator[None]:
    """Let nobody else use the tokens."""
    yield


def make_store(folder: Path) -> TokenStore:
    """Make what a new process would use."""
    keystore = IndexedKeystore(VaultKeystore(open_vault), folder / "index")
    return TokenStore(PROFILE, keystore, unlocked)


async def save_until_it_fails(store: TokenStore, daemon: Program) -> None:
    """Renew again and again, while the keyring is killed by another thread."""
    killing = threading.Timer(0.5, daemon.process.send_signal, [signal.SIGKILL])
    killing.start()
    for number in range(_SAVES):
        await store.save_renewed(replace(HELD, refresh_token=f"renewed-{number}"), {})
        if store.save_error is not None:
            break
    killing.join()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a keyring that can be killed")
async def test_a_keyring_that_dies_loses_no_token(bare_bus: Bus, tmp_path: Path) -> None:
    requirements.require("dying_keyring", "gnome-keyring-daemon")
    with contextlib.ExitStack() as stack:
        stack.enter_context(use_keyring_of(bare_bus))
        store = make_store(tmp_path)
        daemon = start_keyring(SecretStore(bare_bus.folder), stack)
        await save_until_it_fails(store, daemon)
        held, error = store.held, store.save_error
        assert held is not None
        # In the middle of a save it fails; between two, nobody has its name any more.
        assert isinstance(error, KeyringFault | KeyringMissing)
        assert find_missing_advice(error) == []
        # An older refresh token must not be found: using it twice would end the sign-in.
        assert await make_store(tmp_path).load() is None
        start_keyring(SecretStore(bare_bus.folder), stack)
        await store.save_renewed(held, {})
        saved = await make_store(tmp_path).load()
        assert saved is not None
        assert (store.save_error, saved.tokens) == (None, held)

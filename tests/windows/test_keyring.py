"""The Credential Manager, as wine has it, by the keyring of Windows."""

import json

from tests.rigs.wine import Windows
from tests.windows.trial import source

KEEP = """
import asyncio, json
from desktop.services.keyring_vault import open_vault
from desktop.services.keystore import VaultKeystore

async def main():
    store = VaultKeystore(open_vault)
    value = "".join(chr(0x21 + number * 7 % 94) for number in range(8 * 1024))
    await store.save("selftest tokens", value)
    again = VaultKeystore(open_vault)
    same = await again.load("selftest tokens") == value
    await again.save("selftest tokens", value[::-1])
    replaced = await store.load("selftest tokens") == value[::-1]
    await store.delete("selftest tokens")
    gone = await again.load("selftest tokens") is None
    print(json.dumps([same, replaced, gone]))

asyncio.run(main())
"""
LONGEST = """
import json, keyring.backends.Windows as backend
ring, taken = backend.WinVaultKeyring(), []
for length in (1200, 1280, 1281, 4096):  # in characters of two bytes
    try:
        ring.set_password("selftest", "longest", "x" * length)
        taken.append(length)
    except Exception as error:
        print(type(error).__name__, error)
ring.delete_password("selftest", "longest")
print(json.dumps(taken))
"""


def test_a_token_set_of_eight_kilobytes_is_kept(windows: Windows) -> None:
    assert json.loads(source(windows, KEEP).stdout) == [True, True, True]


def test_an_entry_of_the_length_that_is_used_is_taken(windows: Windows) -> None:
    assert 1200 in json.loads(source(windows, LONGEST).stdout.splitlines()[-1])

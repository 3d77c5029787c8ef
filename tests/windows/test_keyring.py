"""The keyring with wine's Credential Manager.

wine accepts entries of any length, so the test enforces the limit of Windows, 2,560 bytes.
"""

import json

from tests.rigs.wine import Windows
from tests.windows.trial import source

KEEP = """
import asyncio, json
import keyring.backends.Windows as backend
from desktop.services.secrets.keyring_vault import open_vault
from desktop.services.secrets.keystore import VaultKeystore

write = backend.win32cred.CredWrite

def write_as_windows_does(credential, flags):
    length = len(credential["CredentialBlob"].encode("utf-16-le"))
    assert length <= 2560, f"{length} bytes in one entry"
    lengths.append(length)
    return write(credential, flags)

lengths = []
backend.win32cred.CredWrite = write_as_windows_does

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
    print(json.dumps([same, replaced, gone, len(lengths)]))

asyncio.run(main())
"""


def test_a_token_set_of_eight_kilobytes_is_saved_within_the_limit(
    windows: Windows,
) -> None:
    *kept, entries = json.loads(source(windows, KEEP).stdout)
    assert kept == [True, True, True]
    assert entries > 2 * 8 * 1024 / 1280

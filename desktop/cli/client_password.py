"""Store the password of a profile's client: typed or piped, never an argument."""

import asyncio
import getpass
import sys

from desktop.cli import CANCELLED
from desktop.services.computer import system_keystore
from desktop.services.configuration import load_configuration
from desktop.services.keystore import KeystoreError
from desktop.services.messages import advice_for
from desktop.services.profiles import ProfileError, client_password_key, issued_for
from desktop.services.saved_tokens import encode_password


def store(profile_name: str | None) -> int:
    """Ask for the password and put it into the keyring; an empty one removes it."""
    try:
        profile = load_configuration().named(profile_name)
        password = _typed(f"Password of {profile.client_id} ({profile.name}): ")
        keystore = system_keystore(patience=120.0)
        key = client_password_key(profile)
        value = encode_password(password, issued_for=issued_for(profile))
        asyncio.run(keystore.save(key, value) if password else keystore.delete(key))
    except (KeyboardInterrupt, EOFError):
        sys.stderr.write("\nCancelled.\n")
        return CANCELLED
    except (ProfileError, KeystoreError) as error:
        advice = advice_for(error)
        sys.stderr.write(f"{advice.title}. {advice.text}\n")
        return 1
    sys.stdout.write("Saved in the keyring.\n" if password else "Removed from the keyring.\n")
    return 0


def _typed(prompt: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(prompt)
    return sys.stdin.readline().rstrip("\r\n")

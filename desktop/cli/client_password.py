"""Store the password of a profile's client, or of its proxy: typed or piped, never an argument."""

import asyncio
import getpass
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

from desktop.cli import CANCELLED
from desktop.services.computer import system_keystore
from desktop.services.configuration import load_configuration
from desktop.services.keystore import Keystore, KeystoreError
from desktop.services.messages import advice_for
from desktop.services.profile_secrets import save_client_password, save_proxy_password
from desktop.services.profiles import Profile, ProfileError


@dataclass(frozen=True, slots=True)
class _Kind:
    """Whose password it is, and how it is saved."""

    owner: Callable[[Profile], str]
    save: Callable[[Keystore, Profile, str], Coroutine[None, None, None]]


_CLIENT = _Kind(lambda profile: profile.client_id, save_client_password)
_PROXY = _Kind(lambda profile: f"{profile.proxy_user} at the proxy", save_proxy_password)


def store(profile_name: str | None) -> int:
    """Ask for the client's password and put it into the keyring; an empty one removes it."""
    return _store(profile_name, _CLIENT)


def store_for_proxy(profile_name: str | None) -> int:
    """Ask for the password of `proxy_user` and put it into the keyring; an empty one removes it."""
    return _store(profile_name, _PROXY)


def _store(profile_name: str | None, kind: _Kind) -> int:
    try:
        profile = load_configuration().named(profile_name)
        if kind is _PROXY and not profile.proxy_user:
            sys.stderr.write(f"{profile.name} names no “proxy_user”: write it there first.\n")
            return 1
        password = _typed(f"Password of {kind.owner(profile)} ({profile.name}): ")
        keystore = system_keystore(patience=120.0)
        asyncio.run(kind.save(keystore, profile, password))
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

"""Store the password of a profile's client, or of its proxy: typed or piped, never an argument."""

import asyncio
import getpass
import sys
from collections.abc import Callable
from dataclasses import dataclass

from desktop.cli import CANCELLED
from desktop.services.computer import system_keystore
from desktop.services.keystore import KeystoreError
from desktop.services.messages import advice_for
from desktop.services.profile_reading import load_profile
from desktop.services.profiles import (
    Profile,
    ProfileError,
    client_password_key,
    issued_for,
    proxy_bound,
    proxy_password_key,
)
from desktop.services.saved_tokens import encode_password


@dataclass(frozen=True, slots=True)
class _Kind:
    """Whose password it is, under which key it is kept, and what binds it."""

    owner: Callable[[Profile], str]
    key: Callable[[Profile], str]
    bound: Callable[[Profile], str]


_CLIENT = _Kind(lambda profile: profile.client_id, client_password_key, issued_for)
_PROXY = _Kind(
    lambda profile: f"{profile.proxy_user} at the proxy", proxy_password_key, proxy_bound
)


def store(profile_name: str | None) -> int:
    """Ask for the client's password and put it into the keyring; an empty one removes it."""
    return _store(profile_name, _CLIENT)


def store_for_proxy(profile_name: str | None) -> int:
    """Ask for the password of `proxy_user` and put it into the keyring; an empty one removes it."""
    return _store(profile_name, _PROXY)


def _store(profile_name: str | None, kind: _Kind) -> int:
    try:
        profile = load_profile(profile_name)
        if kind is _PROXY and not profile.proxy_user:
            sys.stderr.write(f"{profile.name} names no “proxy_user”: write it there first.\n")
            return 1
        password = _typed(f"Password of {kind.owner(profile)} ({profile.name}): ")
        keystore = system_keystore(patience=120.0)
        key = kind.key(profile)
        value = encode_password(password, issued_for=kind.bound(profile))
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

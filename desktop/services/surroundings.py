"""What a session needs of the world, so that a test can pass another one."""

import secrets
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import httpx

from desktop.oauth.clock import Clock
from desktop.services.keystore import Keystore


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Keyring, network, time, chance, and a lock that all programs of this person share.

    `lock` gives, for a key of the keystore, what must be held while its refresh token is used;
    `chance` a number from 0 up to 1, so that a thousand computers do not renew in step.
    """

    keystore: Keystore
    open_http: Callable[[], Awaitable[httpx.AsyncClient]]
    clock: Clock
    lock: Callable[[str], AbstractAsyncContextManager[None]]
    chance: Callable[[], float] = secrets.SystemRandom().random

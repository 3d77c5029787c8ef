"""What a session needs of the world, so that a test can pass another one."""

import secrets
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

import httpx

from desktop.oauth.clock import Clock
from desktop.services.model.profile import Profile
from desktop.services.secrets.keystore import Keystore


class HttpOpener(Protocol):
    """Opens the connection that a profile is to have."""

    async def __call__(
        self, profile: Profile, /, *, proxy_password: str | None = None
    ) -> httpx.AsyncClient:
        """A client for `profile`; `proxy_password` counts in place of the one in the keyring.

        Raises `OAuthError` for what the profile says of proxy and authorities and is not usable.
        """


@dataclass(frozen=True, slots=True)
class Environment:
    """Keyring, network, time, chance, and a lock that all programs of this person share.

    `lock` gives, for a key of the keystore, what must be held while its refresh token is used;
    `chance` a number from 0 up to 1, so that a thousand computers do not renew in step.
    """

    keystore: Keystore
    open_http: HttpOpener
    clock: Clock
    lock: Callable[[str], AbstractAsyncContextManager[None]]
    jitter: Callable[[], float] = secrets.SystemRandom().random

"""What a session uses of this computer, in one value that tests replace."""

import secrets
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import field
from functools import partial
from typing import Protocol

import httpx

from desktop.frozen import frozen
from desktop.oauth.clock import Clock
from desktop.services.audit.audit_log import AuditLog
from desktop.services.model.profile import Profile
from desktop.services.network.kept_metadata import KeptMetadata, Runner
from desktop.services.secrets.keystore import Keystore
from desktop.services.system.worker import Worker


class HttpOpener(Protocol):
    """Opens HTTP clients for profiles."""

    async def __call__(
        self, profile: Profile, /, *, proxy_password: str | None = None
    ) -> httpx.AsyncClient:
        """Make a client for `profile`; `proxy_password` replaces the one in the keyring.

        Raises `OAuthError` where the proxy or the CA certificate file cannot be used.
        """


@frozen
class Environment:
    """Keyring, network, clock, randomness, and what all processes of this user share.

    `lock` returns the lock for a key of the keystore, to be held while its refresh token is used.
    `jitter` returns a number from 0 up to 1, so that a thousand computers do not renew in step.
    `worker` makes calls that block.
    """

    keystore: Keystore
    open_http: HttpOpener
    clock: Clock
    lock: Callable[[str], AbstractAsyncContextManager[None]]
    jitter: Callable[[], float] = secrets.SystemRandom().random
    kept_metadata: KeptMetadata = field(default_factory=KeptMetadata)
    audit: AuditLog = field(default_factory=AuditLog)
    worker: Runner = field(default_factory=partial(Worker, "keys"))

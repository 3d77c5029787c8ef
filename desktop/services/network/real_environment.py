"""The environment of a session on this computer, whose HTTP clients fit the profile."""

import logging
from collections.abc import Callable
from functools import partial

import httpx

from desktop.oauth.clock import SystemClock
from desktop.services.audit.audit_log import AuditLog, user_audit_log
from desktop.services.model.profile import Profile
from desktop.services.network.environment import Environment
from desktop.services.network.http_client import NetworkOptions, find_system_proxy, make_http_client
from desktop.services.network.kept_metadata import KeptMetadata
from desktop.services.secrets.indexed_keystore import system_keystore
from desktop.services.secrets.keystore import Keystore, KeystoreError
from desktop.services.secrets.profile_secrets import load_password_for_proxy
from desktop.services.secrets.shared_lock import shared_lock
from desktop.services.system.paths import kept_metadata_folder, locks_folder
from desktop.services.system.worker import Worker

_log = logging.getLogger(__name__)


def real_environment(
    worker: Worker,
    *,
    find_proxy: Callable[[str], str] = find_system_proxy,
    audit: AuditLog | None = None,
) -> Environment:
    """Make the environment of this computer; `worker` makes the calls that block.

    `audit` is given where the settings are known already.
    """
    clock = SystemClock()
    lock = partial(shared_lock, locks_folder(), clock=clock)
    keystore = system_keystore()
    connector = Connector(keystore, worker, find_proxy=find_proxy)
    kept_metadata = KeptMetadata(kept_metadata_folder(), worker)
    return Environment(
        keystore,
        connector,
        clock,
        lock,
        kept_metadata=kept_metadata,
        audit=audit or user_audit_log(),
        worker=worker,
    )


class Connector:
    """Opens HTTP clients for profiles, whose settings include those of the administrator.

    `worker` makes the calls that block. `find_proxy` finds the system's proxy for an address.
    """

    def __init__(
        self,
        keystore: Keystore,
        worker: Worker,
        *,
        find_proxy: Callable[[str], str] = find_system_proxy,
    ) -> None:
        self._keystore = keystore
        self._worker = worker
        self._find_proxy = find_proxy
        # A worker of its own: a proxy script (PAC) may hang.
        self._proxy_worker = Worker("proxies")

    async def __call__(
        self, profile: Profile, /, *, proxy_password: str | None = None
    ) -> httpx.AsyncClient:
        """Make a client for `profile`; `proxy_password` replaces the one in the keyring.

        Raises `AuthorityUnusable`.
        """

        async def password(proxy: str) -> str | None:
            return proxy_password or await self._load_proxy_password(profile, proxy)

        network = NetworkOptions(
            proxy=profile.proxy,
            proxy_user=profile.proxy_user,
            proxy_password=password,
            proxy_source=profile.policy.source if profile.policy.proxy else "",
            ca_file=profile.ca_file,
            find_proxy=self._find_proxy,
            proxy_worker=self._proxy_worker,
        )
        return await self._worker.run(partial(make_http_client, network))

    async def _load_proxy_password(self, profile: Profile, proxy: str) -> str | None:
        try:
            return await load_password_for_proxy(self._keystore, profile, proxy)
        except KeystoreError as error:
            # The proxy then answers that it requires one.
            _log.warning("cannot load the proxy password: %s", type(error).__name__)
            return None

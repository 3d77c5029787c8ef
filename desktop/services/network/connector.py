"""Opens the connection that a profile is to have, on this computer."""

import logging
from collections.abc import Callable
from functools import partial

import httpx

from desktop.services.model.profile import Profile
from desktop.services.network.http_client import NetworkOptions, find_system_proxy, make_http_client
from desktop.services.secrets.keystore import Keystore, KeystoreError
from desktop.services.secrets.profile_secrets import load_password_for_proxy
from desktop.services.system.worker import Worker

_log = logging.getLogger(__name__)


class Connector:
    """Goes by what the profile says of proxy and authorities; the administrator's are in it.

    `worker` does what would hold the event loop. `find_proxy` tells the system's proxy.
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
        # Its own, since a script that decides about proxies may hang.
        self._proxy_worker = Worker("proxies")

    async def __call__(
        self, profile: Profile, /, *, proxy_password: str | None = None
    ) -> httpx.AsyncClient:
        """A client for `profile`; `proxy_password` counts in place of the one in the keyring.

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
            # The proxy then says that it wants one.
            _log.warning("no password for the proxy: %s", type(error).__name__)
            return None

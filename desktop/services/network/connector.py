"""Opens the connection that a profile is to have, on this computer."""

import logging
from collections.abc import Callable
from functools import partial

import httpx

from desktop.services.model.profile import Profile
from desktop.services.network.http_client import Network, make_http_client, system_proxy
from desktop.services.secrets.keystore import Keystore, KeystoreError
from desktop.services.secrets.profile_secrets import password_for_proxy
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
        find_proxy: Callable[[str], str] = system_proxy,
    ) -> None:
        self._keystore = keystore
        self._worker = worker
        self._find_proxy = find_proxy
        # Its own, since a script that decides about proxies may hang.
        self._finder = Worker("proxies")

    async def __call__(
        self, profile: Profile, /, *, proxy_password: str | None = None
    ) -> httpx.AsyncClient:
        """A client for `profile`; `proxy_password` counts in place of the one in the keyring.

        Raises `AuthorityUnusable`.
        """

        async def password(proxy: str) -> str | None:
            return proxy_password or await self._saved_password(profile, proxy)

        network = Network(
            proxy=profile.proxy,
            proxy_user=profile.proxy_user,
            proxy_password=password,
            proxy_set_in=profile.policy.source if profile.policy.proxy else "",
            ca_file=profile.ca_file,
            find_proxy=self._find_proxy,
            finder=self._finder,
        )
        return await self._worker.run(partial(make_http_client, network))

    async def _saved_password(self, profile: Profile, proxy: str) -> str | None:
        try:
            return await password_for_proxy(self._keystore, profile, proxy)
        except KeystoreError as error:
            # The proxy then says that it wants one.
            _log.warning("no password for the proxy: %s", type(error).__name__)
            return None

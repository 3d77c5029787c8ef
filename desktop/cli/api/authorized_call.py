"""Calls with the profile's token, which is renewed when it expires or is rejected."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from desktop.cli.scripts.bound_token import authorizer_for
from desktop.cli.scripts.token_source import fetch_token
from desktop.oauth.resource import ResourceAnswer, ResourceRequest, open_resource
from desktop.services.model.access_token import AccessToken
from desktop.services.model.profile import Profile
from desktop.services.network.real_environment import real_environment
from desktop.services.secrets.profile_secrets import load_known_secrets
from desktop.services.system.worker import Worker

Result = TypeVar("Result")
Reader = Callable[[ResourceAnswer], Awaitable[Result]]

_AN_HOUR = 3600.0  # seconds


def call_with_token(
    profile: Profile, request: ResourceRequest, read: Reader[Result], *, may_repeat: bool
) -> Result:
    """Send `request` and give what `read` returns for the response. Blocks.

    With `may_repeat`, a rejected token is renewed once and the request sent again.
    Raises `RefusedByAgent`, `OAuthError`, `KeystoreError`, `SessionError` or `ProfileError`.
    """
    return run_with_token(profile, lambda client: client.call(request, read, may_repeat=may_repeat))


def run_with_token(
    profile: Profile, work: Callable[[AuthorizedClient], Awaitable[Result]]
) -> Result:
    """Run `work`, which sends requests with a token of `profile`. Blocks.

    Raises what `call_with_token` raises.
    """
    held = fetch_token(profile)
    return asyncio.run(_run_with_token(profile, work, held))


async def _run_with_token(
    profile: Profile, work: Callable[[AuthorizedClient], Awaitable[Result]], held: AccessToken
) -> Result:
    worker = Worker("loader")
    environment = real_environment(worker)
    known = await load_known_secrets(environment.keystore, profile)
    async with await environment.open_http(profile) as http:
        send = partial(open_resource, http, secrets=known)
        return await work(AuthorizedClient(profile, send, worker, held))


@dataclass(slots=True)
class AuthorizedClient:
    """Sends requests with a token, the newest one that was fetched."""

    _profile: Profile
    _send: Callable[..., AbstractAsyncContextManager[ResourceAnswer]]
    _worker: Worker
    _held: AccessToken

    async def call(
        self, request: ResourceRequest, read: Reader[Result], *, may_repeat: bool
    ) -> Result:
        """Send `request` as `call_with_token` does."""
        used = self._held.access_token
        authorize = authorizer_for(self._profile, self._held)
        async with self._send(request, access_token=used, authorize=authorize) as answer:
            if may_repeat and answer.status == 401:
                # `fetch_token` runs an event loop of its own, so it needs another thread.
                min_validity = _longer_validity(self._held)
                fetch = partial(fetch_token, self._profile, min_validity=min_validity)
                self._held = await self._worker.run(fetch)
            if self._held.access_token == used:
                return await read(answer)
        authorize, newer = authorizer_for(self._profile, self._held), self._held.access_token
        async with self._send(request, access_token=newer, authorize=authorize) as answer:
            return await read(answer)


def _longer_validity(held: AccessToken) -> float:
    """Compute a validity in seconds that `held` lacks, so that a newer token is fetched."""
    if held.expires_at is None:
        return _AN_HOUR
    return max(0.0, (held.expires_at - datetime.now(UTC)).total_seconds()) + 1.0

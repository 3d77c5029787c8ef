"""Calls with the profile's token, which is renewed when it expires or is rejected."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
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
    held = fetch_token(profile)
    return asyncio.run(_call_with_token(profile, request, read, held=held, may_repeat=may_repeat))


async def _call_with_token(
    profile: Profile,
    request: ResourceRequest,
    read: Reader[Result],
    *,
    held: AccessToken,
    may_repeat: bool,
) -> Result:
    worker = Worker("loader")
    environment = real_environment(worker)
    known = await load_known_secrets(environment.keystore, profile)
    send = partial(open_resource, secrets=known, authorize=authorizer_for(profile, held))
    async with await environment.open_http(profile) as http:
        async with send(http, request, access_token=held.access_token) as answer:
            newer = held
            if may_repeat and answer.status == 401:
                # `fetch_token` runs an event loop of its own, so it needs another thread.
                fetch = partial(fetch_token, profile, min_validity=_longer_validity(held))
                newer = await worker.run(fetch)
            if newer.access_token == held.access_token:
                return await read(answer)
        again = partial(send, authorize=authorizer_for(profile, newer))
        async with again(http, request, access_token=newer.access_token) as answer:
            return await read(answer)


def _longer_validity(held: AccessToken) -> float:
    """Compute a validity in seconds that `held` lacks, so that a newer token is fetched."""
    if held.expires_at is None:
        return _AN_HOUR
    return max(0.0, (held.expires_at - datetime.now(UTC)).total_seconds()) + 1.0

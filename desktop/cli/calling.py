"""A call with the profile's token: renewed when it is due, and once more where it is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

from desktop.cli.access import Access, access
from desktop.oauth.resource import ResourceAnswer, ResourceRequest, opened
from desktop.services.background import Worker
from desktop.services.computer import surroundings
from desktop.services.profiles import Profile

Result = TypeVar("Result")
Reader = Callable[[ResourceAnswer], Awaitable[Result]]

_AN_HOUR = 3600.0  # seconds


def called(
    profile: Profile, request: ResourceRequest, read: Reader[Result], *, may_repeat: bool
) -> Result:
    """What `read` makes of the answer. Blocks.

    With `may_repeat` a token that the server refuses is renewed, once, and the call made again.
    Raises `OAuthError`, `KeystoreError`, `SessionError` or `ProfileError`.
    """
    held = access(profile.id)
    found = asyncio.run(_answer(profile, request, read, token=held, unless_refused=may_repeat))
    if found is not None:
        return found[0]
    renewed = access(profile.id, min_validity=_longer_than(held))
    found = asyncio.run(_answer(profile, request, read, token=renewed, unless_refused=False))
    assert found is not None  # noqa: S101 - only a refusal gives nothing
    return found[0]


async def _answer(
    profile: Profile,
    request: ResourceRequest,
    read: Reader[Result],
    *,
    token: Access,
    unless_refused: bool,
) -> tuple[Result] | None:
    """What `read` makes of it; with `unless_refused` nothing where the token is refused."""
    async with (
        await surroundings(Worker("loader")).open_http(profile) as http,
        opened(http, request, access_token=token.access_token) as answer,
    ):
        if unless_refused and answer.status == 401:
            return None
        return (await read(answer),)


def _longer_than(held: Access) -> float:
    """A validity, in seconds, that `held` cannot offer: so it has to be another token."""
    if held.expires_at is None:
        return _AN_HOUR
    return max(0.0, (held.expires_at - datetime.now(UTC)).total_seconds()) + 1.0

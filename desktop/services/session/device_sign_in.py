"""Signing in with a device code (RFC 8628)."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from desktop.oauth.addresses import host_of
from desktop.oauth.client import ClientConnection
from desktop.oauth.clock import Clock
from desktop.oauth.dpop import ALGORITHM
from desktop.oauth.errors import (
    AuthorizationPending,
    InvalidGrant,
    OAuthError,
    SlowDown,
    Trouble,
)
from desktop.oauth.grants.device import (
    DeviceAuthorization,
    request_authorization,
    supports_s256,
)
from desktop.oauth.grants.polling import Progress, poll
from desktop.oauth.grants.token import is_answer_lost, request_token
from desktop.oauth.metadata import ServerMetadata
from desktop.oauth.model.token_set import TokenSet
from desktop.services.model.errors import GrantForbidden, PollAnswerLost
from desktop.services.model.profile import Profile, is_provider_link
from desktop.services.model.states import AwaitingApproval, transaction_id
from desktop.services.session.provider import Provider


async def sign_in_with_device_code(
    connection: ClientConnection,
    provider: Provider,
    *,
    clock: Clock,
    nudge: asyncio.Event,
    show: Callable[[AwaitingApproval], None],
) -> TokenSet:
    """Request a code and poll until it is approved; `show` gets every step.

    Setting `nudge` polls as soon as the interval has passed. Raises `OAuthError`, or
    `GrantForbidden` if an administrator turned off this sign-in method.
    """
    profile = provider.profile
    if not profile.policy.device_grant:
        raise GrantForbidden(profile.policy.source)

    def show_code(authorization: DeviceAuthorization, progress: Progress) -> None:
        show(_awaiting_approval(authorization, progress, profile))

    authorization = await _request_code(connection, provider, show_code)
    request = partial(request_token, connection, authorization=authorization, scope=profile.scope)
    return await poll(
        _Asker(partial(provider.discover_for_sign_in, connection), request),
        authorization,
        clock=clock,
        nudge=nudge,
        report=partial(show_code, authorization),
    )


async def _request_code(
    connection: ClientConnection,
    provider: Provider,
    show: Callable[[DeviceAuthorization, Progress], None],
) -> DeviceAuthorization:
    """Request a code, at once where metadata was kept, and then check it against fresh metadata.

    Everything but this one request goes where fresh metadata says. If kept metadata was outdated,
    another code is requested, and replaces the one that `show` got.
    """
    profile = provider.profile
    request = partial(
        request_authorization, connection, scope=profile.scope, extra=profile.extra_parameters
    )
    kept = await provider.load_kept_metadata()
    if kept is None:
        return await request(await provider.discover_for_sign_in(connection))
    found: DeviceAuthorization | OAuthError
    try:
        await provider.binding.make_key(connection, kept)
        found = await request(kept)
    except OAuthError as error:
        found = error
        await provider.forget_kept_metadata()
    else:
        show(found, Progress(0, None, found.requested.later(found.interval)))
    try:
        fresh = await provider.discover_for_sign_in(connection)
    except OAuthError as error:
        await provider.forget_kept_metadata()
        if isinstance(found, OAuthError) or not isinstance(error, Trouble):
            raise
        return found  # while polling, the metadata is fetched again
    if not _is_same_request(kept, fresh):
        return await request(fresh)
    if isinstance(found, OAuthError):
        raise found  # a second try would only send the client secret again
    return found


def _is_same_request(kept: ServerMetadata, fresh: ServerMetadata) -> bool:
    """Tell whether a code is requested in the same way with both."""
    return _request_facts(kept) == _request_facts(fresh)


def _request_facts(metadata: ServerMetadata) -> tuple[object, ...]:
    return (
        metadata.device_authorization_endpoint,
        supports_s256(metadata),
        ALGORITHM in metadata.dpop_signing_alg_values_supported,
    )


class _Asker:
    """Calls `request`, and knows whether the server may have answered it with tokens that got lost.

    A code works once. RFC 8628 section 3.5 asks to poll again after a timeout, so the server may
    say that the code is unknown although it was approved.
    """

    def __init__(
        self,
        discover: Callable[[], Awaitable[ServerMetadata]],
        request: Callable[[str], Awaitable[TokenSet]],
    ) -> None:
        self._discover = discover
        self._request = request
        self._lost: Trouble | None = None

    async def __call__(self) -> TokenSet:
        endpoint = (await self._discover()).token_endpoint  # known, but for trouble before
        try:
            return await self._request(endpoint)
        except InvalidGrant:
            if self._lost is None:
                raise
            raise PollAnswerLost from self._lost
        except (AuthorizationPending, SlowDown):
            self._lost = None  # the server knows the code, so nothing was issued for it
            raise
        except Trouble as error:
            if is_answer_lost(error):
                self._lost = error
            raise


def _awaiting_approval(
    authorization: DeviceAuthorization, progress: Progress, profile: Profile
) -> AwaitingApproval:
    link = authorization.verification_uri
    return AwaitingApproval(
        user_code=authorization.user_code,
        verification_uri=authorization.verification_uri,
        verification_uri_complete=(
            authorization.verification_uri_complete if profile.policy.complete_link else None
        ),
        host=host_of(link),
        host_is_known=is_provider_link(link, profile),
        requested_at=authorization.requested.utc,
        lifetime=authorization.lifetime,
        expires_at=authorization.requested.later(authorization.lifetime),
        poll_count=progress.poll_count,
        last_poll_at=progress.last_poll_at,
        next_at=progress.next_at,
        trouble=progress.trouble,
        transaction=transaction_id(authorization.device_code),
    )

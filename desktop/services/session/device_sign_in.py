"""Signing in with a device code (RFC 8628)."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from desktop.oauth.addresses import host_of
from desktop.oauth.client import ClientConnection
from desktop.oauth.clock import Clock
from desktop.oauth.errors import AuthorizationPending, InvalidGrant, SlowDown, Trouble
from desktop.oauth.grants.device import DeviceAuthorization, request_authorization
from desktop.oauth.grants.polling import Progress, poll
from desktop.oauth.grants.token import is_answer_lost, request_token
from desktop.oauth.metadata import ServerMetadata
from desktop.oauth.model.token_set import TokenSet
from desktop.services.model.errors import GrantForbidden, PollAnswerLost
from desktop.services.model.profile import Profile, is_provider_link
from desktop.services.model.states import AwaitingApproval


async def sign_in_with_device_code(
    connection: ClientConnection,
    metadata: ServerMetadata,
    profile: Profile,
    *,
    clock: Clock,
    nudge: asyncio.Event,
    show: Callable[[AwaitingApproval], None],
) -> TokenSet:
    """Request a code and poll until it is approved; `show` gets every step.

    Setting `nudge` polls as soon as the interval has passed. Raises `OAuthError`, or
    `GrantForbidden` if an administrator turned off this sign-in method.
    """
    if not profile.policy.device_grant:
        raise GrantForbidden(profile.policy.source)
    authorization = await request_authorization(
        connection, metadata, scope=profile.scope, extra=profile.extra_parameters
    )
    request = partial(
        request_token,
        connection,
        metadata.token_endpoint,
        authorization=authorization,
        scope=profile.scope,
    )
    return await poll(
        _Asker(request),
        authorization,
        clock=clock,
        nudge=nudge,
        report=lambda progress: show(_awaiting_approval(authorization, progress, profile)),
    )


class _Asker:
    """Calls `request`, and knows whether the server may have answered it with tokens that got lost.

    A code works once. RFC 8628 section 3.5 asks to poll again after a timeout, so the server may
    say that the code is unknown although it was approved.
    """

    def __init__(self, request: Callable[[], Awaitable[TokenSet]]) -> None:
        self._request = request
        self._lost: Trouble | None = None

    async def __call__(self) -> TokenSet:
        try:
            return await self._request()
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
    )

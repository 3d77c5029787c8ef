"""Signing in with a browser on this computer (RFC 8252)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from desktop.oauth.client import ClientConnection
from desktop.oauth.clock import SHORTEST_INTERVAL, Clock, Moment, first_of, now
from desktop.oauth.errors import NotApprovedInTime, Trouble
from desktop.oauth.grants.authorization_code import (
    AuthorizationRequest,
    code_in,
    is_answer,
    new_request,
    redeem,
)
from desktop.oauth.grants.polling import Pace, pace_after, wait_until_due
from desktop.oauth.metadata import ServerMetadata
from desktop.oauth.model.token_set import TokenSet
from desktop.services.model.errors import CodeExchangeFailed
from desktop.services.model.profile import Profile, is_provider_link
from desktop.services.model.states import AwaitingApproval, transaction_id
from desktop.services.session.loopback import listen

APPROVAL_TIMEOUT = 600.0  # seconds to finish the pages of the server
# Seconds. The longest lifetime of a code (RFC 6749 section 4.1.2); on many servers it is a minute.
MAX_CODE_LIFETIME = 600.0
# Seconds. The monotonic clock may stop while the computer sleeps, so the wall clock is read too.
_MAX_SLEEP = 10.0


async def sign_in_with_browser(
    connection: ClientConnection,
    metadata: ServerMetadata,
    profile: Profile,
    *,
    clock: Clock,
    nudge: asyncio.Event,
    show: Callable[[AwaitingApproval], None],
) -> TokenSet:
    """Wait for the browser to return with an approval; `show` gets the link to open.

    Setting `nudge` retries at once if the server could not be reached after the approval. Raises
    `OAuthError`, `RedirectUriUnavailable` or `CodeExchangeFailed`.
    """
    async with listen(profile.redirect_uri) as loopback:
        request = new_request(
            connection,
            metadata,
            redirect_uri=loopback.redirect_uri,
            scope=profile.scope,
            extra=profile.extra_parameters,
        )
        waiting = _awaiting_approval(request, profile)
        show(waiting)
        await first_of(
            loopback.wait_for_answer(partial(is_answer, authorization_request=request)),
            _wait_for_deadline(request, clock),
        )
        query = loopback.query
    if query is None:
        raise NotApprovedInTime
    code = code_in(query, request)
    return await _redeem_with_retries(
        lambda: redeem(
            connection,
            metadata.token_endpoint,
            authorization_request=request,
            code=code,
            scope=profile.scope,
        ),
        waiting,
        clock=clock,
        nudge=nudge,
        show=show,
    )


async def _redeem_with_retries(
    exchange: Callable[[], Awaitable[TokenSet]],
    waiting: AwaitingApproval,
    *,
    clock: Clock,
    nudge: asyncio.Event,
    show: Callable[[AwaitingApproval], None],
) -> TokenSet:
    """Call `exchange` until it returns tokens, while the server has not seen the code.

    A code works once (RFC 6749 section 4.1.2), so one that may have been used is not sent again.
    """
    received, pace = now(clock), Pace(SHORTEST_INTERVAL)
    while True:
        try:
            return await exchange()
        except Trouble as error:
            last, pace = now(clock), pace_after(pace, error)
            if not error.unused or pace.earliest > _remaining(received, clock):
                raise CodeExchangeFailed from error
            next_at, until = last.later(pace.pause), received.later(MAX_CODE_LIFETIME)
            show(replace(waiting, next_at=next_at, expires_at=until, trouble=error))
        nudge.clear()  # a nudge from before this failure must not cause a retry
        remaining = partial(_remaining, received, clock)
        await wait_until_due(last, pace, remaining, clock=clock, nudge=nudge)


def _remaining(received: Moment, clock: Clock) -> float:
    return MAX_CODE_LIFETIME - received.elapsed(clock)


async def _wait_for_deadline(request: AuthorizationRequest, clock: Clock) -> None:
    while (left := APPROVAL_TIMEOUT - request.requested.elapsed(clock)) > 0:
        await clock.sleep(min(left, _MAX_SLEEP))


def _awaiting_approval(request: AuthorizationRequest, profile: Profile) -> AwaitingApproval:
    expires_at = request.requested.later(APPROVAL_TIMEOUT)
    return AwaitingApproval(
        user_code="",
        verification_uri=request.address,
        verification_uri_complete=None,
        host=request.host,
        host_is_known=is_provider_link(request.address, profile),
        requested_at=request.requested.utc,
        lifetime=APPROVAL_TIMEOUT,
        expires_at=expires_at,
        poll_count=0,
        last_poll_at=None,
        next_at=expires_at,
        redirect_uri=request.redirect_uri,
        transaction=transaction_id(request.state),
    )

"""Signing in by a browser on this computer, as the session shows it (RFC 8252)."""

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
from desktop.oauth.grants.token import TokenSet
from desktop.oauth.metadata import ServerMetadata
from desktop.services.model.errors import CodeExchangeFailed
from desktop.services.model.profile import Profile, is_provider_link
from desktop.services.model.states import AwaitingApproval
from desktop.services.session.loopback import listen

APPROVAL_TIMEOUT = 600.0  # seconds that somebody has for the pages of the server
# Seconds that a code can live (RFC 6749 section 4.1.2); many servers give it one minute.
MAX_CODE_LIFETIME = 600.0
# A monotonic clock may stand still while the computer sleeps: look at the other one this often.
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
    """Wait for a browser to come back with an approval; `show` gets the link to open.

    Setting `nudge` asks at once a server that could not be reached with the approval. Raises
    `OAuthError`, `NoWayBack` or `ApprovalUnused`.
    """
    async with listen(profile.redirect_uri) as loopback:
        asked = new_request(
            connection,
            metadata,
            redirect_uri=loopback.redirect_uri,
            scope=profile.scope,
            extra=profile.extra_parameters,
        )
        waiting = _awaiting_approval(asked, profile)
        show(waiting)
        await first_of(
            loopback.wait_for_answer(partial(is_answer, authorization_request=asked)),
            _wait_for_deadline(asked, clock),
        )
        query = loopback.query
    if query is None:
        raise NotApprovedInTime
    code = code_in(query, asked)
    return await _redeem_with_retries(
        lambda: redeem(
            connection,
            metadata.token_endpoint,
            authorization_request=asked,
            code=code,
            scope=profile.scope,
        ),
        waiting,
        clock=clock,
        nudge=nudge,
        show=show,
    )


async def _redeem_with_retries(
    ask: Callable[[], Awaitable[TokenSet]],
    waiting: AwaitingApproval,
    *,
    clock: Clock,
    nudge: asyncio.Event,
    show: Callable[[AwaitingApproval], None],
) -> TokenSet:
    """Call `ask` until it gives tokens, as long as the server has not seen the code.

    A code counts once (RFC 6749 section 4.1.2), so what may have been used is not sent again.
    """
    came, pace = now(clock), Pace(SHORTEST_INTERVAL)
    while True:
        try:
            return await ask()
        except Trouble as error:
            last, pace = now(clock), pace_after(pace, error)
            if not error.unused or pace.earliest > _remaining(came, clock):
                raise CodeExchangeFailed from error
            next_at, until = last.later(pace.pause), came.later(MAX_CODE_LIFETIME)
            show(replace(waiting, next_at=next_at, expires_at=until, trouble=error))
        nudge.clear()  # what was set before this failure says nothing of the next try
        remaining = partial(_remaining, came, clock)
        await wait_until_due(last, pace, remaining, clock=clock, nudge=nudge)


def _remaining(came: Moment, clock: Clock) -> float:
    return MAX_CODE_LIFETIME - came.elapsed(clock)


async def _wait_for_deadline(asked: AuthorizationRequest, clock: Clock) -> None:
    while (left := APPROVAL_TIMEOUT - asked.requested.elapsed(clock)) > 0:
        await clock.sleep(min(left, _MAX_SLEEP))


def _awaiting_approval(asked: AuthorizationRequest, profile: Profile) -> AwaitingApproval:
    expires_at = asked.requested.later(APPROVAL_TIMEOUT)
    return AwaitingApproval(
        user_code="",
        verification_uri=asked.address,
        verification_uri_complete=None,
        host=asked.host,
        host_is_known=is_provider_link(asked.address, profile),
        requested_at=asked.requested.utc,
        lifetime=APPROVAL_TIMEOUT,
        expires_at=expires_at,
        poll_count=0,
        last_poll_at=None,
        next_at=expires_at,
        redirect_uri=asked.redirect_uri,
    )

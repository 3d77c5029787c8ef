"""The protocol against the demo server, over the loopback interface: two that share no code."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from desktop.demo import PUBLIC_CLIENT_ID
from desktop.demo.clients import (
    CONFIDENTIAL_CLIENT_ID,
    CONFIDENTIAL_CLIENT_SECRET,
    POST_ONLY_CLIENT_ID,
    POST_ONLY_CLIENT_SECRET,
)
from desktop.oauth import errors
from desktop.oauth.client import Client, ClientConnection
from desktop.oauth.clock import SystemClock
from desktop.oauth.grants.device import request_authorization
from desktop.oauth.grants.token import refresh, request_token
from desktop.oauth.identity import fetch_userinfo
from desktop.oauth.metadata import Issuer, discover
from desktop.oauth.model.token_set import TokenSet
from desktop.oauth.revocation import revoke_app_grant
from desktop.options import demo_profile
from tests.rigs.demo_server import DemoOptions, DemoServer

PUBLIC = Client(PUBLIC_CLIENT_ID)
SCOPE = ("profile", "enrich:read", "admin")


class Analyst:
    """Somebody signed in to a server as a client, and what that client was told of the clock."""

    def __init__(self, server: DemoServer, http: httpx.AsyncClient, client: Client) -> None:
        self.server = server
        self.profile = demo_profile(server.url, server.services)
        self.offsets: list[float] = []
        self.connection = ClientConnection(
            http, SystemClock(), client, note_clock=self.offsets.append
        )
        self.token_endpoint = ""

    async def sign_in(self) -> TokenSet:
        """Go all the way; the demo analyst approves at once."""
        issuer = Issuer(self.profile.issuer, self.profile.expected_issuer)
        metadata = await discover(self.connection, issuer)
        self.token_endpoint = metadata.token_endpoint
        authorization = await request_authorization(
            self.connection, metadata, scope=SCOPE, extra={}
        )
        return await request_token(
            self.connection, self.token_endpoint, authorization=authorization, scope=SCOPE
        )

    async def renew(self, held: TokenSet) -> TokenSet:
        """Renew once."""
        return await refresh(self.connection, self.token_endpoint, held=held)

    async def who(self, held: TokenSet) -> object:
        """Ask who that is."""
        endpoint = self.profile.userinfo_endpoint
        return await fetch_userinfo(self.connection, endpoint, access_token=held.access_token)

    async def end(self, held: TokenSet) -> None:
        """End the grant."""
        endpoint = self.profile.app_grant_endpoint
        await revoke_app_grant(self.connection, endpoint, access_token=held.access_token)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


@pytest.fixture
def analyst(http: httpx.AsyncClient) -> Iterator[Callable[..., Analyst]]:
    """Give a maker of analysts, each with a server: `analyst(client, clock_skew=600)`."""
    with ExitStack() as stack:

        def make(
            client: Client = PUBLIC,
            **options: Any,  # noqa: ANN401 - DemoOptions' own
        ) -> Analyst:
            chosen = DemoOptions(interval=0, approve_after=0, **options)
            return Analyst(stack.enter_context(DemoServer(chosen)), http, client)

        yield make


def renewals(server: DemoServer) -> list[int]:
    """The statuses of the renewals that the server answered."""
    return [each.status for each in server.history() if each.grant_type == "refresh_token"]


@pytest.mark.parametrize(
    "client",
    [
        PUBLIC,
        Client(CONFIDENTIAL_CLIENT_ID, CONFIDENTIAL_CLIENT_SECRET),
        Client(POST_ONLY_CLIENT_ID, POST_ONLY_CLIENT_SECRET),
    ],
    ids=["public", "confidential", "post only"],
)
async def test_every_kind_of_client_renews_again_and_again(
    analyst: Callable[..., Analyst], client: Client
) -> None:
    one = analyst(client)
    held = first = await one.sign_in()
    for _ in range(2):
        newer = await one.renew(held)
        assert newer.refresh_token != held.refresh_token
        held = newer
    assert (held.scope, held.requested_scope) == (("profile", "enrich:read"), SCOPE)
    assert held.account == first.account
    assert renewals(one.server) == [200, 200]


async def test_the_signed_in_user_comes_from_the_server(analyst: Callable[..., Analyst]) -> None:
    one = analyst()
    said = await one.who(await one.sign_in())
    assert isinstance(said, dict)
    assert said["user"]["user-email"] == "dana@northwind.example"
    assert said["org"]["name"] == "Northwind SOC"


async def test_a_used_refresh_token_ends_everything(analyst: Callable[..., Analyst]) -> None:
    one = analyst()
    first = await one.sign_in()
    second = await one.renew(first)
    for held in (first, second):
        with pytest.raises(errors.InvalidGrant):
            await one.renew(held)
    with pytest.raises(errors.InvalidToken) as caught:
        await one.who(second)
    assert caught.value.status == 401
    assert caught.value.trace_id


async def test_ending_the_grant_ends_every_token_of_it(analyst: Callable[..., Analyst]) -> None:
    one = analyst()
    held = await one.sign_in()
    await one.end(held)
    with pytest.raises(errors.InvalidGrant):
        await one.renew(held)
    with pytest.raises(errors.InvalidToken):
        await one.who(held)
    with pytest.raises(errors.InvalidToken):
        await one.end(held)


async def test_an_administrator_can_end_everything(analyst: Callable[..., Analyst]) -> None:
    one = analyst()
    held = await one.sign_in()
    one.server.revoke_all()
    with pytest.raises(errors.InvalidGrant):
        await one.renew(held)


async def test_a_server_that_does_not_rotate_keeps_the_refresh_token(
    analyst: Callable[..., Analyst],
) -> None:
    one = analyst(refresh="keep")
    held = await one.sign_in()
    assert (await one.renew(held)).refresh_token == held.refresh_token


@pytest.mark.parametrize(
    ("fault", "kind", "status", "wait"),
    [
        ("401", errors.Refusal, 401, None),
        ("403:5", errors.Refusal, 403, 5.0),
        ("429:2s", errors.Throttled, 429, 2.0),
        ("503:2", errors.ServerFault, 503, 2.0),
        ("html", errors.PageInsteadOfAnswer, 200, None),
        ("reset", errors.TransportFailure, None, None),
        ("invalid_grant", errors.InvalidGrant, 400, None),
    ],
)
async def test_what_stops_a_renewal_is_told_apart_and_the_next_one_works(
    analyst: Callable[..., Analyst],
    fault: str,
    kind: type[errors.OAuthError],
    status: int | None,
    wait: float | None,
) -> None:
    one = analyst()
    held = await one.sign_in()
    one.server.inject(fault, grant_type="refresh_token")
    with pytest.raises(errors.OAuthError) as caught:
        await one.renew(held)
    assert type(caught.value) is kind
    assert getattr(caught.value, "status", None) == status
    assert getattr(caught.value, "retry_after", None) == wait
    assert (await one.renew(held)).access_token != held.access_token


@pytest.mark.parametrize(("skew", "least", "most"), [(-600, 60, 600), (600, -600, -60)])
async def test_a_clock_that_differs_is_noticed_at_each_answer(
    analyst: Callable[..., Analyst], skew: float, least: float, most: float
) -> None:
    one = analyst(clock_skew=skew)
    held = await one.sign_in()
    await one.who(await one.renew(held))
    assert len(one.offsets) == 4
    assert all(least <= offset <= most for offset in one.offsets)


async def test_clocks_that_agree_differ_by_nothing(analyst: Callable[..., Analyst]) -> None:
    one = analyst()
    await one.sign_in()
    assert one.offsets == [0.0, 0.0]

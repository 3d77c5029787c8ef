"""Renewal, identity and revocation with npm's oidc-provider."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from desktop.oauth import errors
from desktop.oauth.client import Client, ClientConnection
from desktop.oauth.clock import SystemClock
from desktop.oauth.grants.device import request_authorization
from desktop.oauth.grants.token import refresh, request_token
from desktop.oauth.identity import fetch_userinfo
from desktop.oauth.metadata import Issuer, ServerMetadata, discover
from desktop.oauth.model.token_set import TokenSet
from desktop.oauth.revocation import revoke
from tests.rigs.browser import Person
from tests.rigs.oidc_provider import Client as RegisteredClient
from tests.rigs.oidc_provider import OidcProvider, approve

SCOPE = ("openid", "profile", "email", "offline_access")
KINDS = ["public", "basic", "post"]


class SignedIn:
    """A sign-in at the provider with one of its clients."""

    def __init__(self, connection: ClientConnection, offsets: list[float]) -> None:
        self.connection = connection
        self.offsets = offsets
        self.metadata = ServerMetadata()

    async def sign_in(self, provider: OidcProvider, person: Person) -> TokenSet:
        """Sign in with the pages of the provider."""
        self.metadata = await discover(self.connection, Issuer(provider.issuer))
        authorization = await request_authorization(
            self.connection, self.metadata, scope=SCOPE, extra={}
        )
        link = authorization.verification_uri_complete or authorization.verification_uri
        await asyncio.wrap_future(person.do(lambda page: page.goto(link)))
        await asyncio.wrap_future(person.do(approve))
        return await request_token(
            self.connection,
            self.metadata.token_endpoint,
            authorization=authorization,
            scope=SCOPE,
        )

    async def renew(self, held: TokenSet) -> TokenSet:
        return await refresh(self.connection, self.metadata.token_endpoint, held=held)

    async def who(self, held: TokenSet) -> object:
        endpoint = self.metadata.userinfo_endpoint
        return await fetch_userinfo(self.connection, endpoint, access_token=held.access_token)

    async def revoke(self, token: str | None, hint: str) -> None:
        endpoint = self.metadata.revocation_endpoint
        await revoke(self.connection, endpoint, token=token or "", token_type_hint=hint)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


@pytest.fixture
def signed_in(
    http: httpx.AsyncClient, oidc_provider: OidcProvider, request: pytest.FixtureRequest
) -> SignedIn:
    """Sign in with the kind of client that the test selects; `public` by default."""
    registered: RegisteredClient = getattr(oidc_provider, getattr(request, "param", "public"))
    offsets: list[float] = []
    client = Client(registered.id, registered.secret)
    return SignedIn(
        ClientConnection(http, SystemClock(), client, note_clock=offsets.append), offsets
    )


@pytest.mark.parametrize("signed_in", KINDS, indirect=True)
async def test_every_kind_of_client_renews_identifies_and_revokes(
    signed_in: SignedIn, oidc_provider: OidcProvider, person: Person
) -> None:
    first = await signed_in.sign_in(oidc_provider, person)
    assert first.account.user == "analyst@example.com"
    second = await signed_in.renew(first)
    assert second.refresh_token != first.refresh_token
    assert second.access_token != first.access_token
    assert (second.scope, second.requested_scope) == (first.scope, SCOPE)
    assert second.account == first.account
    for tokens in (first, second):
        assert tokens.id_token
        assert tokens.id_expires_at is not None
        assert tokens.id_expires_at > tokens.issued_at
    said = await signed_in.who(second)
    assert isinstance(said, dict)
    assert said["name"] == "Ana analyst"
    await signed_in.revoke(second.refresh_token, "refresh_token")
    with pytest.raises(errors.InvalidGrant):
        await signed_in.renew(second)
    await signed_in.revoke(second.refresh_token, "refresh_token")  # revoking twice is allowed
    assert signed_in.offsets
    assert max(map(abs, signed_in.offsets)) < 60  # the limit for a warning


async def test_a_reused_refresh_token_ends_the_grant(
    signed_in: SignedIn, oidc_provider: OidcProvider, person: Person
) -> None:
    first = await signed_in.sign_in(oidc_provider, person)
    second = await signed_in.renew(first)
    for held in (first, second):
        with pytest.raises(errors.InvalidGrant):
            await signed_in.renew(held)
    with pytest.raises(errors.InvalidToken) as caught:
        await signed_in.who(second)
    assert (caught.value.error, caught.value.status) == ("invalid_token", 401)


async def test_revoking_the_access_token_ends_the_grant(
    signed_in: SignedIn, oidc_provider: OidcProvider, person: Person
) -> None:
    held = await signed_in.sign_in(oidc_provider, person)
    await signed_in.revoke(held.access_token, "access_token")
    with pytest.raises(errors.InvalidToken):
        await signed_in.who(held)
    with pytest.raises(errors.InvalidGrant):  # RFC 7009 section 2.1 allows it
        await signed_in.renew(held)


async def test_an_unknown_client_cannot_revoke(
    signed_in: SignedIn, oidc_provider: OidcProvider, person: Person
) -> None:
    held = await signed_in.sign_in(oidc_provider, person)
    stranger = SignedIn(
        ClientConnection(signed_in.connection.http, SystemClock(), Client("stranger")), []
    )
    stranger.metadata = signed_in.metadata
    with pytest.raises(errors.InvalidClient):
        await stranger.revoke(held.refresh_token, "refresh_token")
    await signed_in.renew(held)

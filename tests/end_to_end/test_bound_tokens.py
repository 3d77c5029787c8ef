"""Bound tokens (DPoP) with npm's oidc-provider: renewed, used, and worth nothing to a thief."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import httpx
import pytest

from desktop.oauth import errors
from desktop.oauth.client import Client, ClientConnection
from desktop.oauth.clock import SystemClock
from desktop.oauth.dpop import Authorizer, Proofs, new_key
from desktop.oauth.grants.device import request_authorization
from desktop.oauth.grants.token import refresh, request_token
from desktop.oauth.grants.token_exchange import exchange_token
from desktop.oauth.identity import fetch_userinfo
from desktop.oauth.metadata import Issuer, ServerMetadata, discover
from desktop.oauth.model.token_set import TokenSet
from desktop.oauth.resource import ResourceRequest, open_resource
from desktop.oauth.revocation import revoke
from tests.rigs.browser import Person
from tests.rigs.oidc_provider import PUBLIC, OidcProvider, Settings, approve

SCOPE = ("openid", "profile", "offline_access")
StartProvider = Callable[[Settings], OidcProvider]


class Owner:
    """The computer where somebody signed in."""

    def __init__(self, http: httpx.AsyncClient, metadata: ServerMetadata) -> None:
        self.http = http
        self.metadata = metadata
        self.connection = self.connect(new_key())

    def connect(self, key: str | None) -> ClientConnection:
        proofs = Proofs(SystemClock(), key)
        return ClientConnection(self.http, SystemClock(), Client(PUBLIC.id), proofs=proofs)

    async def sign_in(self, person: Person) -> TokenSet:
        authorization = await request_authorization(
            self.connection, self.metadata, scope=SCOPE, extra={}
        )
        link = authorization.verification_uri_complete or authorization.verification_uri
        await asyncio.wrap_future(person.do(lambda page: page.goto(link)))
        with pytest.raises(errors.AuthorizationPending):
            await self._poll(authorization)
        await asyncio.wrap_future(person.do(approve))
        return await self._poll(authorization)

    async def renew(self, held: TokenSet, connection: ClientConnection) -> TokenSet:
        return await refresh(connection, self.metadata.token_endpoint, held=held)

    async def who(self, held: TokenSet, authorize: Authorizer | None) -> object:
        return await fetch_userinfo(
            self.connection,
            self.metadata.userinfo_endpoint,
            access_token=held.access_token,
            authorize=authorize,
        )

    async def _poll(self, authorization: object) -> TokenSet:
        return await request_token(
            self.connection,
            self.metadata.token_endpoint,
            authorization=authorization,  # type: ignore[arg-type]
            scope=SCOPE,
        )


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


async def owner_at(provider: OidcProvider, http: httpx.AsyncClient) -> Owner:
    connection = ClientConnection(http, SystemClock(), Client(PUBLIC.id))
    return Owner(http, await discover(connection, Issuer(provider.issuer)))


@pytest.mark.parametrize("mode", ["required", "nonce"])
async def test_bound_tokens_work_for_their_owner_and_are_worth_nothing_to_a_thief(
    start_oidc_provider: StartProvider, http: httpx.AsyncClient, person: Person, mode: str
) -> None:
    owner = await owner_at(start_oidc_provider(Settings(dpop=mode)), http)
    assert "ES256" in owner.metadata.dpop_signing_alg_values_supported
    first = await owner.sign_in(person)
    assert (first.token_type, len(first.key or "")) == ("DPoP", 43)
    held = await owner.renew(first, owner.connection)
    assert (held.token_type, held.key) == ("DPoP", first.key)
    assert held.refresh_token

    # A public client's tokens, leaked without the key.
    with pytest.raises(errors.InvalidToken):
        await owner.who(held, None)
    thief = owner.connect(new_key())
    assert thief.proofs is not None
    with pytest.raises(errors.OAuthError) as refused:
        await owner.who(held, thief.proofs.authorizer(held.access_token))
    assert isinstance(refused.value, (errors.InvalidToken, errors.ProofRejected))
    with pytest.raises(errors.OAuthError):
        await owner.renew(held, owner.connect(None))
    with pytest.raises(errors.InvalidGrant):
        await owner.renew(held, thief)

    assert owner.connection.proofs is not None
    authorize = owner.connection.proofs.authorizer(held.access_token)
    said = await owner.who(held, authorize)
    assert isinstance(said, dict)
    assert said["sub"] == "analyst"
    again = await owner.renew(held, owner.connection)
    await revoke(
        owner.connection,
        owner.metadata.revocation_endpoint,
        token=again.refresh_token or "",
        token_type_hint="refresh_token",
    )
    with pytest.raises(errors.InvalidGrant):
        await owner.renew(again, owner.connection)


async def test_a_proof_works_once(
    start_oidc_provider: StartProvider, http: httpx.AsyncClient, person: Person
) -> None:
    owner = await owner_at(start_oidc_provider(Settings(dpop="required")), http)
    held = await owner.sign_in(person)
    assert owner.connection.proofs is not None
    request = ResourceRequest("GET", owner.metadata.userinfo_endpoint)
    used = owner.connection.proofs.authorization(
        "GET", request.address, access_token=held.access_token
    )

    async def replay(_method: str, _address: str, _nonce: str | None) -> dict[str, str]:
        return used

    statuses = []
    for _ in range(2):
        async with open_resource(
            http, request, access_token=held.access_token, authorize=replay
        ) as answer:
            statuses.append(answer.status)
    assert statuses == [200, 401]


async def test_without_proofs_nobody_signs_in_where_they_are_required(
    start_oidc_provider: StartProvider, http: httpx.AsyncClient, person: Person
) -> None:
    owner = await owner_at(start_oidc_provider(Settings(dpop="required")), http)
    owner.connection = replace(owner.connection, proofs=None)
    with pytest.raises(errors.OAuthError):
        await owner.sign_in(person)


@pytest.mark.parametrize("mode", ["required", "nonce"])
async def test_a_bound_token_is_exchanged_only_with_a_proof_of_its_key(
    start_oidc_provider: StartProvider, http: httpx.AsyncClient, person: Person, mode: str
) -> None:
    owner = await owner_at(start_oidc_provider(Settings(dpop=mode)), http)
    held = await owner.sign_in(person)

    async def exchange(connection: ClientConnection) -> TokenSet:
        endpoint = owner.metadata.token_endpoint
        return await exchange_token(connection, endpoint, subject_token=held.access_token)

    second = await exchange(owner.connection)
    assert (second.token_type, second.key) == ("DPoP", held.key)
    assert owner.connection.proofs is not None
    said = await owner.who(second, owner.connection.proofs.authorizer(second.access_token))
    assert isinstance(said, dict)
    assert said["sub"] == "analyst"
    for other in (owner.connect(None), owner.connect(new_key())):
        with pytest.raises(errors.InvalidToken):
            await exchange(other)

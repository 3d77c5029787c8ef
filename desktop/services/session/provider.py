"""The authorization server of one profile: where its endpoints are, and who speaks to it."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx

from desktop.oauth.addresses import host_of
from desktop.oauth.app_grant import AppGrant, app_grant_status
from desktop.oauth.client import Client, ClientAuthentication, ClientConnection
from desktop.oauth.errors import (
    CaptivePortal,
    CertificateRejected,
    MissingEndpoint,
    PageInsteadOfAnswer,
    TransportFailure,
    Trouble,
)
from desktop.oauth.fields import Members
from desktop.oauth.grants.token import TokenSet, refresh
from desktop.oauth.identity import who_am_i
from desktop.oauth.metadata import (
    FOR_CLIENT,
    FOR_CODE,
    FOR_DEVICE,
    Issuer,
    ServerMetadata,
    discover,
)
from desktop.oauth.portal import portal_before
from desktop.services.model.errors import ClientPasswordMissing
from desktop.services.model.profile import Profile, client_password_key, issued_for
from desktop.services.network.environment import Surroundings
from desktop.services.secrets import secret_encoding
from desktop.services.secrets.keystore import KeystoreError


class Provider:
    """Opens the connection, finds the client's password and the endpoints, and remembers them.

    `metadata` is `None` until it was needed. `known_methods` is how the client proved itself to
    each endpoint. `clock_offset` is by how many seconds this computer's clock was last seen ahead
    of the server's. With `keyring_is_optional` a client that may be a public one goes on as such
    where the keyring cannot be read.
    """

    def __init__(self, profile: Profile, world: Surroundings) -> None:
        self.metadata: ServerMetadata | None = None
        self.known_methods: dict[str, ClientAuthentication] = {}
        self.clock_offset = 0.0
        self.keyring_is_optional = False
        self.profile = profile
        self._world = world
        self._http: httpx.AsyncClient | None = None
        self._client: Client | None = None

    def has_expired(self, tokens: TokenSet) -> bool:
        """Whether the access token of `tokens` is over by now."""
        return tokens.expires_at is not None and tokens.expires_at <= self._world.clock.utc()

    async def connected(self) -> ClientConnection:
        """A connection for a new sign-in. Raises `KeystoreError` or `ClientPasswordMissing`.

        The password is read anew: it may have been stored or corrected since.
        """
        self._client = await self._find_client()
        return await self._connection(self._client)

    async def connected_as_before(self) -> ClientConnection:
        """A connection as the client of the last one: no keyring is asked again for a renewal."""
        if self._client is None:
            return await self.connected()
        return await self._connection(self._client)

    def forget_client(self) -> None:
        """Read the password anew for the next connection."""
        self._client = None

    async def discovered(self, connection: ClientConnection) -> ServerMetadata:
        """The endpoints; raises `OAuthError`."""
        if self.metadata is None:
            self.metadata = await discovered(connection, self.profile)
        return self.metadata

    @property
    def speaks_for_client(self) -> bool:
        """Whether the client signs in as itself: no person is there to grant or to revoke."""
        return self.profile.grant == "client-credentials"

    async def own_token(self, connection: ClientConnection) -> TokenSet:
        """A token in the client's own name; raises `OAuthError`."""
        # Few need it: it is not loaded for the others before their first code.
        from desktop.oauth.grants.client_credentials import request_own_token

        endpoint = (await self.discovered(connection)).token_endpoint
        profile = self.profile
        return await request_own_token(
            connection, endpoint, scope=profile.scope, extra=profile.extra_parameters
        )

    def can_renew(self, tokens: TokenSet) -> bool:
        """Whether there can be new tokens in place of `tokens` without anybody's doing."""
        return tokens.refresh_token is not None or self.speaks_for_client

    async def renewed(self, held: TokenSet) -> TokenSet:
        """New tokens in place of `held`, which can be renewed.

        Raises `OAuthError`, `KeystoreError` or `ClientPasswordMissing`.
        """
        connection = await self.connected_as_before()
        if self.speaks_for_client:
            return await self.own_token(connection)
        endpoint = (await self.discovered(connection)).token_endpoint
        return await refresh(connection, endpoint, held=held)

    async def who_am_i(self, access_token: str) -> Members:
        """What the server says of who signed in; empty where it has no such endpoint.

        Raises `OAuthError`.
        """
        connection = await self.connected_as_before()
        endpoint = self.profile.userinfo_endpoint
        if not endpoint:
            endpoint = (await self.discovered(connection)).userinfo_endpoint
        if not endpoint:
            return {}
        return await who_am_i(connection, endpoint, access_token=access_token)

    async def app_grant(self, access_token: str) -> AppGrant | None:
        """What the person has granted to this app; `None` where the server has no such thing.

        Raises `OAuthError`, `KeystoreError` or `ClientPasswordMissing`.
        """
        endpoint = self.profile.app_grant_endpoint
        if not endpoint or self.speaks_for_client:
            return None
        connection = await self.connected_as_before()
        return await app_grant_status(connection, endpoint, access_token=access_token)

    async def close(self) -> None:
        """End the connections."""
        if self._http is not None:
            await self._http.aclose()

    async def _connection(self, client: Client) -> ClientConnection:
        if self._http is None:
            self._http = await self._world.open_http(self.profile)
        return ClientConnection(
            self._http, self._world.clock, client, self.known_methods, self._note_clock
        )

    def _note_clock(self, offset: float) -> None:
        self.clock_offset = offset

    async def _find_client(self) -> Client:
        method = ClientAuthentication(self.profile.client_authentication)
        if method is ClientAuthentication.NONE and not self.speaks_for_client:
            return Client(self.profile.client_id, None, method)
        automatic = method is ClientAuthentication.AUTO
        optional = self.keyring_is_optional and automatic and not self.speaks_for_client
        value = await self._saved_password(optional=optional)
        password = value and secret_encoding.decode_password(
            value, issued_for=issued_for(self.profile)
        )
        must_have = self.speaks_for_client or method is not ClientAuthentication.AUTO
        if not password and (value or must_have):
            raise ClientPasswordMissing(self.profile.id)
        return Client(self.profile.client_id, password or None, method)

    async def _saved_password(self, *, optional: bool) -> str | None:
        # From the keyring, even where the tokens stay in memory.
        try:
            return await self._world.keystore.load(client_password_key(self.profile))
        except KeystoreError:
            if not optional:
                raise
            return None


Found = TypeVar("Found")
Question = Callable[[Provider, str], Awaitable[Found]]
"""What can be asked with an access token, such as `Provider.who_am_i`."""


async def discovered(connection: ClientConnection, profile: Profile) -> ServerMetadata:
    """The endpoints of `profile`; raises `OAuthError`, and names a portal that is in the way."""
    try:
        return await _discovered(connection, profile)
    except Trouble as error:
        portal = await portal_behind(connection, error)
        if portal is None:
            raise
        raise portal from error


async def portal_behind(connection: ClientConnection, error: Trouble) -> CaptivePortal | None:
    """The portal that may be why a server could not be reached; `None` where none is seen."""
    if type(error) not in _PERHAPS_A_PORTAL:
        return None
    return await portal_before(connection.http, error.host)


_PERHAPS_A_PORTAL = {CertificateRejected, PageInsteadOfAnswer, TransportFailure}

_NEEDS = {"device": FOR_DEVICE, "code": FOR_CODE, "client-credentials": FOR_CLIENT}


async def _discovered(connection: ClientConnection, profile: Profile) -> ServerMetadata:
    manual = ServerMetadata(
        device_authorization_endpoint=profile.device_authorization_endpoint,
        token_endpoint=profile.token_endpoint,
        authorization_endpoint=profile.authorization_endpoint,
    )
    needs = _NEEDS[profile.grant]
    missing = manual.missing(needs)
    if not missing:
        return manual
    if not profile.issuer:
        raise MissingEndpoint(host_of(profile.token_endpoint), missing)
    issuer = Issuer(profile.issuer, profile.expected_issuer)
    return await discover(connection, issuer, manual=manual, needs=needs)

"""The authorization server of one profile: its endpoints, and the client that connects to it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

import httpx

from desktop.oauth.addresses import host_of
from desktop.oauth.client import Client, ClientConnection
from desktop.oauth.dpop import ALGORITHM, Authorizer, Proofs, load_cryptography, new_key
from desktop.oauth.errors import (
    BindingNotOffered,
    CaptivePortal,
    CertificateRejected,
    MissingEndpoint,
    OAuthError,
    PageInsteadOfAnswer,
    TokenNotBound,
    TransportFailure,
    Trouble,
)
from desktop.oauth.grants.token import refresh, request_own_token
from desktop.oauth.metadata import (
    FOR_CLIENT,
    FOR_CODE,
    FOR_DEVICE,
    Issuer,
    ServerMetadata,
    discover,
)
from desktop.oauth.model.client_authentication import ClientAuthentication
from desktop.oauth.model.quota import Quota
from desktop.oauth.model.token_set import TokenSet
from desktop.oauth.portal import find_portal
from desktop.oauth.redaction.known_secrets import KnownSecrets
from desktop.oauth.revocation import revoke
from desktop.services.model.access_token import AccessToken
from desktop.services.model.errors import ClientSecretMissing, SessionError
from desktop.services.model.instants import is_expired
from desktop.services.model.profile import Profile, client_binding, client_secret_key
from desktop.services.network.environment import Environment
from desktop.services.secrets import secret_encoding
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.session.audit.session_audit import SessionAudit

_log = logging.getLogger(__name__)

_REVOCATION_TIMEOUT = 15.0  # seconds in total: somebody waits for the error


class Provider:
    """Opens connections, and remembers the client secret and the endpoints.

    `metadata` is `None` until it was needed. `known_methods` has the client authentication that
    each endpoint accepted. `clock_offset` is how many seconds this computer's clock was last ahead
    of the server's. With `keyring_is_optional` a client that may be public does without a secret if
    the keyring cannot be read. `secrets` are those that the server may repeat. `on_quota` is called
    with the request quota that an answer reports. `audit` is told what happens to the tokens.
    """

    def __init__(
        self,
        profile: Profile,
        environment: Environment,
        *,
        secrets: KnownSecrets | None = None,
    ) -> None:
        self.metadata: ServerMetadata | None = None
        self.known_methods: dict[str, ClientAuthentication] = {}
        self.clock_offset = 0.0
        self.keyring_is_optional = False
        self.on_quota: Callable[[Quota], None] = lambda _quota: None
        self.secrets = KnownSecrets() if secrets is None else secrets
        self.profile = profile
        self.audit = SessionAudit(profile, environment.audit)
        self._environment = environment
        self._http: httpx.AsyncClient | None = None
        self._client: Client | None = None
        self.binding = Binding(profile, environment)

    def has_expired(self, tokens: TokenSet) -> bool:
        return is_expired(tokens.expires_at, self._environment.clock.utc())

    async def connect(self) -> ClientConnection:
        """Connect for a new sign-in. Raises `KeystoreError` or `ClientSecretMissing`.

        The client secret is read again: it may have been saved or corrected since.
        """
        self._client = await self._load_client()
        return await self._open_connection(self._client)

    async def reconnect(self, key: str | None = None) -> ClientConnection:
        """Connect as the same client again: a renewal does not read the keyring.

        `key` is the one to which the tokens are bound.
        """
        if self._client is None:
            self._client = await self._load_client()
        return await self._open_connection(self._client, key)

    def forget_client(self) -> None:
        """Read the client secret again for the next connection."""
        self._client = None

    async def discover(self, connection: ClientConnection) -> ServerMetadata:
        """Find the endpoints; raises `OAuthError`."""
        if self.metadata is None:
            self.metadata = await discover_endpoints(connection, self.profile)
        return self.metadata

    async def discover_for_sign_in(self, connection: ClientConnection) -> ServerMetadata:
        """Find the endpoints, and make a key if tokens are to be bound; raises `OAuthError`."""
        metadata = await self.discover(connection)
        await self.binding.make_key(connection, metadata)
        return metadata

    async def load_kept_metadata(self) -> ServerMetadata | None:
        """Return what the last good sign-in found out, if this provider knows nothing better."""
        if self.metadata is not None:
            return None
        kept, at = self._environment.kept_metadata, self._environment.clock.utc()
        return await kept.load(self.profile, at=at)

    async def keep_metadata(self) -> None:
        """Keep the metadata, with which somebody has signed in."""
        kept, at = self._environment.kept_metadata, self._environment.clock.utc()
        await kept.save(self.profile, self.metadata or ServerMetadata(), at=at)

    async def forget_kept_metadata(self) -> None:
        await self._environment.kept_metadata.delete(self.profile.id)

    @property
    def uses_client_credentials(self) -> bool:
        """Whether the client signs in as itself: then no user grants or revokes anything."""
        return self.profile.grant == "client-credentials"

    async def request_client_token(self, connection: ClientConnection) -> TokenSet:
        """Request a token for the client itself; raises `OAuthError`."""
        endpoint = (await self.discover(connection)).token_endpoint
        profile = self.profile
        return await request_own_token(
            connection, endpoint, scope=profile.scope, extra=profile.extra_parameters
        )

    async def prepare(self) -> None:
        """Connect and find the endpoints, so that nothing else is asked for a renewal.

        Raises `OAuthError`, `KeystoreError` or `ClientSecretMissing`.
        """
        await self.discover(await self.reconnect())

    def can_renew(self, tokens: TokenSet) -> bool:
        """Whether `tokens` can be renewed without signing in again."""
        return tokens.refresh_token is not None or self.uses_client_credentials

    async def renew(self, held: TokenSet) -> TokenSet:
        """Request new tokens for `held`, which can be renewed.

        Raises `OAuthError`, `KeystoreError` or `ClientSecretMissing`.
        """
        connection = await self.reconnect(held.key)
        if self.uses_client_credentials:
            return await self.request_client_token(connection)
        endpoint = (await self.discover(connection)).token_endpoint
        return await refresh(connection, endpoint, held=held)

    async def authorizer(self, token: AccessToken) -> Authorizer | None:
        """Return what makes the headers for a bound `token`; `None` for a bearer token."""
        return await self.binding.authorizer(token, self.clock_offset)

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()

    async def _open_connection(self, client: Client, key: str | None = None) -> ClientConnection:
        if self._http is None:
            self._http = await self._environment.open_http(self.profile)
        return ClientConnection(
            self._http,
            self._environment.clock,
            client,
            self.known_methods,
            self._record_clock_offset,
            self._record_quota,
            self.secrets,
            await self.binding.proofs(key, self.clock_offset),
        )

    def _record_clock_offset(self, offset: float) -> None:
        self.clock_offset = offset

    def _record_quota(self, quota: Quota) -> None:
        self.on_quota(quota)

    async def _load_client(self) -> Client:
        method = ClientAuthentication(self.profile.client_authentication)
        names = {"region": self.profile.region, "preset": self.profile.preset}
        if method is ClientAuthentication.NONE and not self.uses_client_credentials:
            return Client(self.profile.client_id, None, method, **names)
        automatic = method is ClientAuthentication.AUTO
        optional = self.keyring_is_optional and automatic and not self.uses_client_credentials
        try:
            # From the keyring, even if the tokens stay in memory.
            value = await self._environment.keystore.load(client_secret_key(self.profile))
        except KeystoreError:
            if not optional:
                raise
            value = None
        client_secret = value and secret_encoding.decode_password(
            value, issued_for=client_binding(self.profile)
        )
        is_required = self.uses_client_credentials or not automatic
        if not client_secret and (value or is_required):
            raise ClientSecretMissing(self.profile.id, self.profile.preset)
        return Client(self.profile.client_id, client_secret or None, method, **names)


class Binding:
    """Binds the tokens of `profile` to a key, as far as the profile and the server want that."""

    def __init__(self, profile: Profile, environment: Environment) -> None:
        self._profile = profile
        self._clock = environment.clock
        self._worker = environment.worker  # cryptography is large, and loads with the first key
        # By origin. Those of resources are apart (RFC 9449 section 9): programs name them too, and
        # must not change what is sent with a renewal.
        self._nonces: dict[str, str] = {}
        self._resource_nonces: dict[str, str] = {}

    async def make_key(self, connection: ClientConnection, metadata: ServerMetadata) -> None:
        """Make a key for a new sign-in, if tokens are to be bound; raises `BindingNotOffered`."""
        proofs, wish = connection.proofs, self._profile.dpop
        is_offered = ALGORITHM in metadata.dpop_signing_alg_values_supported
        # What has no issuer is not the server's metadata, so its answer decides.
        if wish == "required" and metadata.issuer and not is_offered:
            raise BindingNotOffered(host_of(self._profile.issuer))
        is_wanted = wish == "required" or (wish == "auto" and is_offered)
        if proofs is not None and proofs.key is None and is_wanted:
            proofs.key = await self._worker.run(new_key)

    async def proofs(self, key: str | None, clock_offset: float) -> Proofs:
        """Return what proves that this computer has `key`, ready to use without blocking."""
        if key is not None:
            await self._worker.run(load_cryptography)
        is_required = self._profile.dpop == "required"
        return Proofs(self._clock, key, self._nonces, clock_offset, is_required=is_required)

    async def authorizer(self, token: AccessToken, clock_offset: float) -> Authorizer | None:
        """Return what makes the headers for a bound `token`; `None` for a bearer token."""
        if not token.is_bound:
            return None
        proofs = await self.proofs(token.key, clock_offset)
        return replace(proofs, nonces=self._resource_nonces).authorizer(token.access_token)


async def revoke_refused(
    provider: Provider, refused: TokenNotBound, *, held: TokenSet | None = None
) -> None:
    """Revoke tokens that nobody uses because they are not bound, as far as the server does that.

    The refresh token of `held` stays: it is bound.
    """
    tokens = refused.tokens
    is_new = held is None or tokens.refresh_token != held.refresh_token
    found = (
        (tokens.refresh_token if is_new else None, "refresh_token"),
        (tokens.access_token, "access_token"),
    )
    try:
        async with asyncio.timeout(_REVOCATION_TIMEOUT):
            connection = await provider.reconnect(tokens.key)
            endpoint = provider.profile.revocation_endpoint
            endpoint = endpoint or (await provider.discover(connection)).revocation_endpoint
            for token, hint in found if endpoint else ():
                if token is not None:
                    await revoke(connection, endpoint, token=token, token_type_hint=hint)
    except (OAuthError, KeystoreError, SessionError, TimeoutError) as error:
        # Why they were refused is what people need to know.
        _log.info("refused tokens not revoked: %s", type(error).__name__)


Found = TypeVar("Found")
Query = Callable[[Provider, AccessToken], Awaitable[Found]]
"""A request that needs an access token, such as `queries.fetch_userinfo`."""


async def discover_endpoints(connection: ClientConnection, profile: Profile) -> ServerMetadata:
    """Find the endpoints of `profile`; raises `OAuthError`, such as `CaptivePortal`."""
    try:
        return await _discover_endpoints(connection, profile)
    except Trouble as error:
        portal = await detect_portal(connection, error)
        if portal is None:
            raise
        raise portal from error


async def detect_portal(connection: ClientConnection, error: Trouble) -> CaptivePortal | None:
    """Look for the portal that may have caused `error`; `None` if there is none."""
    if type(error) not in _PORTAL_SYMPTOMS:
        return None
    return await find_portal(connection.http, error.host, secrets=connection.secrets)


_PORTAL_SYMPTOMS = {CertificateRejected, PageInsteadOfAnswer, TransportFailure}

_REQUIRED_ENDPOINTS = {"device": FOR_DEVICE, "code": FOR_CODE, "client-credentials": FOR_CLIENT}


async def _discover_endpoints(connection: ClientConnection, profile: Profile) -> ServerMetadata:
    manual = ServerMetadata(
        device_authorization_endpoint=profile.device_authorization_endpoint,
        token_endpoint=profile.token_endpoint,
        authorization_endpoint=profile.authorization_endpoint,
    )
    needs = _REQUIRED_ENDPOINTS[profile.grant]
    missing = manual.missing(needs)
    if not missing:
        return manual
    if not profile.issuer:
        raise MissingEndpoint(host_of(profile.token_endpoint), missing)
    issuer = Issuer(profile.issuer, profile.expected_issuer)
    return await discover(connection, issuer, manual=manual, needs=needs)

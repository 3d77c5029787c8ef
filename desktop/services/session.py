"""The sign-in of one profile: one state value, one observer, one owned task."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace

import httpx

from desktop.oauth.addresses import host_of
from desktop.oauth.client import Client, ClientAuthentication, ClientConnection
from desktop.oauth.clock import Clock
from desktop.oauth.device import DeviceAuthorization, request_authorization
from desktop.oauth.errors import OAuthError
from desktop.oauth.metadata import Issuer, ServerMetadata, discover
from desktop.oauth.polling import Progress, poll
from desktop.oauth.token import TokenSet, request_token
from desktop.services import saved_tokens
from desktop.services.keystore import KeyringMissing, Keystore, KeystoreError, MemoryKeystore
from desktop.services.profiles import (
    Profile,
    client_password_key,
    is_own_link,
    issued_for,
    tokens_key,
)
from desktop.services.saved_tokens import Saved
from desktop.services.session_errors import ClientPasswordMissing, NotSignedOut, SessionError
from desktop.services.states import (
    AwaitingApproval,
    Failed,
    Requesting,
    SignedIn,
    SignedOut,
    State,
)

_log = logging.getLogger(__name__)

# Seconds that the end of the program waits for the keyring to take or give back a token.
LAST_WRITE = 3.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a session needs of the world, so that a test can pass another one."""

    keystore: Keystore
    open_http: Callable[[], Awaitable[httpx.AsyncClient]]
    clock: Clock


class Session:
    """Signs one profile in and out, and keeps its tokens.

    `observer` is called with every new state, on the event loop. Commands return at once; what they
    start replaces whatever was under way. An error that nobody expected becomes a `Failed` state
    too and goes to the event loop's exception handler, which writes the crash report.
    """

    def __init__(
        self, profile: Profile, world: Surroundings, *, observer: Callable[[State], None]
    ) -> None:
        self.profile = profile
        self.state: State = Requesting(opening=True)
        self._world = world
        self._observer = observer
        self._keystore = world.keystore
        self._without_keyring: KeystoreError | None = None
        self._http: httpx.AsyncClient | None = None
        self._known_methods: dict[str, ClientAuthentication] = {}
        self._metadata: ServerMetadata | None = None
        self._tokens: TokenSet | None = None
        self._dropped: TokenSet | None = None
        self._nudge = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._unfinished: set[asyncio.Task[None]] = set()
        self._last_work: Callable[[], Awaitable[None]] = self._open

    def open(self) -> None:
        """Show what is stored; where nothing is, sign in."""
        self._begin(self._open)

    def sign_in(self) -> None:
        """Ask for a code and wait for its approval."""
        self._begin(self._sign_in)

    def new_code(self) -> None:
        """A new code in place of the one on screen; not while that one is fresh."""
        state = self.state
        if isinstance(state, Requesting):
            return
        if isinstance(state, AwaitingApproval) and (
            state.approved or state.is_fresh(self._world.clock.utc())
        ):
            return
        self.sign_in()

    def ask_now(self) -> None:
        """Ask the server now if its interval has passed: somebody is back at the window."""
        self._nudge.set()

    def cancel(self) -> None:
        """Give up what is under way. A token that is already being saved is not thrown away."""
        state = self.state
        waiting = isinstance(state, AwaitingApproval) and not state.approved
        if waiting or isinstance(state, Requesting):
            self._begin(self._cancelled)

    def sign_out(self) -> None:
        """Remove the tokens from this computer."""
        self._begin(self._sign_out)

    def retry(self) -> None:
        """Do once more what failed."""
        self._begin(self._last_work)

    def continue_without_keyring(self) -> None:
        """Sign in and keep the token in memory, until the program ends."""
        error = self.state.error if isinstance(self.state, Failed) else None
        self._without_keyring = error if isinstance(error, KeystoreError) else KeystoreError()
        self._keystore = MemoryKeystore()
        self.sign_in()

    def save_again(self) -> None:
        """Try once more to put the token into the keyring."""
        self._keystore = self._world.keystore
        self._without_keyring = None
        self._begin(self._save)

    def access_token(self) -> str | None:
        """The access token while it is valid."""
        tokens = self._tokens
        if tokens is None:
            return None
        if tokens.expires_at is not None and tokens.expires_at <= self._world.clock.utc():
            return None
        return tokens.access_token

    async def close(self) -> None:
        """End what is under way and the connections; returns when no request is left."""
        if self._task is not None:
            if self._last_work in {self._sign_out, self._save} or _is_saving(self.state):
                await asyncio.wait({self._task}, timeout=LAST_WRITE)
            self._task.cancel()
        await _ended(self._unfinished)
        if self._http is not None:
            await self._http.aclose()

    def _begin(self, work: Callable[[], Awaitable[None]]) -> None:
        if self._task is not None:
            self._task.cancel()
        self._last_work = work
        self._task = asyncio.ensure_future(self._run(work, after=frozenset(self._unfinished)))
        self._unfinished.add(self._task)
        self._task.add_done_callback(self._unfinished.discard)
        self._task.add_done_callback(self._report_crash)

    async def _run(
        self, work: Callable[[], Awaitable[None]], *, after: frozenset[asyncio.Task[None]]
    ) -> None:
        # The old poll is gone before a new one begins: two would burn one code's interval. All that
        # are left, not only the last: that one may have been cancelled while it waited itself.
        await _ended(after)
        try:
            await work()
        except (OAuthError, KeystoreError, SessionError) as error:
            self._fail(error)

    def _report_crash(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, Exception):
            context = {"message": "sign-in broke", "exception": error, "task": task}
            task.get_loop().call_exception_handler(context)
            if task is self._task:
                self._fail(error)

    def _fail(self, error: Exception) -> None:
        state = self.state
        code = state.user_code if isinstance(state, AwaitingApproval) else ""
        _log.info("failed: %s %s", type(error).__name__, getattr(error, "trace_id", None) or "")
        self._show(Failed(error, code, still_saved=isinstance(error, NotSignedOut)))

    def _show(self, state: State) -> None:
        self.state = state
        self._observer(state)

    async def _open(self) -> None:
        self._show(Requesting(opening=True))
        value = await self._keystore.load(tokens_key(self.profile))
        saved = value and saved_tokens.decode(value, issued_for=issued_for(self.profile))
        if not saved:
            await self._sign_in()
            return
        self._tokens = saved.tokens
        self._known_methods.update(saved.known_methods)
        self._show(_signed_in(saved.tokens, None))

    async def _sign_in(self) -> None:
        self._last_work = self._sign_in
        self._show(Requesting())
        connection = await self._connected()
        if self._metadata is None:
            self._metadata = await _discovered(connection, self.profile)
        metadata = self._metadata
        authorization = await request_authorization(
            connection, metadata, scope=self.profile.scope, extra=self.profile.extra_parameters
        )
        tokens = await poll(
            lambda: request_token(
                connection,
                metadata.token_endpoint,
                authorization=authorization,
                scope=self.profile.scope,
            ),
            authorization,
            clock=self._world.clock,
            nudge=self._nudge,
            report=lambda progress: self._show(self._awaiting(authorization, progress)),
        )
        if isinstance(self.state, AwaitingApproval):
            self._show(replace(self.state, approved=True))
        self._tokens = tokens
        await self._save()

    async def _save(self) -> None:
        tokens = self._tokens
        if tokens is None:
            self._show(SignedOut())
            return
        value = saved_tokens.encode(
            Saved(tokens, self._known_methods), issued_for=issued_for(self.profile)
        )
        not_saved = self._without_keyring
        try:
            await self._keystore.save(tokens_key(self.profile), value)
        except KeystoreError as error:
            not_saved = error
        self._show(_signed_in(tokens, not_saved))

    async def _sign_out(self) -> None:
        tokens, self._tokens = self._tokens or self._dropped, None
        self._dropped = tokens
        if isinstance(self.state, SignedIn):
            self._show(replace(self.state, leaving=True))
        try:
            await self._forget()
        except KeystoreError as error:
            raise NotSignedOut from error
        self._dropped = None
        now = self._world.clock.utc()
        expires_at = tokens.expires_at if tokens is not None else None
        self._show(SignedOut(now, expires_at if expires_at and expires_at > now else None))

    async def _forget(self) -> None:
        passed_over = self._without_keyring
        if passed_over is not None and not isinstance(passed_over, KeyringMissing):
            # It may still hold an older token.
            await self._world.keystore.delete(tokens_key(self.profile))
        await self._keystore.delete(tokens_key(self.profile))

    async def _cancelled(self) -> None:
        # An expired token that was to be replaced is still there, and can still be signed out.
        held = self._tokens
        self._show(SignedOut() if held is None else _signed_in(held, self._without_keyring))

    async def _connected(self) -> ClientConnection:
        # Anew each time: the password may have been stored or corrected since.
        client = await self._client()
        if self._http is None:
            self._http = await self._world.open_http()
        return ClientConnection(self._http, self._world.clock, client, self._known_methods)

    async def _client(self) -> Client:
        method = ClientAuthentication(self.profile.client_authentication)
        if method is ClientAuthentication.NONE:
            return Client(self.profile.client_id, None, method)
        value = await self._client_password(method)
        password = value and saved_tokens.decode_password(
            value, issued_for=issued_for(self.profile)
        )
        if not password and (value or method is not ClientAuthentication.AUTO):
            raise ClientPasswordMissing(self.profile.id)
        return Client(self.profile.client_id, password or None, method)

    async def _client_password(self, method: ClientAuthentication) -> str | None:
        # From the keyring, even where the tokens stay in memory.
        try:
            return await self._world.keystore.load(client_password_key(self.profile))
        except KeystoreError:
            if self._without_keyring is None or method is not ClientAuthentication.AUTO:
                raise
            return None  # the person goes on without the keyring, as a public client

    def _awaiting(self, authorization: DeviceAuthorization, progress: Progress) -> AwaitingApproval:
        link = authorization.verification_uri
        host = host_of(link)
        return AwaitingApproval(
            user_code=authorization.user_code,
            verification_uri=authorization.verification_uri,
            verification_uri_complete=authorization.verification_uri_complete,
            host=host,
            host_is_known=is_own_link(link, self.profile),
            requested_at=authorization.requested.utc,
            lifetime=authorization.lifetime,
            expires_at=authorization.requested.later(authorization.lifetime),
            asked=progress.asked,
            asked_at=progress.asked_at,
            next_at=progress.next_at,
            trouble=progress.trouble,
        )


def _is_saving(state: State) -> bool:
    return isinstance(state, AwaitingApproval) and state.approved


def _signed_in(tokens: TokenSet, not_saved: Exception | None) -> SignedIn:
    return SignedIn(
        scope=tokens.scope,
        requested_scope=tokens.requested_scope,
        token_type=tokens.token_type,
        issued_at=tokens.issued_at,
        expires_at=tokens.expires_at,
        user=tokens.account.user,
        organization=tokens.account.organization,
        not_saved=not_saved,
    )


async def _ended(tasks: Collection[asyncio.Task[None]]) -> None:
    if tasks:
        await asyncio.wait(tasks)


async def _discovered(connection: ClientConnection, profile: Profile) -> ServerMetadata:
    manual = ServerMetadata(
        device_authorization_endpoint=profile.device_authorization_endpoint,
        token_endpoint=profile.token_endpoint,
    )
    if manual.complete:
        return manual
    return await discover(
        connection, Issuer(profile.issuer, profile.expected_issuer), manual=manual
    )

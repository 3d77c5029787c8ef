"""The sign-in of one profile: one state value, one observer, one task at work."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial

from desktop.oauth.claims import unverified_claims
from desktop.oauth.errors import InvalidToken, OAuthError
from desktop.oauth.fields import Members
from desktop.oauth.grants.token import TokenSet
from desktop.oauth.metadata import ServerMetadata
from desktop.services.model.access_token import AccessToken
from desktop.services.model.errors import (
    NoToken,
    RenewalTimedOut,
    SessionError,
    SignedOutElsewhere,
    SignOutFailed,
)
from desktop.services.model.profile import Profile
from desktop.services.model.settings import Settings
from desktop.services.model.states import (
    AwaitingApproval,
    Failed,
    Requesting,
    Revocation,
    SignedIn,
    SignedOut,
    State,
    is_signing_out,
)
from desktop.services.network.environment import Environment
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.secrets.token_store import TokenStore
from desktop.services.session.one_task import OneTask
from desktop.services.session.provider import Found, Provider, Query
from desktop.services.session.renewer import ANY_VALID_TOKEN, Renewer, TokenRequirement
from desktop.services.session.revocation import revoke_tokens
from desktop.services.session.schedule import expired_if_from_future
from desktop.services.session.sign_in import sign_in

Work = Callable[[], Awaitable[None]]

_log = logging.getLogger(__name__)

# Seconds that the end of the program waits for the keyring to take or give back a token, and for
# the answer to a renewal that has been asked for.
CLOSE_SAVE_TIMEOUT = 3.0
CLOSE_RENEWAL_TIMEOUT = 15.0


class Session:
    """Signs one profile in and out, and keeps it signed in.

    `observer` is called with every new state, on the event loop. Commands return at once; what they
    start replaces whatever was under way. An error that nobody expected becomes a `Failed` state
    too and goes to the event loop's exception handler, which writes the crash report.
    """

    def __init__(
        self, profile: Profile, world: Environment, *, observer: Callable[[State], None]
    ) -> None:
        self.profile = profile
        self.state: State = Requesting(opening=True)
        self.is_open = False
        self._environment = world
        self._observer = observer
        self._provider = Provider(profile, world)
        self._store = TokenStore(profile, world.keystore, world.lock)
        self._renewer = Renewer(self._provider, self._store, world=world, changed=self._on_renewal)
        self._tokens_to_revoke: TokenSet | None = None
        self._signing_out = False
        self._nudge = asyncio.Event()
        self._task = OneTask(crashed=self._fail)
        self._last_work: Work = self._open

    def open(self, *, quietly: bool = False) -> None:
        """Show what is stored; where nothing is, sign in, or with `quietly` wait to be asked."""
        self.is_open = True
        self._start(partial(self._open, quietly=quietly))

    def reload(self) -> None:
        """Go by what another program has saved or removed."""
        if not is_signing_out(self.state) and not self._store.in_memory_only:
            self._start(self._reload)

    def sign_in(self) -> None:
        """Ask for a code and wait for its approval."""
        self._start(self._sign_in)

    def new_code(self) -> None:
        """A new code in place of the one on screen; not while that one is fresh."""
        state, at = self.state, self._environment.clock.utc()
        is_good = isinstance(state, AwaitingApproval) and (state.approved or state.is_fresh(at))
        if not is_good and not isinstance(state, Requesting):
            self.sign_in()

    def poll_now(self) -> None:
        """Ask the server now if its interval has passed: somebody is back at the window."""
        self._nudge.set()

    def cancel(self) -> None:
        """Give up what is under way. A token that is already being saved is not thrown away."""
        state = self.state
        waiting = isinstance(state, AwaitingApproval) and not state.approved
        if waiting or isinstance(state, Requesting):
            self._start(self._publish_held)

    def sign_out(self) -> asyncio.Task[None] | None:
        """Remove the tokens from this computer, and tell the server; the task ends with that."""
        task = self._start(self._sign_out)
        self._on_renewal()
        return task

    def revoke_again(self) -> None:
        """Tell the server once more what it could not be told at sign-out."""
        if self._tokens_to_revoke is not None and isinstance(self.state, SignedOut):
            self._start(partial(self._revoke_again, self.state))

    def retry(self) -> None:
        """Do once more what failed."""
        self._start(self._last_work)

    def continue_without_keyring(self) -> None:
        """Sign in and keep the token in memory, until the program ends."""
        error = self.state.error if isinstance(self.state, Failed) else None
        why = error if isinstance(error, KeystoreError) else KeystoreError()
        self._store.keep_in_memory(why)
        self._provider.keyring_is_optional = True
        self.sign_in()

    def save_again(self) -> None:
        """Try once more to put the token into the keyring."""
        if not is_signing_out(self.state):
            self._start(self._save_again)

    def renew(self) -> None:
        """Renew the token now."""
        if isinstance(self.state, SignedIn) and not is_signing_out(self.state):
            self._renewer.renew()

    def set_visible(self, *, visible: bool) -> None:
        """Somebody sees the token's window, so it is in use; or nobody does any more."""
        self._renewer.set_visible(visible=visible)

    def check_clock(self) -> None:
        """Time may have passed unseen, or the clock have been set."""
        self._renewer.check_clock()

    def wake(self) -> None:
        """The network or the computer is back: try again at once."""
        self._renewer.wake()
        self._nudge.set()

    def apply(self, settings: Settings) -> None:
        """Go by `settings` from now on."""
        self._renewer.apply(settings)

    @property
    def metadata(self) -> ServerMetadata | None:
        """The endpoints, once they were needed."""
        return self._provider.metadata

    def access_token(self) -> str | None:
        """The access token while it is valid. Looking at it is no use of it."""
        held = self._store.held
        return None if held is None or self._renewer.has_expired() else held.access_token

    async def fetch_token(self, need: TokenRequirement = ANY_VALID_TOKEN) -> AccessToken:
        """A token for use, renewed first where that is due, under way, or what the `need` is.

        Raises `OAuthError`, `KeystoreError` or `SessionError`.
        """
        if not isinstance(self.state, SignedIn) or is_signing_out(self.state):
            raise NoToken(self.profile.id)
        return await self._renewer.fetch_token(need)

    def claims(self) -> Members:
        """What the access token says; unverified, and empty for one that says nothing."""
        return unverified_claims(self._store.held.access_token) if self._store.held else {}

    async def query(self, question: Query[Found]) -> Found:
        """What the server answers to `question`, such as `Provider.who_am_i`.

        Raises `OAuthError`, `KeystoreError` or `SessionError`.
        """
        try:
            return await question(self._provider, (await self.fetch_token()).access_token)
        except InvalidToken:
            # Revoked or shortened: the server's word counts more than what we know of its life.
            self.renew()
            await self._renewer.wait_for_renewal()
            return await question(self._provider, (await self.fetch_token()).access_token)

    async def close(self) -> None:
        """End what is under way and the connections; returns when no request is left."""
        if self._signing_out:
            # What a renewal brings must not be saved after the sign-out, and is to be revoked.
            await self._renewer.close(patience=CLOSE_RENEWAL_TIMEOUT)
        saves = self._store.is_saving and not self._renewer.renewing
        must_end = saves or self._signing_out or is_signing_out(self.state)
        await self._task.close(patience=CLOSE_SAVE_TIMEOUT if must_end else 0)
        await self._renewer.close(patience=CLOSE_RENEWAL_TIMEOUT)
        if self._signing_out:  # another program held the lock all the time
            with suppress(KeystoreError):
                await self._store.delete_saved()
        await self._provider.close()

    def _start(self, work: Work) -> asyncio.Task[None] | None:
        self._last_work = work
        self._signing_out = work == self._sign_out
        return self._task.start(partial(self._run, work))

    async def _run(self, work: Work) -> None:
        # What a renewal brings must not replace what comes after it.
        await self._renewer.wait_for_renewal()
        try:
            await work()
            if self._store.held is not None:
                self._last_work = self._publish_held
                await self._renewer.run()
        except SignedOutElsewhere:
            self._store.held = None
            self._publish(SignedOut())
        except (OAuthError, KeystoreError, SessionError) as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        state = self.state
        code = state.user_code if isinstance(state, AwaitingApproval) else ""
        _log.info("failed: %s %s", type(error).__name__, getattr(error, "trace_id", None) or "")
        self._publish(Failed(error, code, still_saved=isinstance(error, SignOutFailed)))

    def _publish(self, state: State) -> None:
        self.state = state
        self._observer(state)

    def _on_renewal(self) -> None:
        held = self._store.held
        if isinstance(self.state, SignedIn) and held is not None:
            state = self._signed_in(held)
            if state != self.state:
                self._publish(state)

    def _signed_in(self, tokens: TokenSet) -> SignedIn:
        renewer = self._renewer
        return SignedIn(
            tokens.scope,
            tokens.requested_scope,
            token_type=tokens.token_type,
            issued_at=tokens.issued_at,
            expires_at=tokens.expires_at,
            user=tokens.account.user,
            organization=tokens.account.organization,
            save_error=self._store.save_error,
            signing_out=self._signing_out,
            renewable=self._provider.can_renew(tokens),
            renewing=renewer.renewing,
            renews_at=renewer.renews_at,
            trouble=renewer.trouble,
            next_at=renewer.next_at,
            clock_offset=self._provider.clock_offset,
        )

    async def _open(self, *, quietly: bool = False) -> None:
        self._publish(Requesting(opening=True))
        if await self._load_saved():
            return
        if quietly:
            self._publish(SignedOut())
        else:
            await self._sign_in()

    async def _reload(self) -> None:
        if not await self._load_saved():
            self._store.held = None
            self._publish(SignedOut())

    async def _load_saved(self) -> bool:
        """Show what is saved; whether there was something."""
        saved = await self._store.load()
        if saved is not None:
            self._store.held = tokens = expired_if_from_future(
                saved.tokens, self._environment.clock.utc()
            )
            self._provider.known_methods.update(saved.known_methods)
            self._renewer.reset()
            self._publish(self._signed_in(tokens))
        return saved is not None

    async def _sign_in(self) -> None:
        self._last_work = self._sign_in
        self._publish(Requesting())
        tokens = await sign_in(
            self._provider,
            self.profile,
            clock=self._environment.clock,
            nudge=self._nudge,
            show=self._publish,
        )
        if isinstance(self.state, AwaitingApproval):
            self._publish(replace(self.state, approved=True))
        await self._save(tokens)

    async def _save(self, tokens: TokenSet) -> None:
        await self._store.save_new(tokens, self._provider.known_methods)
        self._renewer.reset()
        self._publish(self._signed_in(tokens))

    async def _save_again(self) -> None:
        self._store.use_keyring()
        self._provider.keyring_is_optional = False
        tokens = self._store.held
        if tokens is None:
            self._publish(SignedOut())
        else:
            await self._save(tokens)

    async def _publish_held(self) -> None:
        # An expired token that was to be replaced is still there, and can still be signed out.
        held = self._store.held
        self._publish(SignedOut() if held is None else self._signed_in(held))

    async def _sign_out(self) -> None:
        self._tokens_to_revoke, self._store.held = self._store.held or self._tokens_to_revoke, None
        try:
            self._tokens_to_revoke = await self._store.take_newest(self._tokens_to_revoke)
        except (KeystoreError, RenewalTimedOut) as error:
            self._signing_out = False
            raise SignOutFailed from error
        self._signing_out = False
        await self._revoke_at_server(self._environment.clock.utc())

    async def _revoke_again(self, state: SignedOut) -> None:
        self._publish(replace(state, revocation=Revocation.UNDER_WAY))
        await self._revoke_at_server(state.removed_at)

    async def _revoke_at_server(self, removed_at: datetime | None) -> None:
        state = SignedOut(removed_at)
        if (dropped := self._tokens_to_revoke) is not None:
            state = await revoke_tokens(
                self._provider,
                self.profile,
                dropped,
                removed_at=removed_at,
                keep=self._keep_for_revocation,
            )
        if state.revocation is not Revocation.FAILED:
            self._tokens_to_revoke = None
        self._publish(state)

    def _keep_for_revocation(self, tokens: TokenSet) -> None:
        self._tokens_to_revoke = tokens

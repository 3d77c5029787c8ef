"""The sign-in of one profile: one state value, one observer, one task at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from desktop.oauth.claims import unverified_claims
from desktop.oauth.errors import InvalidToken
from desktop.oauth.fields import Members
from desktop.oauth.http import LONGEST_REQUEST
from desktop.oauth.metadata import ServerMetadata
from desktop.oauth.redaction.known_secrets import KnownSecrets
from desktop.services.model.access_token import (
    ANY_VALID_TOKEN,
    AccessToken,
    TokenRequirement,
    digest_of,
)
from desktop.services.model.errors import NoToken
from desktop.services.model.profile import Profile
from desktop.services.model.settings import Settings
from desktop.services.model.states import (
    AwaitingApproval,
    Failed,
    Requesting,
    SignedIn,
    SignedOut,
    State,
    is_approved,
    is_signing_out,
)
from desktop.services.network.environment import Environment
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.secrets.token_store import TokenStore
from desktop.services.session.exchanges.exchanged_tokens import ExchangedTokens
from desktop.services.session.lock.session_lock import SessionLock
from desktop.services.session.one_task import SessionTask, Work
from desktop.services.session.provider import Found, Provider, Query
from desktop.services.session.renewer import Renewer
from desktop.services.session.session_state import SessionState
from desktop.services.session.sign_in import SignIn
from desktop.services.session.sign_out import SignOut

# Seconds that quitting waits for the keyring to save or remove a token, and for the response to a
# renewal that was sent: the server may have replaced the refresh token already.
CLOSE_SAVE_TIMEOUT = 3.0
CLOSE_RENEWAL_TIMEOUT = LONGEST_REQUEST + CLOSE_SAVE_TIMEOUT


class Session:
    """Signs one profile in and out, and keeps it signed in.

    `observer` is called with every new state, on the event loop. Commands return at once; what they
    start replaces whatever is in progress. An unexpected error becomes a `Failed` state too, and
    goes to the event loop's exception handler, which writes the crash report. `secrets` are those
    that the server may repeat, besides those of this session. `audit` is told who gets the token.
    """

    def __init__(
        self,
        profile: Profile,
        environment: Environment,
        *,
        observer: Callable[[State], None],
        secrets: KnownSecrets | None = None,
    ) -> None:
        self.profile = profile
        self.is_open = False
        self._clock = environment.clock
        self._provider = Provider(profile, environment, secrets=secrets)
        self.audit = self._provider.audit
        self._store = TokenStore(
            profile, environment.keystore, environment.lock, secrets=self._provider.secrets
        )
        self._state = SessionState(self._provider, self._store, observer=observer)
        self._renewer = Renewer(
            self._provider, self._store, environment=environment, on_change=self._state.update
        )
        self._state.renewal_status = self._renewer.status
        self.exchanged = ExchangedTokens(self._store, self._clock, self._state, query=self.query)
        self.lock = SessionLock(
            self._store, self._renewer, self.exchanged, state=self._state, load=self.open
        )
        self._sign_in = SignIn(
            self._provider, self._store, renewer=self._renewer, state=self._state, clock=self._clock
        )
        self._sign_out = SignOut(self._provider, self._store, state=self._state, clock=self._clock)
        self._task = SessionTask(
            self._store, self._renewer, self._state, first=self._load_or_sign_in
        )

    @property
    def state(self) -> State:
        return self._state.current

    def open(self, *, quietly: bool = False) -> None:
        """Show the saved tokens; without any, sign in, or with `quietly` wait for a command."""
        self.is_open = True
        self._start(partial(self._load_or_sign_in, quietly=quietly))

    def reload(self) -> None:
        """Use what another program has saved or removed, unless a new token is being saved here."""
        is_busy = is_signing_out(self.state) or is_approved(self.state)
        if not is_busy and not self._store.in_memory_only:
            self._start(self._sign_in.reload)

    def sign_in(self) -> None:
        self._start(self._request_tokens)

    def new_code(self) -> None:
        """Replace the code on screen, unless that one is fresh."""
        state, at = self.state, self._clock.utc()
        is_good = isinstance(state, AwaitingApproval) and (state.approved or state.is_fresh(at))
        if not is_good and not isinstance(state, Requesting):
            self.sign_in()

    def poll_now(self) -> None:
        """Poll as soon as the server's interval allows: somebody is back at the window."""
        self._sign_in.nudge.set()

    def cancel(self) -> None:
        """Give up what is in progress. A token that is already being saved is kept."""
        state = self.state
        waiting = isinstance(state, AwaitingApproval) and not state.approved
        if waiting or isinstance(state, Requesting):
            self._start(self._sign_in.reload if self.lock.has_dropped else self._task.show_held)

    def sign_out(self) -> asyncio.Task[None] | None:
        """Remove the tokens from this computer and revoke them; the task ends with that."""
        task = self._start(self._sign_out.run)
        self._state.update()
        return task

    def revoke_again(self) -> None:
        """Retry what failed at the server during sign-out."""
        if self._sign_out.can_revoke and isinstance(self.state, SignedOut):
            self._start(partial(self._sign_out.revoke_again, self.state))

    def retry(self) -> None:
        self._start(self._task.last_work)

    def continue_without_keyring(self) -> None:
        """Sign in and keep the token in memory until the app quits."""
        error = self.state.error if isinstance(self.state, Failed) else None
        self._store.keep_in_memory(error if isinstance(error, KeystoreError) else KeystoreError())
        self._provider.keyring_is_optional = True
        self.sign_in()

    def save_again(self) -> None:
        """Retry saving the token in the keyring."""
        if not is_signing_out(self.state):
            self._start(self._sign_in.save_again)

    def renew(self) -> None:
        if isinstance(self.state, SignedIn) and not is_signing_out(self.state):
            self._renewer.renew()

    def set_visible(self, *, visible: bool) -> None:
        """Note that somebody hides the window, or shows or touches it."""
        self._renewer.set_visible(visible=visible)

    def check_clock(self) -> None:
        self._renewer.check_clock()

    def wake(self) -> None:
        self._renewer.wake()
        self._sign_in.nudge.set()

    def apply(self, settings: Settings) -> None:
        self._renewer.apply(settings)

    @property
    def metadata(self) -> ServerMetadata | None:
        """The endpoints of the server, once they were needed."""
        return self._provider.metadata

    def access_token(self) -> str | None:
        """Return the access token while it is valid. This does not count as using it."""
        held = None if self.lock.is_on else self._store.held
        return None if held is None or self._provider.has_expired(held) else held.access_token

    async def fetch_token(self, requirement: TokenRequirement = ANY_VALID_TOKEN) -> AccessToken:
        """Return a token for use, renewed first if that is due, in progress, or required.

        Raises `OAuthError`, `KeystoreError` or `SessionError`.
        """
        self.lock.check()
        if not isinstance(self.state, SignedIn) or is_signing_out(self.state):
            raise NoToken(self.profile.id)
        return await self._renewer.fetch_token(requirement)

    def claims(self) -> Members:
        """Read the access token's claims, unverified; empty for an opaque token."""
        if self._store.held is None:
            return {}
        claims = unverified_claims(self._store.held.access_token)
        return self._provider.secrets.strike_shown(claims)

    async def query(self, question: Query[Found]) -> Found:
        """Ask the server a `question` such as `queries.fetch_userinfo`.

        Raises `OAuthError`, `KeystoreError` or `SessionError`.
        """
        return await _ask_with_token(partial(question, self._provider), fetch=self.fetch_token)

    async def close(self) -> None:
        """End what is in progress and close the connections; returns when no request is left."""
        if self._state.signing_out:
            # What a renewal brings must be revoked too, and not be saved after the sign-out.
            await self._renewer.close(grace=CLOSE_RENEWAL_TIMEOUT)
        await self._task.close(grace=CLOSE_SAVE_TIMEOUT if self._must_finish() else 0)
        await self._renewer.close(grace=CLOSE_RENEWAL_TIMEOUT)
        if self._state.signing_out:  # another program held the lock all the time
            with suppress(KeystoreError):
                await self._store.delete_saved()
        await self._provider.close()

    def _must_finish(self) -> bool:
        """Whether quitting now would lose a new token, or leave one that is to be removed."""
        if is_approved(self.state) or self._state.signing_out or is_signing_out(self.state):
            return True
        return self._store.is_saving and not self._renewer.status().renewing

    def _start(self, work: Work) -> asyncio.Task[None] | None:
        self.exchanged.forget()
        self._state.signing_out = work == self._sign_out.run
        return self._task.start(work)

    async def _load_or_sign_in(self, *, quietly: bool = False) -> None:
        self._state.publish(Requesting(opening=True))
        if await self._sign_in.load_saved():
            return
        if quietly:
            self._state.publish(SignedOut())
        else:
            await self._request_tokens()

    async def _request_tokens(self) -> None:
        self._task.last_work = self._request_tokens  # a retry need not open the keyring again
        await self._sign_in.sign_in()


async def _ask_with_token(
    ask: Callable[[AccessToken], Awaitable[Found]],
    *,
    fetch: Callable[[TokenRequirement], Awaitable[AccessToken]],
) -> Found:
    """Call `ask` with an access token, and again with a newer one if the server refuses it."""
    used = await fetch(ANY_VALID_TOKEN)
    try:
        return await ask(used)
    except InvalidToken:
        # Revoked or shortened: the server knows better than the expiry that it once sent.
        refused = digest_of(used.access_token)
        newer = await fetch(TokenRequirement(timeout=LONGEST_REQUEST, refused=refused))
        if newer.access_token == used.access_token:
            raise
        return await ask(newer)

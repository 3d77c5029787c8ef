"""Where a session stands: the one state value, and the observer that is told of it."""

from collections.abc import Callable

from desktop.oauth.model.token_set import TokenSet
from desktop.services.model.exchanges import ExchangedToken
from desktop.services.model.states import Requesting, SignedIn, SignedOut, State
from desktop.services.secrets.token_store import TokenStore
from desktop.services.session.provider import Provider
from desktop.services.session.renewer import RenewalStatus


class SessionState:
    """Publishes every new state to `observer`, and to the audit log.

    `signing_out` is set from the command to sign out until the tokens are removed. `renewal_status`
    and `exchanged` are set once there is something that renews and exchanges. `settle` is called
    after every change.
    """

    def __init__(
        self, provider: Provider, store: TokenStore, *, observer: Callable[[State], None]
    ) -> None:
        self.current: State = Requesting(opening=True)
        self.signing_out = False
        self.renewal_status: Callable[[], RenewalStatus] = RenewalStatus
        self.exchanged: Callable[[], tuple[ExchangedToken, ...]] = tuple
        self.settle: Callable[[], None] = lambda: None
        self._provider = provider
        self._store = store
        self._observer = provider.audit.observed_by(observer)

    def publish(self, state: State) -> None:
        self.current = state
        self._observer(state)
        self.settle()

    def publish_held(self) -> None:
        """Show the tokens that are held, or that nobody is signed in."""
        held = self._store.held
        self.publish(SignedOut() if held is None else self._signed_in(held))

    def update(self) -> None:
        """Show what has changed since somebody is signed in, such as a renewal."""
        held = self._store.held
        if isinstance(self.current, SignedIn) and held is not None:
            state = self._signed_in(held)
            if state != self.current:
                self.publish(state)
        self.settle()

    def _signed_in(self, tokens: TokenSet) -> SignedIn:
        renewal = self.renewal_status()
        return SignedIn(
            tokens.scope,
            tokens.requested_scope,
            token_type=tokens.token_type,
            issued_at=tokens.issued_at,
            expires_at=tokens.expires_at,
            user=tokens.account.user,
            organization=tokens.account.organization,
            save_error=self._store.save_error,
            signing_out=self.signing_out,
            renewable=self._provider.can_renew(tokens),
            renewing=renewal.renewing,
            renews_at=renewal.renews_at,
            trouble=renewal.trouble,
            next_at=renewal.next_at,
            is_quota_low=renewal.is_quota_low,
            clock_offset=self._provider.clock_offset,
            exchanged=self.exchanged(),
        )

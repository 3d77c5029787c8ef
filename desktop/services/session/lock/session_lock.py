"""What a lock means for the tokens of one session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.services.model.errors import AppLocked
from desktop.services.model.states import SignedIn

if TYPE_CHECKING:
    from typing import Protocol

    from desktop.services.secrets.token_store import TokenStore
    from desktop.services.session.exchanges.exchanged_tokens import ExchangedTokens
    from desktop.services.session.renewer import Renewer
    from desktop.services.session.session_state import SessionState

    class Load(Protocol):
        """Loads what the keyring holds; with `quietly` it does not sign in without any."""

        def __call__(self, *, quietly: bool) -> object: ...


class SessionLock:
    """While it is on, no token is handed out, renewed or kept in memory; `load` loads it again.

    A sign-in that is under way goes on, so that an approval is not lost, and its tokens are saved.
    A renewal that was sent is waited for, as the server may have replaced the refresh token. Tokens
    that the keyring does not hold stay in memory: dropping them would sign out.
    """

    def __init__(
        self,
        store: TokenStore,
        renewer: Renewer,
        exchanged: ExchangedTokens,
        *,
        state: SessionState,
        load: Load,
    ) -> None:
        self.is_on = False
        self.has_dropped = False  # the keyring holds tokens that are not in memory
        self._keeps_tokens = True
        self._store = store
        self._renewer = renewer
        self._exchanged = exchanged
        self._state = state
        self._load = load
        state.settle = self.settle

    def begin(self, *, keep_renewing: bool) -> None:
        """Keep the tokens back; with `keep_renewing` they stay in memory to be renewed."""
        self.is_on, self._keeps_tokens = True, keep_renewing
        self.settle()

    def end(self) -> None:
        """Let the tokens be used again."""
        if not self.is_on:
            return
        self.is_on, was_paused = False, not self._keeps_tokens
        self._keeps_tokens = True
        if self.has_dropped and isinstance(self._state.current, SignedIn):
            self._load(quietly=True)
        elif was_paused:
            self._renewer.reset()

    def check(self) -> None:
        """Raise `AppLocked` while no token may be handed out."""
        if self.is_on:
            raise AppLocked

    def settle(self) -> None:
        """Drop the tokens that are held, unless something that must not be lost is under way."""
        if self._store.held is not None:
            self.has_dropped = False
        is_busy = self._store.is_saving or self._renewer.status().renewing
        if self._keeps_tokens or is_busy or self._state.signing_out:
            return
        self._renewer.pause()
        if self._exchanged.held():
            self._exchanged.forget()
        if self._store.held is not None and self._store.save_error is None:
            self._store.forget()
            self.has_dropped = True

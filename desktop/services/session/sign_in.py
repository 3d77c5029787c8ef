"""How a session gets its tokens: from the keyring, or by the sign-in method of the profile."""

import asyncio
from dataclasses import replace

from desktop.oauth.clock import Clock
from desktop.oauth.errors import TokenNotBound
from desktop.oauth.model.token_set import TokenSet
from desktop.services.model.states import AwaitingApproval, Requesting, SignedOut
from desktop.services.secrets.token_store import TokenStore
from desktop.services.session.device_sign_in import sign_in_with_device_code
from desktop.services.session.provider import Provider, revoke_refused
from desktop.services.session.renewer import Renewer
from desktop.services.session.schedule import expired_if_from_future
from desktop.services.session.session_state import SessionState


class SignIn:
    """Puts tokens into `store`, and publishes every step in `state`.

    Setting `nudge` polls the server as soon as its interval allows.
    """

    def __init__(
        self,
        provider: Provider,
        store: TokenStore,
        *,
        renewer: Renewer,
        state: SessionState,
        clock: Clock,
    ) -> None:
        self.nudge = asyncio.Event()
        self._provider = provider
        self._store = store
        self._renewer = renewer
        self._state = state
        self._clock = clock

    async def load_saved(self) -> bool:
        """Use the tokens in the keyring; whether there are any. Raises `KeystoreError`."""
        saved = await self._store.load()
        if saved is None:
            return False
        if not self._store.is_outdated(saved.tokens):
            self._store.hold_loaded(expired_if_from_future(saved.tokens, self._clock.utc()))
            self._provider.known_methods.update(saved.known_methods)
        self._show_tokens()
        return True

    async def sign_in(self) -> None:
        """Sign in and save the tokens. Raises `OAuthError`, `KeystoreError` or `SessionError`."""
        self._state.publish(Requesting())
        try:
            tokens = await self._request_tokens()
        except TokenNotBound as error:
            await revoke_refused(self._provider, error)
            raise
        if isinstance(self._state.current, AwaitingApproval):
            self._state.publish(replace(self._state.current, approved=True))
        await self._store.save_new(tokens, self._provider.known_methods)
        await self._provider.keep_metadata()  # before the state: a command ends with that
        self._show_tokens()

    async def reload(self) -> None:
        """Use what another program has saved or removed; raises `KeystoreError`."""
        if await self.load_saved():
            return
        if self._store.save_error is None:  # otherwise the keyring never had what is held
            self._store.held = None
        self._state.publish_held()

    async def save_again(self) -> None:
        self._store.use_keyring()
        self._provider.keyring_is_optional = False
        if self._store.held is None:
            self._state.publish(SignedOut())
        else:
            await self._store.save_new(self._store.held, self._provider.known_methods)
            self._show_tokens()

    def _show_tokens(self) -> None:
        self._renewer.reset()
        self._state.publish_held()

    async def _request_tokens(self) -> TokenSet:
        provider, profile = self._provider, self._provider.profile
        connection = await provider.connect()
        if provider.uses_client_credentials:
            await provider.discover_for_sign_in(connection)
            return await provider.request_client_token(connection)
        if profile.grant == "device":
            return await sign_in_with_device_code(
                connection,
                provider,
                clock=self._clock,
                nudge=self.nudge,
                show=self._state.publish,
            )
        # Not loaded before the first device code is on screen.
        from desktop.services.session.browser_sign_in import sign_in_with_browser

        return await sign_in_with_browser(
            connection,
            await provider.discover_for_sign_in(connection),
            profile,
            clock=self._clock,
            nudge=self.nudge,
            show=self._state.publish,
        )

"""The tokens of one profile: held in memory, and saved in the keyring where that works."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager

from desktop.oauth.client import ClientAuthentication
from desktop.oauth.grants.token import TokenSet
from desktop.services.model.errors import RenewalTimedOut
from desktop.services.model.profile import Profile, tokens_binding, tokens_key
from desktop.services.secrets import secret_encoding as saved_tokens
from desktop.services.secrets.keystore import (
    KeyringLocked,
    KeyringMissing,
    KeyringTimedOut,
    Keystore,
    KeystoreError,
    MemoryKeystore,
)
from desktop.services.secrets.secret_encoding import SavedTokens

Lock = Callable[[str], AbstractAsyncContextManager[None]]


class TokenStore:
    """`held` is the token set of this program; `not_saved` is why the keyring does not hold it."""

    def __init__(self, profile: Profile, keyring: Keystore, lock: Lock) -> None:
        self.held: TokenSet | None = None
        self.save_error: KeystoreError | None = None
        self.is_saving = False
        self._key = tokens_key(profile)
        self._issued_for = tokens_binding(profile)
        self._lock = lock
        self._keyring = keyring
        self._keystore = keyring
        self._keyring_error: KeystoreError | None = None

    @property
    def in_memory_only(self) -> bool:
        """Whether the person chose to go on without the keyring."""
        return self._keyring_error is not None

    def keep_in_memory(self, error: KeystoreError) -> None:
        """Save in memory from now on, because of `error`."""
        self._keyring_error = error
        self._keystore = MemoryKeystore()

    def use_keyring(self) -> None:
        """Save in the keyring again."""
        self._keyring_error = None
        self._keystore = self._keyring

    def lock(self) -> AbstractAsyncContextManager[None]:
        """What one program at once holds while it uses a refresh token or replaces tokens.

        Raises `RenewalSlow` where another one does not let go.
        """
        return self._lock(self._key)

    async def load(self) -> SavedTokens | None:
        """What is saved, by whichever program of this person; raises `KeystoreError`."""
        value = await self._keystore.load(self._key)
        return saved_tokens.decode_tokens(value, issued_for=self._issued_for) if value else None

    async def save(
        self, tokens: TokenSet, known_methods: Mapping[str, ClientAuthentication]
    ) -> None:
        """Hold `tokens` and save them; where that is impossible, `not_saved` says why."""
        self.held = tokens
        saved = SavedTokens(tokens, dict(known_methods))
        self.is_saving = True
        try:
            await self._keystore.save(
                self._key, saved_tokens.encode_tokens(saved, issued_for=self._issued_for)
            )
        except KeystoreError as error:
            self.save_error = error
        else:
            self.save_error = self._keyring_error
        finally:
            self.is_saving = False

    async def save_renewed(
        self, tokens: TokenSet, known_methods: Mapping[str, ClientAuthentication]
    ) -> None:
        """Save what a renewal has brought; a locked keyring does not prompt for each of them."""
        if isinstance(self.save_error, (KeyringLocked, KeyringTimedOut)):
            self.held = tokens
        else:
            await self.save(tokens, known_methods)

    async def save_new(
        self, tokens: TokenSet, known_methods: Mapping[str, ClientAuthentication]
    ) -> None:
        """Save the tokens of a new sign-in: what another program renews must not replace them."""
        try:
            async with self.lock():
                await self.save(tokens, known_methods)
        except RenewalTimedOut:
            await self.save(tokens, known_methods)

    async def take_newest(self, held: TokenSet | None) -> TokenSet | None:
        """Remove what is saved; gives the newer of that and `held`.

        Raises `KeystoreError` or `RenewalSlow`.
        """
        # Another program that renews just now would save its tokens after they were removed.
        async with self.lock():
            saved = await self.load()
            await self.delete_saved()
        if saved is None or (held is not None and held.issued_at >= saved.tokens.issued_at):
            return held
        return saved.tokens

    async def delete_saved(self) -> None:
        """Remove what is saved; raises `KeystoreError`. What is held is for the caller to drop."""
        if self._keyring_error is not None and not isinstance(self._keyring_error, KeyringMissing):
            await self._keyring.delete(self._key)  # it may still hold an older token
        await self._keystore.delete(self._key)

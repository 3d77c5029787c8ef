"""The tokens of one profile: held in memory, and saved in the keyring if possible."""

import logging
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager

from desktop.oauth.model.client_authentication import ClientAuthentication
from desktop.oauth.model.token_set import TokenSet
from desktop.oauth.redaction.known_secrets import MOST_SECRETS, KnownSecrets
from desktop.services.model.errors import RenewalTimedOut
from desktop.services.model.profile import Profile, tokens_binding, tokens_key
from desktop.services.secrets.keystore import (
    KeyringLocked,
    KeyringMissing,
    KeyringTimedOut,
    Keystore,
    KeystoreError,
    MemoryKeystore,
)
from desktop.services.secrets.secret_encoding import SavedTokens, decode_tokens, encode_tokens

_log = logging.getLogger(__name__)

Lock = Callable[[str], AbstractAsyncContextManager[None]]


class TokenStore:
    """The tokens that are `held`; `save_error` is why the keyring does not hold them too.

    The server may repeat them and those that are saved, so they are added to `secrets`.
    """

    def __init__(
        self,
        profile: Profile,
        keyring: Keystore,
        lock: Lock,
        *,
        secrets: KnownSecrets | None = None,
    ) -> None:
        self._secrets = KnownSecrets() if secrets is None else secrets
        self.held = None
        self.save_error: KeystoreError | None = None
        self.is_saving = False
        self.profile_id = profile.id
        self._key = tokens_key(profile)
        self._issued_for = tokens_binding(profile)
        self._must_be_bound = profile.dpop == "required"
        self._lock = lock
        self._keyring = keyring
        self._keystore = keyring
        self._keyring_error: KeystoreError | None = None
        self._own: set[str] = set()  # access tokens that were held since the last one was saved
        self._noted: deque[str] = deque(maxlen=MOST_SECRETS)

    @property
    def held(self) -> TokenSet | None:
        return self._held

    @held.setter
    def held(self, tokens: TokenSet | None) -> None:
        self._held = tokens
        if tokens is not None:
            self._own.add(tokens.access_token)
            self._note(tokens)

    @property
    def in_memory_only(self) -> bool:
        """Whether the user chose to continue without saving."""
        return self._keyring_error is not None

    @property
    def is_keyring_closed(self) -> bool:
        """Whether the keyring would ask the user to unlock it, which they did not do before."""
        return isinstance(self.save_error, (KeyringLocked, KeyringTimedOut))

    def is_outdated(self, saved: TokenSet) -> bool:
        """Whether `saved` is what was held here before, and what is held now could not be saved."""
        is_own = self.held is not None and saved.access_token in self._own
        return is_own and self.save_error is not None

    def keep_in_memory(self, error: KeystoreError) -> None:
        """Save in memory from now on, because of `error`; what the keyring holds stays there."""
        if self.save_error is None:  # renewed in memory, it would be used twice after a restart
            self.held = None
        self._keyring_error = error
        self._keystore = MemoryKeystore()

    def use_keyring(self) -> None:
        self._keyring_error = None
        self._keystore = self._keyring

    def forget(self) -> None:
        """Drop the tokens from memory; what is saved stays."""
        self.held = None
        self._own.clear()
        self._secrets.forget(*self._noted)
        self._noted.clear()

    def lock(self) -> AbstractAsyncContextManager[None]:
        """Return the lock to hold while a refresh token is used or tokens are replaced.

        It raises `RenewalTimedOut` where another process does not release it.
        """
        return self._lock(self._key)

    async def load(self) -> SavedTokens | None:
        """Load what this or another process has saved; raises `KeystoreError`."""
        return await self._load_from(self._keystore)

    def hold_loaded(self, tokens: TokenSet) -> None:
        """Hold `tokens`, which were loaded: what could not be saved before does not count."""
        self._own.clear()
        self.held = tokens
        self.save_error = self._keyring_error

    async def save(
        self, tokens: TokenSet, known_methods: Mapping[str, ClientAuthentication]
    ) -> None:
        """Hold `tokens` and save them; `save_error` says why that failed."""
        self.held = tokens
        saved = SavedTokens(tokens, dict(known_methods))
        self.is_saving = True
        try:
            await self._keystore.save(self._key, encode_tokens(saved, issued_for=self._issued_for))
        except KeystoreError as error:
            self.save_error = error
        else:
            self._own = {tokens.access_token}
            self.save_error = self._keyring_error
        finally:
            self.is_saving = False

    async def save_renewed(
        self, tokens: TokenSet, known_methods: Mapping[str, ClientAuthentication]
    ) -> None:
        """Save the tokens of a renewal, but do not ask again to unlock a locked keyring."""
        if self.is_keyring_closed:
            self.held = tokens
        else:
            await self.save(tokens, known_methods)

    async def save_note(
        self, tokens: TokenSet, known_methods: Mapping[str, ClientAuthentication]
    ) -> None:
        """Replace what is held and saved by `tokens`, which differ only in what is noted of them.

        A keyring that fails still has the tokens, so that is not shown.
        """
        self.held = tokens
        if self.save_error is None or self.in_memory_only:
            saved = SavedTokens(tokens, dict(known_methods))
            try:
                await self._keystore.save(
                    self._key, encode_tokens(saved, issued_for=self._issued_for)
                )
            except KeystoreError as error:
                _log.info("not noted in the keyring: %s", type(error).__name__)

    async def save_new(
        self, tokens: TokenSet, known_methods: Mapping[str, ClientAuthentication]
    ) -> None:
        """Save the tokens of a new sign-in, which no other process may replace by a renewal."""
        try:
            async with self.lock():
                await self.save(tokens, known_methods)
        except RenewalTimedOut:
            await self.save(tokens, known_methods)

    async def take_newest(self, held: TokenSet | None) -> TokenSet | None:
        """Delete what is saved and return the newer of that and `held`.

        Raises `KeystoreError` or `RenewalTimedOut`.
        """
        # Under the lock: a process that is renewing now would save its tokens after the deletion.
        async with self.lock():
            saved = await self.load()
            await self.delete_saved()
        if saved is None or (held is not None and held.issued_at >= saved.tokens.issued_at):
            return held
        return saved.tokens

    async def delete_saved(self) -> None:
        """Delete what is saved, but not what is held; raises `KeystoreError`."""
        if self._keyring_error is not None and not isinstance(self._keyring_error, KeyringMissing):
            await self._keyring.delete(self._key)  # it may still hold an older token
        await self._keystore.delete(self._key)

    async def delete_refused(self, refused: TokenSet) -> None:
        """Delete `refused`, but not a sign-in of another process; raises `KeystoreError`."""
        if self.in_memory_only:
            await self._keystore.delete(self._key)
        saved = await self._load_from(self._keyring)
        if saved is None or saved.tokens.refresh_token == refused.refresh_token:
            await self._keyring.delete(self._key)

    async def _load_from(self, keystore: Keystore) -> SavedTokens | None:
        value = await keystore.load(self._key)
        if not value:
            return None
        saved = decode_tokens(value, issued_for=self._issued_for, must_be_bound=self._must_be_bound)
        if saved is not None:
            self._note(saved.tokens)
        return saved

    def _note(self, tokens: TokenSet) -> None:
        noted = (tokens.access_token, tokens.refresh_token, tokens.id_token)
        self._secrets.add(*noted)
        self._noted.extend(each for each in noted if each is not None and each not in self._noted)

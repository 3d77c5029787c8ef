"""The secrets of a profile, which are stored in the keyring only."""

from contextlib import suppress

from desktop.oauth.redaction.known_secrets import KnownSecrets
from desktop.services.model.profile import (
    Profile,
    client_binding,
    client_secret_key,
    proxy_binding,
    proxy_password_key,
    tokens_binding,
    tokens_key,
)
from desktop.services.secrets.keystore import Keystore, KeystoreError
from desktop.services.secrets.secret_encoding import (
    decode_password,
    decode_tokens,
    encode_password,
    password_recipient,
)


async def save_client_secret(keystore: Keystore, profile: Profile, password: str) -> None:
    """Save the client secret, bound to its server; an empty one is removed.

    Raises `KeystoreError`.
    """
    bound = client_binding(profile)
    await _save(keystore, client_secret_key(profile), password, bound=bound)


async def save_proxy_password(keystore: Keystore, profile: Profile, password: str) -> None:
    """Save the password for the proxy, bound to that proxy; an empty one is removed.

    Raises `KeystoreError`.
    """
    await _save(keystore, proxy_password_key(profile), password, bound=proxy_binding(profile))


async def _save(keystore: Keystore, key: str, password: str, *, bound: str) -> None:
    if password:
        await keystore.save(key, encode_password(password, issued_for=bound))
    else:
        await keystore.delete(key)


async def load_client_secret(keystore: Keystore, profile: Profile) -> str | None:
    """Load the one for the present server and client of `profile`; raises `KeystoreError`."""
    value = await keystore.load(client_secret_key(profile))
    return value and decode_password(value, issued_for=client_binding(profile))


async def load_proxy_password(keystore: Keystore, profile: Profile) -> str | None:
    """Load the one for the present proxy and user of `profile`; raises `KeystoreError`."""
    value = await keystore.load(proxy_password_key(profile))
    return value and decode_password(value, issued_for=proxy_binding(profile))


async def load_password_for_proxy(keystore: Keystore, profile: Profile, proxy: str) -> str | None:
    """Load the proxy password if `proxy` (host and port) may have it; raises `KeystoreError`.

    Where the system chooses the proxy, a network can name its own proxy to all computers in it
    (WPAD). So the password is only ever given to the first proxy that needed it.
    """
    password = await load_proxy_password(keystore, profile)
    if not password or profile.proxy != "system":
        return password
    key, bound = proxy_password_key(profile), proxy_binding(profile)
    shown_to = password_recipient(await keystore.load(key) or "")
    if not shown_to:
        await keystore.save(key, encode_password(password, issued_for=bound, shown_to=proxy))
    return password if shown_to in {"", proxy} else None


async def load_known_secrets(keystore: Keystore, profile: Profile) -> KnownSecrets:
    """Load what the server of `profile` was sent before and may repeat.

    Those that the keyring cannot return are missing.
    """
    known = KnownSecrets()
    with suppress(KeystoreError):
        known.add(await load_client_secret(keystore, profile))
    with suppress(KeystoreError):
        value = await keystore.load(tokens_key(profile))
        saved = value and decode_tokens(value, issued_for=tokens_binding(profile))
        if saved:
            known.add(saved.tokens.access_token, saved.tokens.refresh_token)
    return known


async def delete_secrets(keystore: Keystore, profile: Profile) -> None:
    """Delete all secrets of `profile`, whose session must be closed.

    Tries to delete each, then raises the first `KeystoreError`.
    """
    failed: list[KeystoreError] = []
    for key in (tokens_key(profile), client_secret_key(profile), proxy_password_key(profile)):
        try:
            await keystore.delete(key)
        except KeystoreError as error:
            failed.append(error)
    if failed:
        raise failed[0]

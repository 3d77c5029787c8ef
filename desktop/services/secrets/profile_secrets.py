"""The secrets of a profile, which are in the keyring and nowhere else."""

from desktop.services.model.profile import (
    Profile,
    client_binding,
    client_secret_key,
    proxy_binding,
    proxy_password_key,
    tokens_key,
)
from desktop.services.secrets.keystore import Keystore, KeystoreError
from desktop.services.secrets.secret_encoding import (
    decode_password,
    encode_password,
    password_recipient,
)


async def save_client_secret(keystore: Keystore, profile: Profile, password: str) -> None:
    """Store the password of the client, for its server alone; an empty one is removed.

    Raises `KeystoreError`.
    """
    bound = client_binding(profile)
    await _save(keystore, client_secret_key(profile), password, bound=bound)


async def save_proxy_password(keystore: Keystore, profile: Profile, password: str) -> None:
    """Store the password that is shown to the proxy, for that alone; an empty one is removed.

    Raises `KeystoreError`.
    """
    await _save(keystore, proxy_password_key(profile), password, bound=proxy_binding(profile))


async def _save(keystore: Keystore, key: str, password: str, *, bound: str) -> None:
    if password:
        await keystore.save(key, encode_password(password, issued_for=bound))
    else:
        await keystore.delete(key)


async def load_client_secret(keystore: Keystore, profile: Profile) -> str | None:
    """The one for the server and the client that `profile` names now; raises `KeystoreError`."""
    value = await keystore.load(client_secret_key(profile))
    return value and decode_password(value, issued_for=client_binding(profile))


async def load_proxy_password(keystore: Keystore, profile: Profile) -> str | None:
    """The one for the proxy and the user that `profile` names now; raises `KeystoreError`."""
    value = await keystore.load(proxy_password_key(profile))
    return value and decode_password(value, issued_for=proxy_binding(profile))


async def load_password_for_proxy(keystore: Keystore, profile: Profile, proxy: str) -> str | None:
    """Like `proxy_password`, for `proxy` (host and port) alone; raises `KeystoreError`.

    A profile may leave it to this computer to name the proxy, and a network may name another to all
    computers in it (WPAD): so the first one that is given the password is the only one.
    """
    password = await load_proxy_password(keystore, profile)
    if not password or profile.proxy != "system":
        return password
    key, bound = proxy_password_key(profile), proxy_binding(profile)
    shown_to = password_recipient(await keystore.load(key) or "")
    if not shown_to:
        await keystore.save(key, encode_password(password, issued_for=bound, shown_to=proxy))
    return password if shown_to in {"", proxy} else None


async def delete_secrets(keystore: Keystore, profile: Profile) -> None:
    """Remove all that is stored of `profile`, once its session is closed.

    Tries each, then raises the first `KeystoreError`.
    """
    failed: list[KeystoreError] = []
    for key in (tokens_key(profile), client_secret_key(profile), proxy_password_key(profile)):
        try:
            await keystore.delete(key)
        except KeystoreError as error:
            failed.append(error)
    if failed:
        raise failed[0]

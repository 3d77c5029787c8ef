"""The secrets of a profile: what they are bound to, and their deletion."""

from dataclasses import replace

import pytest

from desktop.services.model.profile import (
    client_secret_key,
    proxy_password_key,
    tokens_binding,
    tokens_key,
)
from desktop.services.secrets.keystore import KeyringFault, KeystoreError, MemoryKeystore
from desktop.services.secrets.profile_secrets import (
    delete_secrets,
    load_client_secret,
    load_known_secrets,
    load_password_for_proxy,
    load_proxy_password,
    save_client_secret,
    save_proxy_password,
)
from desktop.services.secrets.secret_encoding import (
    SavedTokens,
    encode_tokens,
    password_recipient,
)
from tests.oauth.harness import HELD
from tests.services.harness import PASSWORD, PROFILE, FakeKeyring

OTHER = replace(PROFILE, id="other")
KEYS = (tokens_key, client_secret_key, proxy_password_key)


async def test_a_client_secret_is_bound_to_server_and_client() -> None:
    keystore = MemoryKeystore()
    assert not await load_client_secret(keystore, PROFILE)
    await save_client_secret(keystore, PROFILE, PASSWORD)
    assert await load_client_secret(keystore, PROFILE) == PASSWORD
    assert not await load_client_secret(keystore, replace(PROFILE, client_id="client-2"))
    assert not await load_client_secret(keystore, replace(PROFILE, issuer="https://evil.example"))
    assert not await load_client_secret(keystore, OTHER)


async def test_an_empty_password_removes_the_one_that_was_there() -> None:
    keystore = MemoryKeystore()
    await save_client_secret(keystore, PROFILE, PASSWORD)
    await save_client_secret(keystore, PROFILE, "")
    assert await keystore.load(client_secret_key(PROFILE)) is None


async def test_all_secrets_of_a_profile_go_and_those_of_others_stay() -> None:
    keystore = MemoryKeystore()
    for profile in (PROFILE, OTHER):
        for key in KEYS:
            await keystore.save(key(profile), "SECRET")
    await delete_secrets(keystore, PROFILE)
    assert [await keystore.load(key(PROFILE)) for key in KEYS] == [None] * 3
    assert [await keystore.load(key(OTHER)) for key in KEYS] == ["SECRET"] * 3


class Stubborn(MemoryKeystore):
    """Does not let go of the tokens."""

    async def delete(self, key: str) -> None:
        if key == tokens_key(PROFILE):
            raise KeyringFault("stuck")
        await super().delete(key)


async def test_a_secret_that_cannot_be_deleted_does_not_keep_the_others() -> None:
    keystore = Stubborn()
    for key in KEYS:
        await keystore.save(key(PROFILE), "SECRET")
    with pytest.raises(KeystoreError, match="stuck"):
        await delete_secrets(keystore, PROFILE)
    assert await keystore.load(client_secret_key(PROFILE)) is None
    assert await keystore.load(proxy_password_key(PROFILE)) is None


async def test_what_is_damaged_in_the_keyring_is_no_password_for_a_proxy() -> None:
    keystore = MemoryKeystore()
    profile = replace(PROFILE, proxy_user="dana")
    for value in ("", "{", "[]", "7", '{"format": 1}'):
        await keystore.save(proxy_password_key(profile), value)
        assert not await load_password_for_proxy(keystore, profile, "proxy.example:3128")
        assert password_recipient(value) == ""


@pytest.mark.parametrize("proxy", ["system", "http://proxy.example:3128"])
async def test_a_proxy_password_is_for_the_proxy_and_the_user_it_was_saved_for(proxy: str) -> None:
    keystore = MemoryKeystore()
    profile = replace(PROFILE, proxy=proxy, proxy_user="dana")
    await save_proxy_password(keystore, profile, PASSWORD)
    assert await load_proxy_password(keystore, profile) == PASSWORD
    assert not await load_proxy_password(keystore, replace(profile, proxy_user="eve"))
    assert not await load_proxy_password(keystore, replace(profile, proxy="http://evil.example"))
    await save_proxy_password(keystore, profile, "")
    assert await keystore.load(proxy_password_key(profile)) is None


async def test_only_the_first_proxy_that_the_network_names_gets_the_password() -> None:
    keystore = MemoryKeystore()
    profile = replace(PROFILE, proxy_user="dana")
    await save_proxy_password(keystore, profile, PASSWORD)
    given = [
        await load_password_for_proxy(keystore, profile, proxy)
        for proxy in ("proxy.example:3128", "evil.example:80", "proxy.example:3128")
    ]
    assert given == [PASSWORD, None, PASSWORD]


async def test_a_proxy_that_the_profile_names_gets_the_password_each_time() -> None:
    keystore = MemoryKeystore()
    profile = replace(PROFILE, proxy="http://proxy.example:3128", proxy_user="dana")
    await save_proxy_password(keystore, profile, PASSWORD)
    saved = await keystore.load(proxy_password_key(profile))
    assert await load_password_for_proxy(keystore, profile, "proxy.example:3128") == PASSWORD
    assert await keystore.load(proxy_password_key(profile)) == saved


# What a server may repeat


async def test_the_tokens_and_the_client_secret_are_what_a_server_may_repeat() -> None:
    keystore = MemoryKeystore()
    await save_client_secret(keystore, PROFILE, PASSWORD)
    bound = tokens_binding(PROFILE)
    tokens = encode_tokens(SavedTokens(HELD, {}), issued_for=bound)
    await keystore.save(tokens_key(PROFILE), tokens)
    words = f"{HELD.access_token} {HELD.refresh_token} {PASSWORD} dana"
    known = await load_known_secrets(keystore, PROFILE)
    assert known.strike(words) == "[redacted] [redacted] [redacted] dana"
    elsewhere = await load_known_secrets(keystore, replace(PROFILE, issuer="https://evil.example"))
    assert elsewhere.strike(words) == words


@pytest.mark.parametrize("value", ["damaged", None])
async def test_without_a_keyring_nothing_is_known(value: str | None) -> None:
    keyring = FakeKeyring()
    if value is None:
        keyring.errors["load"] = KeyringFault("stuck")
    else:
        await keyring.save(tokens_key(PROFILE), value)
    known = await load_known_secrets(keyring, PROFILE)
    assert known.strike("damaged") == "damaged"

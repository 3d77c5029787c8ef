"""What is done with profiles, to the file and to the keyring."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from desktop.services.background import Worker
from desktop.services.configuration import obeying
from desktop.services.keystore import KeyringFault, KeystoreError, MemoryKeystore
from desktop.services.policy import Policy
from desktop.services.profile_check import Outcome
from desktop.services.profile_deeds import Known, Passwords, ProfileDeeds
from desktop.services.profile_draft import draft_of
from desktop.services.profile_reading import Profiles, load_profiles
from desktop.services.profile_secrets import client_password, proxy_password
from desktop.services.profiles import Profile, client_password_key, tokens_key
from desktop.services.surroundings import Surroundings
from tests.services.world import PASSWORD, PROFILE, World

GOVERNED = Policy(source="/etc/policy", device_grant=False, proxy="http://proxy.example:3128")
PROXIED = replace(PROFILE, proxy_user="analyst")


class Stubborn(MemoryKeystore):
    """Does not let go of the tokens."""

    async def delete(self, key: str) -> None:
        if key == tokens_key(PROFILE):
            raise KeyringFault("stuck")
        await super().delete(key)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    yield made
    await made.close()


def deeds(
    world: World, file: Path, keystore: MemoryKeystore, policy: Policy | None = None
) -> ProfileDeeds:
    around = Surroundings(keystore, world._open_http, world.clock, world._lock)
    return ProfileDeeds(file, around, Worker("deeds"), policy=policy)


async def test_what_can_be_removed_goes_even_where_something_else_is_stuck(
    world: World, tmp_path: Path
) -> None:
    keystore = Stubborn()
    for key in (tokens_key, client_password_key):
        await keystore.save(key(PROFILE), "SECRET")
    with pytest.raises(KeystoreError, match="stuck"):
        await deeds(world, tmp_path / "profiles.toml", keystore).remove(PROFILE.id)
    assert await keystore.load(client_password_key(PROFILE)) is None


async def test_a_password_is_for_the_proxy_that_the_administrator_has_set(
    world: World, tmp_path: Path
) -> None:
    keystore = MemoryKeystore()
    made = deeds(world, tmp_path / "profiles.toml", keystore, GOVERNED)
    assert await made.stored(PROXIED) == (False, False)
    await made.store(PROXIED, Passwords(client=PASSWORD, proxy="proxy-SECRET"))
    used = obeying(PROXIED, GOVERNED)
    assert await client_password(keystore, used) == PASSWORD
    assert await proxy_password(keystore, used) == "proxy-SECRET"
    assert await made.stored(PROXIED) == (True, True)
    await made.store(PROXIED, Passwords(proxy=""))
    assert await made.stored(PROXIED) == (True, False)


async def test_a_check_obeys_what_the_administrator_has_decided(
    world: World, tmp_path: Path
) -> None:
    opened: list[Profile] = []

    async def open_http(
        profile: Profile, /, *, proxy_password: str | None = None
    ) -> httpx.AsyncClient:
        assert proxy_password is None
        opened.append(profile)
        return await world._open_http(profile)

    around = Surroundings(MemoryKeystore(), open_http, world.clock, world._lock)
    made = ProfileDeeds(tmp_path / "profiles.toml", around, Worker("deeds"), policy=GOVERNED)
    known = Known(Profiles(made.file, {}, {}), {})
    findings = [each async for each in made.check(PROFILE, Passwords(), known)]
    assert opened[0].proxy == GOVERNED.proxy
    assert findings[-1].outcome is Outcome.BAD
    assert world.server.asked("/device") == 0


async def test_what_the_administrator_has_set_is_not_written_into_the_persons_file(
    world: World, tmp_path: Path
) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text('[profiles.a]\nissuer = "https://login.example"\nclient_id = "c"\n', "utf-8")
    made = deeds(world, file, MemoryKeystore(), GOVERNED)
    governed = obeying(load_profiles(file).good["a"], GOVERNED)
    known = Known(Profiles(file, {"a": governed}, {}), {})
    await made.save("a", replace(draft_of(governed, {}), letter="A"), known)
    after = load_profiles(file).good["a"]
    assert (after.letter, after.proxy) == ("A", "system")

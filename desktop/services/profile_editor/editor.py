"""What is done with profiles: the file, the keyring and the server, in the order that is safe."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Container, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.services.configuration.load import obeying
from desktop.services.configuration.profile_draft import Draft, members_of, profile_of
from desktop.services.configuration.profile_file import (
    LARGEST_IMPORT,
    export_profiles,
    import_profiles,
    new_id,
    remove_profile,
    save_profile,
)
from desktop.services.configuration.profile_reader import Profiles, load_presets, load_profiles
from desktop.services.model.policy import Policy
from desktop.services.model.profile import (
    GRANTS,
    BrokenPolicy,
    BrokenProfile,
    Profile,
)
from desktop.services.profile_editor import check as profile_check
from desktop.services.secrets.profile_secrets import (
    client_password,
    delete_secrets,
    proxy_password,
    save_client_password,
    save_proxy_password,
)
from desktop.services.system.atomic_file import write_out

if TYPE_CHECKING:
    from desktop.services.network.environment import Surroundings
    from desktop.services.profile_editor.check import Finding
    from desktop.services.system.worker import Worker

_DECIDED = ("proxy", "ca_file")  # of a profile, where a policy names one


@dataclass(frozen=True, slots=True)
class Passwords:
    """What the form wishes for the keyring: a new one, empty to remove it, `None` to leave it."""

    client: str | None = field(default=None, repr=False)
    proxy: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Known:
    """What is there: the profiles, those that are managed, and the presets."""

    profiles: Profiles
    presets: Mapping[str, Mapping[str, object]]
    managed: frozenset[str] = frozenset()


class ProfileDeeds:
    """Changes go to `file`, with `worker` doing what blocks; secrets to the keyring only.

    `load` gives all profiles there are, the managed ones among them.
    """

    def __init__(
        self,
        file: Path,
        surroundings: Surroundings,
        worker: Worker,
        *,
        policy: Policy | None = None,
        load: Callable[[], Profiles] | None = None,
    ) -> None:
        self.file = file
        self.policy = policy or Policy()
        self._world = surroundings
        self._worker = worker
        self._load = load or partial(load_profiles, file)

    async def known(self) -> Known:
        """What is there. Raises `BrokenProfile`, also where it is the policy that is broken."""
        try:
            profiles = await self._worker.run(self._load)
        except BrokenPolicy as error:
            raise BrokenProfile(error.where, error.detail) from error
        presets = await self._worker.run(load_presets)
        self.policy = profiles.policy
        return Known(profiles, presets, frozenset(self.policy.profiles))

    def new_id(self, name: str, known: Known) -> str:
        """An id for a profile called `name`."""
        return new_id(name, {*known.profiles.good, *known.profiles.broken, *known.managed})

    async def stored(self, profile: Profile) -> tuple[bool, bool]:
        """Whether the keyring has a client password and one for the proxy. `KeystoreError`."""
        client = await client_password(self._world.keystore, profile)
        return client is not None, await proxy_password(self._world.keystore, profile) is not None

    async def check(
        self,
        profile: Profile,
        passwords: Passwords,
        known: Known,
        *,
        allowed: Container[str] = GRANTS,
    ) -> AsyncIterator[Finding]:
        """What works; what was typed counts, else what is stored. Raises `KeystoreError`.

        It goes the way that an administrator has decided, as a sign-in would. `allowed` are the
        ways to sign in that may be proposed.
        """
        profile = obeying(profile, known.profiles.policy)
        client = passwords.client
        if client is None:
            client = await client_password(self._world.keystore, profile)
        looking = profile_check.check(
            profile,
            client or None,
            open_http=self._world.open_http,
            clock=self._world.clock,
            presets=known.presets,
            proxy_password=passwords.proxy or None,
            allowed=allowed,
        )
        async with aclosing(looking) as findings:
            async for finding in findings:
                yield finding

    async def save(self, id_: str, draft: Draft, known: Known) -> Profile:
        """Write it to the file, and give it as it is now. Raises `BrokenProfile`."""
        policy = known.profiles.policy
        members = members_of(draft, known.presets)
        # The form shows what is decided; what the person had set stays, and counts again without.
        for name in _DECIDED:
            if getattr(policy, name):
                members.pop(name, None)
        await self._worker.run(
            partial(save_profile, self.file, id_, members, locked=policy.settings.keys())
        )
        kept = known.profiles.good.get(id_)
        return obeying(profile_of(id_, draft, known.presets, kept=kept), policy)

    async def store(self, profile: Profile, passwords: Passwords) -> None:
        """Put into the keyring what was typed, or take it out. Raises `KeystoreError`."""
        if passwords.client is not None:
            await save_client_password(self._world.keystore, profile, passwords.client)
        if passwords.proxy is not None:
            await save_proxy_password(self._world.keystore, profile, passwords.proxy)

    async def remove(self, id_: str) -> None:
        """Take it out of the file, and then its secrets out of the keyring.

        Raises `BrokenProfile` before anything is gone, `KeystoreError` when only secrets are left.
        """
        await self._worker.run(partial(remove_profile, self.file, id_))
        await delete_secrets(self._world.keystore, Profile(id=id_, name="", client_id=""))

    async def take_in(self, source: Path) -> tuple[str, ...]:
        """Import the profiles in `source`; their ids. Raises `BrokenProfile`, `OSError`."""
        return await self._worker.run(partial(_import, self.file, source, self.policy))

    async def give_out(self, ids: tuple[str, ...], target: Path) -> None:
        """Export profiles to `target`, without any secret. Raises `BrokenProfile`, `OSError`."""
        await self._worker.run(partial(_export, self.file, ids, target))


def _import(file: Path, source: Path, policy: Policy) -> tuple[str, ...]:
    with source.open("rb") as opened:
        content = opened.read(LARGEST_IMPORT + 1)
    if len(content) > LARGEST_IMPORT:
        raise OSError(None, "it is far too large for profiles", str(source))
    text = content.decode("utf-8-sig", "replace")
    return import_profiles(file, text, taken=policy.profiles.keys())


def _export(file: Path, ids: tuple[str, ...], target: Path) -> None:
    write_out(export_profiles(file, ids), target)

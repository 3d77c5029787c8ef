"""Changes profiles in the file, the keyring and on the server, in a safe order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Container, Mapping
from contextlib import aclosing
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.frozen import frozen
from desktop.oauth.redaction.known_secrets import KnownSecrets
from desktop.services.configuration.client_model import name_unusable_format, read_client_model
from desktop.services.configuration.profile_draft import Draft, members_of, profile_of
from desktop.services.configuration.profile_file import (
    MAX_IMPORT_LENGTH,
    export_profiles,
    import_profiles,
    new_id,
    read_import,
    remove_profile,
    save_profile,
)
from desktop.services.configuration.profile_names import name_key, names_in, names_of
from desktop.services.configuration.profile_reader import Profiles, load_presets, load_profiles
from desktop.services.model.audit import AuditEvent, event_of
from desktop.services.model.audit_kinds import (
    PROFILE_CHANGED,
    PROFILE_IMPORTED,
    PROFILE_REMOVED,
)
from desktop.services.model.policy import Policy
from desktop.services.model.profile import (
    GRANTS,
    BrokenPolicy,
    BrokenProfile,
    Profile,
    governed_members,
    with_policy,
)
from desktop.services.profile_editor import check as profile_check
from desktop.services.profile_editor.editor_wording import PASTE_CLIENT, foreign_format_detail
from desktop.services.secrets.profile_secrets import (
    delete_secrets,
    load_client_secret,
    load_known_secrets,
    load_proxy_password,
    save_client_secret,
    save_proxy_password,
)
from desktop.services.system.atomic_file import write_out
from desktop.services.system.files import read_file
from desktop.services.system.text_input import UndecodableText, decode_text
from desktop.services.system.translation import translate
from desktop.services.wording.field_names import Surface

if TYPE_CHECKING:
    from desktop.services.network.environment import Environment
    from desktop.services.profile_editor.findings import Finding
    from desktop.services.system.worker import Worker


@frozen
class SecretChanges:
    """Changes of the keyring: a new secret, empty to remove it, None to leave it."""

    client_secret: str | None = field(default=None, repr=False)
    proxy_password: str | None = field(default=None, repr=False)


@frozen
class Snapshot:
    """The current profiles, the ids of the managed ones, and the presets."""

    profiles: Profiles
    presets: Mapping[str, Mapping[str, object]]
    managed: frozenset[str] = frozenset()

    def names_besides(self, id_: str = "") -> list[str]:
        """List the ids and names that the profile `id_`, or a new one, cannot have."""
        others = [each for each in self.profiles.good.values() if each.id != id_]
        broken = [each for each in self.profiles.broken if each != id_]
        before = self.profiles.good.get(id_)
        own = name_key(before.name) if before is not None else ""  # as it is, it may stay
        return [each for each in (*names_of(others), *broken) if name_key(each) != own]


@frozen
class ImportedFile:
    """A file of profiles, as it was read."""

    source: Path
    text: str
    profiles: tuple[Profile, ...]


class ProfileEditor:
    """Changes profiles in `file`, and secrets in the keyring; `worker` does what blocks.

    `load` loads all profiles, including managed ones.
    """

    def __init__(
        self,
        file: Path,
        surroundings: Environment,
        worker: Worker,
        *,
        policy: Policy | None = None,
        load: Callable[[], Profiles] | None = None,
    ) -> None:
        self.file = file
        self.policy = policy or Policy()
        self._environment = surroundings
        self._worker = worker
        self._load_profiles = load or partial(load_profiles, file)

    async def load(self) -> Snapshot:
        """Load everything. Raises `BrokenProfile`, also for a broken policy."""
        try:
            profiles = await self._worker.run(self._load_profiles)
        except BrokenPolicy as error:
            raise BrokenProfile(error.where, error.detail) from error
        presets = await self._worker.run(load_presets)
        self.policy = profiles.policy
        return Snapshot(profiles, presets, frozenset(self.policy.profiles))

    def new_id(self, name: str, known: Snapshot) -> str:
        """Make an id for a profile called `name`."""
        return new_id(name, {*known.names_besides(), *known.managed})

    async def find_stored_secrets(self, profile: Profile) -> tuple[bool, bool]:
        """Find out whether the keyring has a client secret and a proxy password."""
        client = await load_client_secret(self._environment.keystore, profile)
        return client is not None, await load_proxy_password(
            self._environment.keystore, profile
        ) is not None

    async def check(
        self,
        profile: Profile,
        passwords: SecretChanges,
        known: Snapshot,
        *,
        allowed: Container[str] = GRANTS,
        surface: Surface = Surface.WINDOW,
    ) -> AsyncIterator[Finding]:
        """Check `profile` with typed or else stored secrets. Raises `KeystoreError`.

        The policy applies, as for a sign-in. `allowed` are the sign-in methods that are proposed.
        """
        profile = with_policy(profile, known.profiles.policy)
        client, secrets = passwords.client_secret, KnownSecrets()
        if client is None:
            client = await load_client_secret(self._environment.keystore, profile)
            secrets = await load_known_secrets(self._environment.keystore, profile)
        checking = profile_check.check(
            profile,
            client or None,
            open_http=self._environment.open_http,
            clock=self._environment.clock,
            presets=known.presets,
            proxy_password=passwords.proxy_password or None,
            allowed=allowed,
            surface=surface,
            secrets=secrets,
        )
        async with aclosing(checking) as findings:
            async for finding in findings:
                yield finding

    async def save(self, id_: str, draft: Draft, known: Snapshot) -> Profile:
        """Write the profile to the file and return it. Raises `BrokenProfile`."""
        policy = known.profiles.policy
        members = members_of(draft, known.presets)
        # The form shows the policy's values. The user's own stay, and apply again without it.
        for name in governed_members(policy):
            members.pop(name, None)
        await self._worker.run(
            partial(
                save_profile,
                self.file,
                id_,
                members,
                locked=policy.settings.keys(),
                names=names_in(policy.profiles),
            )
        )
        await self._environment.kept_metadata.delete(id_)
        kept = known.profiles.good.get(id_)
        saved = with_policy(profile_of(id_, draft, known.presets, kept=kept), policy)
        self._environment.audit.record(event_of(PROFILE_CHANGED, saved), policy)
        return saved

    async def save_secrets(self, profile: Profile, passwords: SecretChanges) -> None:
        """Save secrets in the keyring, or remove them. Raises `KeystoreError`."""
        if passwords.client_secret is not None:
            await save_client_secret(self._environment.keystore, profile, passwords.client_secret)
        if passwords.proxy_password is not None:
            await save_proxy_password(self._environment.keystore, profile, passwords.proxy_password)

    async def remove(self, id_: str) -> None:
        """Remove the profile from the file, then its secrets from the keyring.

        Raises `BrokenProfile` before anything is removed, `KeystoreError` when secrets are left.
        """
        await self._worker.run(partial(remove_profile, self.file, id_))
        self._environment.audit.record(AuditEvent(PROFILE_REMOVED, profile=id_), self.policy)
        await self._environment.kept_metadata.delete(id_)
        await delete_secrets(self._environment.keystore, Profile(id=id_, name="", client_id=""))

    async def read_import(self, source: Path) -> ImportedFile:
        """Read the profiles in `source`, which may be asked about before they are imported.

        Raises `BrokenProfile`, `OSError`.
        """
        return await self._worker.run(partial(_read_import, source))

    async def import_(self, imported: ImportedFile) -> tuple[str, ...]:
        """Import profiles; return their ids. Raises `BrokenProfile`, `OSError`."""
        names = names_in(self.policy.profiles)
        ids = await self._worker.run(
            partial(
                import_profiles,
                self.file,
                imported.text,
                imported.source,
                taken=self.policy.profiles.keys(),
                names=names,
            )
        )
        for id_ in ids:
            self._environment.audit.record(AuditEvent(PROFILE_IMPORTED, profile=id_), self.policy)
        return ids

    async def export(self, ids: tuple[str, ...], target: Path) -> None:
        """Export profiles to `target`, without any secret. Raises `BrokenProfile`, `OSError`."""
        await self._worker.run(partial(_export_file, self.file, ids, target))


def _read_import(source: Path) -> ImportedFile:
    content = read_file(source, limit=MAX_IMPORT_LENGTH)
    try:
        text = decode_text(content, source.name)
    except UndecodableText as error:
        raise BrokenProfile(source, str(error)) from error
    if name := name_unusable_format(text):
        raise BrokenProfile(source, foreign_format_detail(name))
    if read_client_model(text) is not None:
        raise BrokenProfile(source, translate(PASTE_CLIENT))
    return ImportedFile(source, text, read_import(source, text))


def _export_file(file: Path, ids: tuple[str, ...], target: Path) -> None:
    write_out(export_profiles(file, ids), target)

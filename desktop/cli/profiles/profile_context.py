"""What commands that change profiles stand on: the file, the policy, the keyring."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import TypeVar

from desktop.cli.terminal.exits import Exit
from desktop.cli.terminal.output import print_message
from desktop.services.configuration.load import load_allowed_profiles
from desktop.services.configuration.policy_reader import load_policy
from desktop.services.model.errors import ForbiddenByPolicy
from desktop.services.model.profile import Profile
from desktop.services.network.environment import Environment
from desktop.services.network.real_environment import real_environment
from desktop.services.profile_editor import editor_wording as texts
from desktop.services.profile_editor.editor import ProfileEditor, SecretChanges, Snapshot
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.system.paths import profiles_file
from desktop.services.system.worker import Worker
from desktop.services.wording.messages import advice_for

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class ProfileContext:
    """Where profiles are changed: what is known, and who does it."""

    editor: ProfileEditor
    snapshot: Snapshot
    environment: Environment

    def require_own_profiles(self) -> None:
        """Raise `ForbiddenByPolicy` where nobody may have profiles of their own."""
        if not self.editor.policy.own_profiles:
            raise ForbiddenByPolicy(self.editor.policy.source)

    def require_editable(self, profile: Profile) -> None:
        """Raise `ForbiddenByPolicy` for a profile that an administrator has set."""
        if profile.id in self.snapshot.managed:
            raise ForbiddenByPolicy(self.editor.policy.source)


def run_with_profiles(work: Callable[[ProfileContext], Awaitable[Result]]) -> Result:
    """What `work` gives. Blocks; raises `BrokenProfile` and what `work` does."""

    async def run() -> Result:
        policy = load_policy()
        worker = Worker("profiles")
        world = real_environment(worker)
        file = profiles_file()
        load = partial(load_allowed_profiles, file, policy)
        deeds = ProfileEditor(file, world, worker, policy=policy, load=load)
        return await work(ProfileContext(deeds, await deeds.load(), world))

    # Not asyncio's own answer to Ctrl-C, which waits for the end of a question to a person.
    before = signal.signal(signal.SIGINT, _interrupt)
    try:
        return asyncio.run(run())
    finally:
        signal.signal(signal.SIGINT, before)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


async def store_passwords(desk: ProfileContext, profile: Profile, passwords: SecretChanges) -> Exit:
    """Put the passwords into the keyring; gives the exit code, and says why it did not work."""
    try:
        await desk.editor.save_secrets(profile, passwords)
    except KeystoreError as error:
        print_message(texts.secret_not_saved_message(advice_for(error).title))
        return Exit.KEYRING
    return Exit.OK

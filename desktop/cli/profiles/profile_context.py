"""What commands that change profiles need: the file, the policy and the keyring."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from types import FrameType
from typing import TypeVar

from desktop.cli.terminal.exits import Exit
from desktop.cli.terminal.output import print_message
from desktop.frozen import frozen
from desktop.services.configuration.load import load_allowed_profiles
from desktop.services.configuration.policy_reader import load_policy
from desktop.services.model.audit import AuditEvent
from desktop.services.model.audit_kinds import POLICY_REFUSED
from desktop.services.model.errors import ForbiddenByPolicy
from desktop.services.model.profile import Profile
from desktop.services.network.environment import Environment
from desktop.services.network.real_environment import real_environment
from desktop.services.profile_editor import editor_wording as texts
from desktop.services.profile_editor.editor import ProfileEditor, SecretChanges, Snapshot
from desktop.services.secrets.keystore import KeyringMissing, KeystoreError
from desktop.services.system.paths import profiles_file
from desktop.services.system.worker import Worker
from desktop.services.wording.messages import Surface, advice_for

Result = TypeVar("Result")


@frozen
class ProfileContext:
    """The editor of profiles, and what it loaded."""

    editor: ProfileEditor
    snapshot: Snapshot
    environment: Environment

    def require_own_profiles(self) -> None:
        """Raise `ForbiddenByPolicy` if you may not have profiles of your own."""
        if not self.editor.policy.own_profiles:
            raise self.refusal(ForbiddenByPolicy(self.editor.policy.source))

    def require_editable(self, profile: Profile) -> None:
        """Raise `ForbiddenByPolicy` if an administrator manages `profile`."""
        if profile.id in self.snapshot.managed:
            raise self.refusal(ForbiddenByPolicy(self.editor.policy.source), profile.id)

    def refusal(self, error: ForbiddenByPolicy, profile: str = "") -> ForbiddenByPolicy:
        """Record `error`, which is about the profile with the id `profile`, and return it."""
        event = AuditEvent(
            POLICY_REFUSED,
            profile=profile,
            error_code="forbidden",
            error_type=type(error).__name__,
        )
        self.environment.audit.record(event, self.editor.policy)
        return error


def run_with_profiles(work: Callable[[ProfileContext], Awaitable[Result]]) -> Result:
    """Run `work` and give its result. Blocks; raises `BrokenProfile` and the errors of `work`."""

    async def run() -> Result:
        policy = load_policy()
        worker = Worker("profiles")
        environment = real_environment(worker)
        file = profiles_file()
        load = partial(load_allowed_profiles, file, policy)
        editor = ProfileEditor(file, environment, worker, policy=policy, load=load)
        return await work(ProfileContext(editor, await editor.load(), environment))

    # The handler of asyncio would wait until a prompt is answered.
    before = signal.signal(signal.SIGINT, _interrupt)
    try:
        return asyncio.run(run())
    finally:
        signal.signal(signal.SIGINT, before)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


async def store_passwords(
    context: ProfileContext, profile: Profile, passwords: SecretChanges
) -> Exit:
    """Save the passwords in the keyring and report an error; gives the exit code."""
    try:
        await context.editor.save_secrets(profile, passwords)
    except KeystoreError as error:
        advice = advice_for(error, surface=Surface.TERMINAL)
        print_message(texts.secret_not_saved_message(advice.title))
        if isinstance(error, KeyringMissing):
            print_message(advice.help)
        return Exit.KEYRING
    return Exit.OK

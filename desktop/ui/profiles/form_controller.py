"""Carries out the commands of the form of a profile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from desktop.services.configuration.foreign_hosts import foreign_hosts
from desktop.services.configuration.profile_draft import Draft, profile_of
from desktop.services.model.profile import BrokenProfile, Profile, client_binding, with_policy
from desktop.services.profile_editor import editor_wording as texts
from desktop.services.profile_editor.editor import ProfileEditor, SecretChanges, Snapshot
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.wording.messages import advice_for
from desktop.ui.profiles.profile_form import ProfileForm

StartTask = Callable[[Coroutine[object, object, None]], asyncio.Task[None]]
"""Starts a task on the event loop that is ended with the app."""


class FormController(QObject):
    """Serves one form. `before` is the profile that it changes, None for a new one.

    Signals:
        saved: the profile was saved: its ID, the key of the draft, and whether to sign in.
        draft_changed: the key of the draft, and the draft.
        discarded: the input is to be forgotten: the key of the draft.
    """

    saved = Signal(str, str, bool)
    draft_changed = Signal(str, object)
    discarded = Signal(str)
    form: ProfileForm

    def __init__(
        self,
        start_task: StartTask,
        editor: ProfileEditor,
        snapshot: Snapshot,
        before: Profile | None,
    ) -> None:
        super().__init__()
        self._start_task = start_task
        self._editor = editor
        self._snapshot = snapshot
        self._before = before
        self._key = before.id if before is not None else ""
        self._check_task: asyncio.Task[None] | None = None

    def check(self) -> None:
        """Check the input without saving anything."""
        self.stop_check()
        self._check_task = self._start_task(self._check())

    def stop_check(self) -> None:
        if self._check_task is not None:
            self._check_task.cancel()
            self._check_task = None

    def save(self, *, sign_in: bool) -> None:
        self._start_task(self._save(sign_in=sign_in))

    def new_foreign_hosts(self) -> tuple[str, ...]:
        """List the servers besides the provider's that the profile does not have yet."""
        presets, policy = self._snapshot.presets, self._editor.policy
        now = foreign_hosts(with_policy(self._profile(), policy), presets)
        before = foreign_hosts(self._before, presets) if self._before is not None else {}
        return tuple(host for host in now if host not in before)

    def keep_draft(self, draft: Draft) -> None:
        """Keep the input in case another page takes the place of the form."""
        self.draft_changed.emit(self._key, draft)

    def discard(self) -> None:
        """Leave without saving."""
        self.discarded.emit(self._key)

    def read_clipboard(self) -> str:
        return QGuiApplication.clipboard().text()

    async def show_stored_secrets(self, profile: Profile) -> None:
        """Show what the keyring has. Its errors are reported only when it is needed."""
        try:
            client, proxy = await self._editor.find_stored_secrets(profile)
        except KeystoreError:
            return
        self.form.show_stored_secrets(client=client, proxy=proxy)

    async def _check(self) -> None:
        form = self.form
        form.show_busy(checking=True)
        try:
            async for finding in self._editor.check(
                self._profile(),
                self._secret_changes(),
                self._snapshot,
                allowed=form.allowed_sign_in_methods,
            ):
                form.show_finding(finding)
            form.findings.finish()
        except KeystoreError as error:
            form.findings.clear()
            form.show_failure(advice_for(error).title)
        finally:
            form.show_busy()

    def _profile(self) -> Profile:
        id_ = self._before.id if self._before is not None else "new"
        return profile_of(id_, self.form.draft, self._snapshot.presets, kept=self._before)

    def _secret_changes(self) -> SecretChanges:
        form = self.form
        return SecretChanges(form.client_secret.new_value, form.options.new_proxy_password)

    async def _save(self, *, sign_in: bool) -> None:
        self.stop_check()
        form, draft = self.form, self.form.draft
        if self._needs_new_client_secret():
            form.client_secret.require_new()
            return
        form.show_busy(saving=True)
        secrets = self._secret_changes()
        try:
            id_ = (
                self._before.id if self._before else self._editor.new_id(draft.name, self._snapshot)
            )
            profile = self._before = await self._editor.save(id_, draft, self._snapshot)
            await self._editor.save_secrets(profile, secrets)
        except BrokenProfile as error:
            form.show_failure(texts.not_changed_message(error))
        except KeystoreError as error:
            form.show_failure(texts.secret_not_saved_message(advice_for(error).title))
        else:
            form.show_stored_secrets(client=False, proxy=False)  # forget the secrets just typed
            self.saved.emit(id_, self._key, sign_in)
        finally:
            form.show_busy()

    def _needs_new_client_secret(self) -> bool:
        """Whether the stored client secret belongs to another client or server."""
        secret = self.form.client_secret
        if self._before is None or not secret.is_stored or secret.typed:
            return False
        return client_binding(self._before) != client_binding(self._profile())

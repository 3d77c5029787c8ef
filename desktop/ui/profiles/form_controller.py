"""Does what a person asks for in the form of a profile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from desktop.services.configuration.profile_draft import Draft, profile_of
from desktop.services.model.profile import BrokenProfile, Profile, client_binding
from desktop.services.profile_editor import editor_wording as texts
from desktop.services.profile_editor.editor import ProfileEditor, SecretChanges, Snapshot
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.wording.messages import advice_for
from desktop.ui.kit import file_dialogs
from desktop.ui.profiles.profile_form import ProfileForm

StartTask = Callable[[Coroutine[object, object, None]], asyncio.Task[None]]
"""Has something done on the event loop, and ends it with the program."""


class FormController(QObject):
    """Serves one form.

    Signals:
        done: it has been saved: the id, the key of what was typed, and whether to sign in.
        kept: what was typed, by its key.
        given_up: what was typed is to be forgotten.
    """

    saved = Signal(str, str, bool)
    draft_changed = Signal(str, object)
    discarded = Signal(str)
    form: ProfileForm

    def __init__(
        self, begin: StartTask, deeds: ProfileEditor, known: Snapshot, before: Profile | None
    ) -> None:
        super().__init__()
        self._start_task = begin
        self._editor = deeds
        self._snapshot = known
        self._before = before
        self._key = before.id if before is not None else ""
        self._check_task: asyncio.Task[None] | None = None

    def check(self) -> None:
        """Find out whether it works, without saving anything."""
        self.stop_check()
        self._check_task = self._start_task(self._check())

    def stop_check(self) -> None:
        """What is being found out no longer matters."""
        if self._check_task is not None:
            self._check_task.cancel()
            self._check_task = None

    def save(self, *, sign_in: bool) -> None:
        """Save it, and sign in with it."""
        self._start_task(self._save(sign_in=sign_in))

    def keep_draft(self, draft: Draft) -> None:
        """Remember what was typed, should the page have to go."""
        self.draft_changed.emit(self._key, draft)

    def discard(self) -> None:
        """Leave without saving."""
        self.discarded.emit(self._key)

    def read_clipboard(self) -> str:
        """The text on the clipboard."""
        return QGuiApplication.clipboard().text()

    def choose_ca_file(self) -> None:
        """Ask for a file; the form is given its name."""
        form = self.form
        file_dialogs.ask_for_ca_file(form.window(), lambda file: form.set_ca_file(str(file)))

    async def show_stored_secrets(self, profile: Profile) -> None:
        """Tell what the keyring has; one that does not answer is told when it is needed."""
        try:
            client, proxy = await self._editor.find_stored_secrets(profile)
        except KeystoreError:
            return
        self.form.show_stored_secrets(client=client, proxy=proxy)

    async def _check(self) -> None:
        form = self.form
        form.show_busy(checking=True)
        try:
            passwords = SecretChanges(form.client_secret.new_value, form.proxy_password.new_value)
            sign_in_methods = form.allowed_sign_in_methods
            async for finding in self._editor.check(
                self._profile(), passwords, self._snapshot, allowed=sign_in_methods
            ):
                form.show_finding(finding)
            form.findings.finish()
        except KeystoreError as error:
            form.findings.clear()
            form.show_failure(advice_for(error).title)
        finally:
            form.show_busy()

    def _profile(self) -> Profile:
        draft, known = self.form.draft, self._snapshot
        id_ = self._before.id if self._before is not None else "new"
        return profile_of(id_, draft, known.presets, kept=self._before)

    async def _save(self, *, sign_in: bool) -> None:
        self.stop_check()
        form, draft = self.form, self.form.draft
        if self._needs_new_client_secret():
            form.client_secret.require_new()
            return
        form.show_busy(saving=True)
        passwords = SecretChanges(form.client_secret.new_value, form.proxy_password.new_value)
        try:
            id_ = (
                self._before.id if self._before else self._editor.new_id(draft.name, self._snapshot)
            )
            profile = self._before = await self._editor.save(id_, draft, self._snapshot)
            await self._editor.save_secrets(profile, passwords)
        except BrokenProfile as error:
            form.show_failure(texts.not_changed_message(error))
        except KeystoreError as error:
            form.show_failure(texts.secret_not_saved_message(advice_for(error).title))
        else:
            form.show_stored_secrets(client=False, proxy=False)  # nothing that was typed stays here
            self.saved.emit(id_, self._key, sign_in)
        finally:
            form.show_busy()

    def _needs_new_client_secret(self) -> bool:
        """Whether what the keyring has is for another client or server than it will be."""
        if (
            self._before is None
            or not self.form.client_secret.is_stored
            or self.form.client_secret.typed
        ):
            return False
        return client_binding(self._before) != client_binding(self._profile())

"""Does what a person asks for in the form of a profile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from desktop.services.configuration.profile_draft import Draft, profile_of
from desktop.services.model.profile import BrokenProfile, Profile, issued_for
from desktop.services.profile_editor import editor_wording as texts
from desktop.services.profile_editor.editor import Known, Passwords, ProfileDeeds
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.wording.messages import advice_for
from desktop.ui.kit import file_dialogs
from desktop.ui.profiles.profile_form import ProfileForm

Begin = Callable[[Coroutine[object, object, None]], asyncio.Task[None]]
"""Has something done on the event loop, and ends it with the program."""


class FormServer(QObject):
    """Serves one form.

    Signals:
        done: it has been saved: the id, the key of what was typed, and whether to sign in.
        kept: what was typed, by its key.
        given_up: what was typed is to be forgotten.
    """

    done = Signal(str, str, bool)
    kept = Signal(str, object)
    given_up = Signal(str)
    form: ProfileForm

    def __init__(
        self, begin: Begin, deeds: ProfileDeeds, known: Known, before: Profile | None
    ) -> None:
        super().__init__()
        self._begin = begin
        self._deeds = deeds
        self._known = known
        self._before = before
        self._key = before.id if before is not None else ""
        self._checking: asyncio.Task[None] | None = None

    def check(self) -> None:
        """Find out whether it works, without saving anything."""
        self.stop_check()
        self._checking = self._begin(self._check())

    def stop_check(self) -> None:
        """What is being found out no longer matters."""
        if self._checking is not None:
            self._checking.cancel()
            self._checking = None

    def save(self, *, sign_in: bool) -> None:
        """Save it, and sign in with it."""
        self._begin(self._save(sign_in=sign_in))

    def keep(self, draft: Draft) -> None:
        """Remember what was typed, should the page have to go."""
        self.kept.emit(self._key, draft)

    def discard(self) -> None:
        """Leave without saving."""
        self.given_up.emit(self._key)

    def pasted(self) -> str:
        """The text on the clipboard."""
        return QGuiApplication.clipboard().text()

    def ask_for_authorities(self) -> None:
        """Ask for a file; the form is given its name."""
        form = self.form
        file_dialogs.ask_for_authorities(
            form.window(), lambda file: form.take_authorities(str(file))
        )

    async def show_stored(self, profile: Profile) -> None:
        """Tell what the keyring has; one that does not answer is told when it is needed."""
        try:
            client, proxy = await self._deeds.stored(profile)
        except KeystoreError:
            return
        self.form.show_stored(client=client, proxy=proxy)

    async def _check(self) -> None:
        form = self.form
        form.show_busy(checking=True)
        try:
            passwords = Passwords(form.password.wish, form.proxy_password.wish)
            ways = form.allowed_ways
            async for finding in self._deeds.check(
                self._profile(), passwords, self._known, allowed=ways
            ):
                form.show_finding(finding)
            form.findings.end()
        except KeystoreError as error:
            form.findings.forget()
            form.show_failure(advice_for(error).title)
        finally:
            form.show_busy()

    def _profile(self) -> Profile:
        draft, known = self.form.draft, self._known
        id_ = self._before.id if self._before is not None else "new"
        return profile_of(id_, draft, known.presets, kept=self._before)

    async def _save(self, *, sign_in: bool) -> None:
        self.stop_check()
        form, draft = self.form, self.form.draft
        if self._needs_password_anew():
            form.password.ask_anew()
            return
        form.show_busy(saving=True)
        passwords = Passwords(form.password.wish, form.proxy_password.wish)
        try:
            id_ = self._before.id if self._before else self._deeds.new_id(draft.name, self._known)
            profile = self._before = await self._deeds.save(id_, draft, self._known)
            await self._deeds.store(profile, passwords)
        except BrokenProfile as error:
            form.show_failure(texts.unreadable(error))
        except KeystoreError as error:
            form.show_failure(texts.not_stored(advice_for(error).title))
        else:
            form.show_stored(client=False, proxy=False)  # nothing that was typed stays here
            self.done.emit(id_, self._key, sign_in)
        finally:
            form.show_busy()

    def _needs_password_anew(self) -> bool:
        """Whether what the keyring has is for another client or server than it will be."""
        if self._before is None or not self.form.password.is_stored or self.form.password.typed:
            return False
        return issued_for(self._before) != issued_for(self._profile())

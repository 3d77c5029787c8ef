"""Opens the profile pages, and carries out their commands."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from desktop.services.configuration.profile_draft import Draft, draft_of
from desktop.services.configuration.profile_reader import Profiles
from desktop.services.model.profile import BrokenProfile, Profile
from desktop.services.model.states import SignedIn, SignedOut
from desktop.services.profile_editor import editor_wording as texts
from desktop.services.profile_editor.editor import ImportedFile, ProfileEditor, Snapshot
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.system.translation import translate
from desktop.services.wording.formats import join_sentences
from desktop.services.wording.messages import advice_for
from desktop.services.wording.sign_out_texts import signed_out_message
from desktop.ui.kit.reader_roles import unheard
from desktop.ui.profiles import file_dialogs
from desktop.ui.profiles.connection_check import ConnectionCheckView
from desktop.ui.profiles.form_controller import FormController
from desktop.ui.profiles.profile_form import FormPurpose, ProfileForm
from desktop.ui.profiles.profiles_view import ProfilesView

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from desktop.services.model.policy import Policy
    from desktop.services.session.session import Session
    from desktop.ui.kit.theme import Theme
    from desktop.ui.window.window import Window


class OnProfilesChanged(Protocol):
    """Reloads the profiles."""

    def __call__(self, id_: str, *, sign_in: bool) -> Coroutine[object, object, None]:
        """Switch to profile `id_`, or keep the current one if it is empty."""


class ProfilePages(QObject):
    """Serves the pages. Input is kept until it is saved or discarded, except for secrets.

    `on_profiles_changed` is called when profiles were saved, added or removed, and when the file
    was read, because the user may have edited it.
    """

    def __init__(
        self,
        window: Window,
        editor: ProfileEditor,
        session_of: Callable[[str], Session | None],
        *,
        on_profiles_changed: OnProfilesChanged,
    ) -> None:
        super().__init__()
        self._window = window
        self._editor = editor
        self._session_of = session_of
        self._on_profiles_changed = on_profiles_changed
        self._tasks: set[asyncio.Task[None]] = set()
        self._unsaved: dict[str, Draft] = {}
        window.page_closed.connect(self._on_closed)
        self._form_controller: FormController | None = None

    def open_form(self, id_: str = "", *, copy_of: str = "") -> None:
        """Open the form of profile `id_`, or of a new one that starts as a copy of `copy_of`."""
        self.start_task(self._open_form(id_, copy_of=copy_of))

    def open_connection_check(self, id_: str) -> None:
        """Check the connection of profile `id_` on a page of its own."""
        if (session := self._session_of(id_)) is not None:
            self._window.show_page(page := ConnectionCheckView(session.profile, self._editor, self))
            page.start()

    def open_profiles(self) -> None:
        """Show all profiles."""
        self.start_task(self._open_profiles())

    async def close(self) -> None:
        """Wait for running tasks; a check is canceled."""
        self._window.close_pages()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def start_task(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Run `work` as a task; unexpected errors go to the handler of the event loop."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._on_done)
        return task

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.result()

    def _on_closed(self) -> None:
        controller = self._form_controller
        if controller is not None and controller.form not in self._window.pages:
            controller.stop_check()

    # The form

    async def _open_form(self, id_: str, *, copy_of: str) -> None:
        try:
            snapshot = await self._editor.load()
        except BrokenProfile:
            await self._open_profiles()  # says what is wrong
            return
        before = snapshot.profiles.good.get(id_)
        if not _may_open(before, snapshot, self._editor.policy):
            self._show_profiles(snapshot)
            return
        form_controller = self._form_controller = FormController(
            self.start_task, self._editor, snapshot, before
        )
        form_controller.saved.connect(self._on_saved)
        form_controller.draft_changed.connect(self._unsaved.__setitem__)
        form_controller.discarded.connect(self._on_discarded)
        typed = self._unsaved.get(id_)
        draft = typed or _initial_draft(before, snapshot, copy_of=copy_of)
        form = form_controller.form = _make_form(
            form_controller, self._window.theme, snapshot, before, self._editor.policy, draft=draft
        )
        if typed is not None:
            form.mark_unsaved()
        self._window.show_page(form)
        if before is not None:
            await form_controller.show_stored_secrets(before)

    def _on_saved(self, id_: str, key: str, sign_in: bool) -> None:  # noqa: FBT001 - a slot
        self._unsaved.pop(key, None)
        self._window.close_pages()
        self._report_change(id_, sign_in=sign_in)

    def _on_discarded(self, key: str) -> None:
        self._unsaved.pop(key, None)
        self._window.close_page()

    def _report_change(self, id_: str = "", *, sign_in: bool = False) -> None:
        self.start_task(self._on_profiles_changed(id_, sign_in=sign_in))

    # The list of profiles

    async def _open_profiles(self, notice: str = "") -> None:
        try:
            snapshot, failure = await self._editor.load(), ""
        except BrokenProfile as error:
            snapshot, failure = _empty_snapshot(self._editor.file), texts.not_changed_message(error)
        self._show_profiles(snapshot, notice=notice, failure=failure)
        if not failure:
            self._report_change()

    def _show_profiles(self, snapshot: Snapshot, *, notice: str = "", failure: str = "") -> None:
        page = _make_list(self, snapshot, self._editor.policy)
        page.show_note(notice)
        page.show_failure(failure)
        self._window.show_page(page)

    def is_signed_in(self, id_: str) -> bool:
        session = self._session_of(id_)
        return session is not None and _is_signed_in(session)

    def delete(self, id_: str) -> None:
        """Sign out of the profile and remove it, without asking."""
        self.start_task(self._delete(id_))

    def export(self, ids: tuple[str, ...]) -> None:
        """Let the user choose a file, and write the profiles to it."""
        name = f"{ids[0]}.toml" if len(ids) == 1 else "profiles.toml"
        file_dialogs.ask_for_export_file(
            self._window, name, lambda target: self.start_task(self._export(ids, target))
        )

    def import_(self) -> None:
        """Let the user choose a file, and add its profiles."""
        file_dialogs.ask_for_import_file(
            self._window, lambda source: self.start_task(self._import(source))
        )

    def add_imported(self, imported: ImportedFile) -> None:
        self.start_task(self._add_imported(imported))

    def open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._editor.file.parent)))

    def close_page(self) -> None:
        self._window.close_page()

    async def _delete(self, id_: str) -> None:
        sign_out_result = await _sign_out(self._session_of(id_))
        if sign_out_result is None:
            self._show_failure(translate(texts.SIGN_OUT_FAILED))
            return
        try:
            await self._editor.remove(id_)
        except BrokenProfile as error:
            self._show_failure(texts.not_changed_message(error))
            return
        except KeystoreError as error:
            not_removed = texts.secrets_not_removed_message(advice_for(error).title)
            sign_out_result = join_sentences(not_removed, sign_out_result)
        self._unsaved.pop(id_, None)
        await self._open_profiles(join_sentences(translate(texts.PROFILE_DELETED), sign_out_result))

    async def _import(self, source: Path) -> None:
        try:
            imported, question = await _read_import(self._editor, source)
        except (BrokenProfile, OSError) as error:
            self._show_failure(texts.import_failed_message(error))
            return
        if not question:
            await self._add_imported(imported)
        elif isinstance(self._window.page, ProfilesView):
            self._window.page.ask_to_import(question, imported)

    async def _add_imported(self, imported: ImportedFile) -> None:
        try:
            ids = await self._editor.import_(imported)
            snapshot = await self._editor.load()
        except (BrokenProfile, OSError) as error:
            self._show_failure(texts.import_failed_message(error))
            return
        readable = [each for each in snapshot.profiles.good.values() if each.id in ids]
        self._show_profiles(snapshot, notice=texts.import_report(len(ids), readable))
        self._report_change()

    async def _export(self, ids: tuple[str, ...], target: Path) -> None:
        try:
            await self._editor.export(ids, target)
        except (BrokenProfile, OSError) as error:
            self._show_failure(texts.export_failed_message(error))
            return
        if isinstance(self._window.page, ProfilesView):
            self._window.page.show_note(texts.exported_message(target))

    def _show_failure(self, text: str) -> None:
        if isinstance(self._window.page, ProfilesView):
            self._window.page.show_failure(text)


async def _read_import(editor: ProfileEditor, source: Path) -> tuple[ImportedFile, str]:
    """Read the profiles in `source`, and what to ask before they are added; empty for nothing."""
    presets = (await editor.load()).presets
    imported = await editor.read_import(source)
    return imported, texts.foreign_hosts_message(imported.profiles, presets)


def _may_open(before: Profile | None, snapshot: Snapshot, policy: Policy) -> bool:
    return policy.own_profiles if before is None else before.id not in snapshot.managed


def _is_signed_in(session: Session) -> bool:
    return isinstance(session.state, SignedIn)


async def _sign_out(session: Session | None) -> str | None:
    """Sign out if signed in; returns the result as text, None if it failed."""
    if session is None or not _is_signed_in(session):
        return ""
    if (signing_out := session.sign_out()) is not None:
        await asyncio.wait({signing_out})
    return signed_out_message(session.state) if isinstance(session.state, SignedOut) else None


@unheard()
def _make_form(
    controller: FormController,
    theme: Theme,
    snapshot: Snapshot,
    before: Profile | None,
    policy: Policy,
    *,
    draft: Draft,
) -> ProfileForm:
    purpose, presets = _purpose_of(before, snapshot), snapshot.presets
    made = ProfileForm(controller, theme, purpose=purpose, presets=presets, policy=policy)
    made.fill(draft)
    return made


@unheard()
def _make_list(controller: ProfilePages, snapshot: Snapshot, policy: Policy) -> ProfilesView:
    return ProfilesView(controller, snapshot, policy)


def _empty_snapshot(file: Path) -> Snapshot:
    return Snapshot(Profiles(file, {}, {}), {})


def _purpose_of(before: Profile | None, snapshot: Snapshot) -> FormPurpose:
    taken = snapshot.names_besides(before.id if before is not None else "")
    if before is not None:
        return FormPurpose(texts.edit_title(before), is_new=False, taken=taken)
    if snapshot.profiles.good or snapshot.profiles.broken:
        return FormPurpose(translate(texts.NEW_PROFILE), taken=taken)
    return FormPurpose(translate(texts.FIRST_PROFILE), translate(texts.FIRST_PROFILE_HELP))


def _initial_draft(before: Profile | None, snapshot: Snapshot, *, copy_of: str) -> Draft:
    if before is not None:
        return draft_of(before, snapshot.presets)
    original = snapshot.profiles.good.get(copy_of)
    if original is None:
        return Draft(preset=next(iter(snapshot.presets), ""))
    return replace(draft_of(original, snapshot.presets), name=texts.copy_name(original))

"""Opens the pages of the profiles, and does what a person asks for there."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from desktop.services.configuration.profile_draft import Draft, draft_of
from desktop.services.configuration.profile_reader import Profiles
from desktop.services.model.profile import BrokenProfile, Profile
from desktop.services.model.states import SignedIn, SignedOut
from desktop.services.profile_editor import editor_wording as texts
from desktop.services.profile_editor.editor import ProfileEditor, Snapshot
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.wording.messages import advice_for
from desktop.services.wording.sign_out_texts import signed_out_message
from desktop.ui.kit import file_dialogs
from desktop.ui.profiles.form_controller import FormController
from desktop.ui.profiles.profile_form import FormPurpose, ProfileForm
from desktop.ui.profiles.profiles_view import ProfilesView

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from desktop.services.session.session import Session
    from desktop.ui.window.window import Window


class ProfilePages(QObject):
    """Serves the pages. What was typed is kept until it is saved or given up, passwords excepted.

    Signals:
        saved: a profile has been written, by its id, and whether to sign in with it.
        removed: profiles have been added or removed otherwise.
        read: the file was read, which may have been edited by hand meanwhile.
    """

    saved = Signal(str, bool)
    profiles_changed = Signal()
    file_read = Signal()

    def __init__(
        self, window: Window, deeds: ProfileEditor, session_of: Callable[[str], Session | None]
    ) -> None:
        super().__init__()
        self._window = window
        self._editor = deeds
        self._session_of = session_of
        self._tasks: set[asyncio.Task[None]] = set()
        self._unsaved: dict[str, Draft] = {}
        window.page_closed.connect(self._on_closed)
        self._form_controller: FormController | None = None

    def open_form(self, id_: str = "", *, like: str = "") -> None:
        """Open the form: of profile `id_`, or of a new one, filled as `like` is."""
        self.start_task(self._open_form(id_, like=like))

    def open_profiles(self, said: str = "") -> None:
        """Show all profiles, and what has just been done."""
        self.start_task(self._open_profiles(said))

    async def close(self) -> None:
        """End what is under way."""
        self._on_closed()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def start_task(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Do `work` now; what is not expected of it goes to the loop's handler."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._on_done)
        return task

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.result()

    def _on_closed(self) -> None:
        if self._form_controller is not None:
            self._form_controller.stop_check()

    # The form

    async def _open_form(self, id_: str, *, like: str) -> None:
        try:
            known = await self._editor.load()
        except BrokenProfile as error:
            self._show_profiles(
                _empty_snapshot(self._editor.file), failure=texts.not_changed_message(error)
            )
            return
        before = known.profiles.good.get(id_)
        if not self._may_open(before, known):
            self._show_profiles(known)
            return
        form_controller = self._form_controller = FormController(
            self.start_task, self._editor, known, before
        )
        form_controller.saved.connect(self._on_saved)
        form_controller.draft_changed.connect(self._unsaved.__setitem__)
        form_controller.discarded.connect(self._on_discarded)
        form = form_controller.form = ProfileForm(
            form_controller,
            self._window.theme,
            occasion=_purpose_of(before, known),
            presets=known.presets,
            policy=self._editor.policy,
        )
        typed = self._unsaved.get(id_)
        form.fill(
            typed or _initial_draft(before or known.profiles.good.get(like), known, like=like)
        )
        if typed is not None:
            form.mark_unsaved()
        self._window.show_page(form)
        form.first_field().setFocus()
        if before is not None:
            await form_controller.show_stored_secrets(before)

    def _may_open(self, before: Profile | None, known: Snapshot) -> bool:
        if before is None:
            return self._editor.policy.own_profiles
        return before.id not in known.managed

    def _on_saved(self, id_: str, key: str, sign_in: bool) -> None:  # noqa: FBT001 - a slot
        self._unsaved.pop(key, None)
        self._window.close_page()
        self.saved.emit(id_, sign_in)

    def _on_discarded(self, key: str) -> None:
        self._unsaved.pop(key, None)
        self._window.close_page()

    # The page of all profiles

    async def _open_profiles(self, said: str) -> None:
        try:
            known, failure = await self._editor.load(), ""
        except BrokenProfile as error:
            known, failure = _empty_snapshot(self._editor.file), texts.not_changed_message(error)
        self._show_profiles(known, said=said, failure=failure)
        if not failure:
            self.file_read.emit()

    def _show_profiles(self, known: Snapshot, *, said: str = "", failure: str = "") -> None:
        page = ProfilesView(self, known, self._editor.policy)
        page.show_note(said)
        page.show_failure(failure)
        self._window.show_page(page)

    def add(self) -> None:
        """Open the form for a new one."""
        self.open_form()

    def edit(self, id_: str) -> None:
        """Open the form of profile `id_`."""
        self.open_form(id_)

    def duplicate(self, id_: str) -> None:
        """Open the form for a new one, filled as profile `id_` is."""
        self.open_form(like=id_)

    def is_signed_in(self, id_: str) -> bool:
        """Whether somebody is signed in with it."""
        session = self._session_of(id_)
        return session is not None and isinstance(session.state, SignedIn)

    def delete(self, id_: str) -> None:
        """Sign out with it and remove it: the person has said so."""
        self.start_task(self._delete(id_))

    def export(self, ids: tuple[str, ...]) -> None:
        """Ask for a file, and write them to it."""
        name = f"{ids[0]}.toml" if len(ids) == 1 else "profiles.toml"
        file_dialogs.ask_for_export_file(
            self._window, name, lambda target: self.start_task(self._export(ids, target))
        )

    def import_(self) -> None:
        """Ask for a file, and add the profiles in it."""
        file_dialogs.ask_for_import_file(
            self._window, lambda source: self.start_task(self._import(source))
        )

    def open_folder(self) -> None:
        """Show the folder of the file."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._editor.file.parent)))

    def close_page(self) -> None:
        """Leave the page."""
        self._window.close_page()

    async def _delete(self, id_: str) -> None:
        sign_out_result = await self._sign_out(id_)
        if sign_out_result is None:
            self._show_failure(texts.SIGN_OUT_FAILED)
            return
        try:
            await self._editor.remove(id_)
        except BrokenProfile as error:
            self._show_failure(texts.not_changed_message(error))
            return
        except KeystoreError as error:
            not_removed = texts.secrets_not_removed_message(advice_for(error).title)
            sign_out_result = f"{not_removed} {sign_out_result}".strip()
        self._unsaved.pop(id_, None)
        self.profiles_changed.emit()
        await self._open_profiles(f"{texts.PROFILE_DELETED} {sign_out_result}".strip())

    async def _sign_out(self, id_: str) -> str | None:
        """Sign out with it: what came of that, in words; `None` where it did not work."""
        session = self._session_of(id_)
        if session is None or not isinstance(session.state, SignedIn):
            return ""
        return await _sign_out_and_describe(session)

    async def _import(self, source: Path) -> None:
        try:
            ids = await self._editor.import_(source)
            known = await self._editor.load()
        except (BrokenProfile, OSError) as error:
            self._show_failure(texts.import_failed_message(error))
            return
        self.profiles_changed.emit()
        good = known.profiles.good
        readable = [good[id_] for id_ in ids if id_ in good]
        self._show_profiles(known, said=texts.import_report(len(ids), readable))
        self.file_read.emit()

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


async def _sign_out_and_describe(session: Session) -> str | None:
    if (leaving := session.sign_out()) is not None:
        await asyncio.wait({leaving})
    return signed_out_message(session.state) if isinstance(session.state, SignedOut) else None


def _empty_snapshot(file: Path) -> Snapshot:
    return Snapshot(Profiles(file, {}, {}), {})


def _purpose_of(before: Profile | None, known: Snapshot) -> FormPurpose:
    if before is not None:
        return FormPurpose(texts.edit_title(before), is_new=False)
    is_first = not known.profiles.good and not known.profiles.broken
    return (
        FormPurpose(texts.FIRST_PROFILE, texts.FIRST_PROFILE_HELP)
        if is_first
        else FormPurpose(texts.NEW_PROFILE)
    )


def _initial_draft(profile: Profile | None, known: Snapshot, *, like: str) -> Draft:
    if profile is None:
        return Draft(preset=next(iter(known.presets), ""))
    draft = draft_of(profile, known.presets)
    return replace(draft, name=texts.copy_name(profile)) if like else draft

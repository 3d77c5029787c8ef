"""Copying the token: one task that waits for a fresh one and puts it on the clipboard."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop.oauth.errors import OAuthError
from desktop.services.model.copy_formats import CopyFormat, formatted
from desktop.services.model.errors import FormatForbidden, NoToken, SessionError
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.session.lock.presence import SystemPresence, prove_for_use
from desktop.services.system.translation import translate
from desktop.services.wording.formats import with_title
from desktop.ui.kit.copy_progress import Copied, Copying, NotCopied
from desktop.ui.wording import window_texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop.services.session.lock.presence import Presence
    from desktop.services.session.session import Session
    from desktop.ui.copy.clipboard import Clipboard
    from desktop.ui.copy.copy_window import CopyWindow


def make_copy_window() -> CopyWindow:
    """Create the window that copies on Wayland; most desktops never need it."""
    from desktop.ui.copy.copy_window import CopyWindow

    return CopyWindow()


class Copier(QObject):
    """Owns the clipboard, and the one task that copies a token.

    An unexpected error goes to the exception handler of the event loop, which writes the crash
    report, and is shown as `NotCopied` too. `make_window` is for Wayland, where only an app that
    has the focus may set the clipboard.

    Signals:
        progressed: a `CopyProgress`.
    """

    progressed = Signal(object)

    def __init__(
        self, clipboard: Clipboard, *, make_window: Callable[[], CopyWindow] = make_copy_window
    ) -> None:
        super().__init__()
        self.clipboard = clipboard
        self.session: Session | None = None  # whose token is or was copied last
        self.api_service = ""  # that commands call, by its name
        self.presence: Presence = SystemPresence()
        self._format = CopyFormat.TOKEN  # of the last copy
        self._make_window = make_window
        self._window: CopyWindow | None = None  # still on screen when the task is over
        self._task: asyncio.Task[None] | None = None
        self._cancelled_tasks: set[asyncio.Task[None]] = set()

    def copy(self, session: Session | None, copy_format: CopyFormat) -> None:
        """Copy the token of `session` in `copy_format`, and cancel the copy that is under way."""
        gave_up = self._cancel_task()
        if gave_up and not _is_same_profile(session, self.session):
            self.progressed.emit(NotCopied(""))
        self.session = session
        if session is None:
            self.progressed.emit(_not_copied(NoToken()))
            return
        self._format = copy_format
        self.progressed.emit(Copying(copy_format))
        self._task = asyncio.get_running_loop().create_task(self._run(session, copy_format))

    @property
    def copied(self) -> Copied | None:
        """The copy of `session` that is on the clipboard, until it is cleared."""
        left = self.clipboard.clears_in
        is_there = left and (self._task is None or self._task.done())
        return Copied(self._format, left) if is_there else None

    def cancel(self) -> None:
        if self._cancel_task():
            self.progressed.emit(NotCopied(""))

    async def close(self) -> None:
        """Cancel the copy that is under way, and clear the secret."""
        self.cancel()
        await self._wait_for_cancelled()
        await self.clipboard.close()

    def _cancel_task(self) -> bool:
        task, self._task = self._task, None
        if task is None or task.done():
            return False
        self._cancelled_tasks.add(task)
        task.add_done_callback(self._cancelled_tasks.discard)
        return task.cancel()

    async def _wait_for_cancelled(self) -> None:
        if self._cancelled_tasks:
            await asyncio.wait(set(self._cancelled_tasks))

    async def _run(self, session: Session, copy_format: CopyFormat) -> None:
        try:
            # The canceled copy may still be clearing what it has set.
            await self._wait_for_cancelled()
            presence = await prove_for_use(self.presence, session.profile)
            outcome = await self._copy_token(session, copy_format)
            if isinstance(outcome, Copied):
                session.audit.note_copied(copy_format, presence=presence)
        except (OAuthError, KeystoreError, SessionError) as error:
            session.audit.note_not_copied(error)
            outcome = _not_copied(error)
        except Exception as error:  # noqa: BLE001 - passed to the loop's handler
            outcome = _not_copied(error)
            asyncio.get_running_loop().call_exception_handler(
                {"message": "copying failed", "exception": error}
            )
        self.progressed.emit(outcome)

    async def _copy_token(self, session: Session, copy_format: CopyFormat) -> Copied | NotCopied:
        policy = session.profile.policy
        if copy_format.name in policy.forbidden_formats:
            raise FormatForbidden(policy.source)
        if await self._put(session, copy_format):
            return Copied(copy_format, self.clipboard.clear_after)
        if not self.clipboard.needs_focus:
            return _not_accepted()
        self._window = window = self._make_window()
        try:
            return await self._copy_from_window(window, session, copy_format)
        finally:
            window.finish()

    async def _copy_from_window(
        self, window: CopyWindow, session: Session, copy_format: CopyFormat
    ) -> Copied | NotCopied:
        """Copy once `window` has the focus, or else whenever its button is clicked."""
        may_copy = await window.open()
        while not (may_copy and await self._put(session, copy_format)):
            if not await window.wait_for_press(refused=may_copy):
                return NotCopied("")
            may_copy = True
        window.show_copied(self.clipboard.clear_after)
        return Copied(copy_format, self.clipboard.clear_after)

    async def _put(self, session: Session, copy_format: CopyFormat) -> bool:
        from desktop.services.token.api_services import command_url  # not before a code

        token = await session.fetch_token()
        url = command_url(session.profile, session.metadata, self.api_service)
        text = formatted(copy_format, token, url=url, profile_id=session.profile.id)
        return await self.clipboard.copy_secret(text)


def _is_same_profile(session: Session | None, other: Session | None) -> bool:
    """Whether both belong to one profile, so that the same view shows the copy."""
    ids = {each.profile.id if each is not None else None for each in (session, other)}
    return len(ids) == 1


def _not_copied(error: Exception) -> NotCopied:
    from desktop.services.wording.messages import advice_for  # loaded already

    advice = advice_for(error)
    return NotCopied(advice.message, advice.title, error)


def _not_accepted() -> NotCopied:
    title = translate(window_texts.CLIPBOARD_REFUSED_TITLE)
    return NotCopied(with_title(title, translate(window_texts.CLIPBOARD_REFUSED)), title)

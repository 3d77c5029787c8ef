"""Copying the token: one task that waits for a fresh one, puts it on the clipboard, and says so."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Signal

from desktop.oauth.errors import OAuthError
from desktop.services.model.copy_formats import CopyFormat, example_url_for, formatted
from desktop.services.model.errors import FormatForbidden, NoToken, SessionError
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.wording.messages import advice_for
from desktop.ui.copy.copy_window import CopyWindow
from desktop.ui.kit.copy_progress import Copied, Copying, NotCopied
from desktop.ui.wording import window_texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop.oauth.metadata import ServerMetadata
    from desktop.services.model.access_token import AccessToken
    from desktop.services.model.profile import Profile
    from desktop.ui.copy.clipboard import Clipboard


class TokenSource(Protocol):
    """What is needed of a session."""

    @property
    def profile(self) -> Profile:
        """Whose token it is."""

    @property
    def metadata(self) -> ServerMetadata | None:
        """The endpoints of its provider, once known."""

    async def fetch_token(self) -> AccessToken:
        """A valid token, renewed where that is due.

        Raises `OAuthError`, `KeystoreError` or `SessionError`.
        """


class Copier(QObject):
    """Owns the clipboard, and the one task that copies a token.

    An error that nobody expected goes to the exception handler of the event loop, which writes the
    crash report, and is told as `NotCopied` too. `make_window` is for Wayland, where a program
    whose windows have not got the focus may not set the clipboard.

    Signals:
        progressed: how copying stands, a `CopyProgress`.
    """

    progressed = Signal(object)

    def __init__(
        self, clipboard: Clipboard, *, make_window: Callable[[], CopyWindow] = CopyWindow
    ) -> None:
        super().__init__()
        self.clipboard = clipboard
        self.session: TokenSource | None = None  # whose token it is, or was last
        self._make_window = make_window
        self._window: CopyWindow | None = None  # still on screen when the task is over
        self._task: asyncio.Task[None] | None = None
        self._cancelled_tasks: set[asyncio.Task[None]] = set()

    def copy(self, session: TokenSource | None, format: CopyFormat) -> None:  # noqa: A002
        """Copy the token of `session` in the shape `format`, in place of what is being copied."""
        gave_up = self._cancel_task()
        if gave_up and not _is_same_profile(session, self.session):
            self.progressed.emit(NotCopied(""))
        self.session = session
        if session is None:
            self.progressed.emit(_not_copied(NoToken()))
            return
        self.progressed.emit(Copying(format))
        self._task = asyncio.get_running_loop().create_task(self._run(session, format))

    def cancel(self) -> None:
        """Wait no longer; nothing happens where nothing is waited for."""
        if self._cancel_task():
            self.progressed.emit(NotCopied(""))

    async def close(self) -> None:
        """End what is under way and take the secret off the clipboard."""
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

    async def _run(self, session: TokenSource, format: CopyFormat) -> None:  # noqa: A002
        try:
            # The one before may still be taking back what it has set.
            await self._wait_for_cancelled()
            outcome = await self._copy_token(session, format)
        except (OAuthError, KeystoreError, SessionError) as error:
            outcome = _not_copied(error)
        except Exception as error:  # noqa: BLE001 - told to the loop's handler, and to the person
            outcome = _not_copied(error)
            asyncio.get_running_loop().call_exception_handler(
                {"message": "copying failed", "exception": error}
            )
        self.progressed.emit(outcome)

    async def _copy_token(self, session: TokenSource, format: CopyFormat) -> Copied | NotCopied:  # noqa: A002
        policy = session.profile.policy
        if format.name in policy.forbidden_formats:
            raise FormatForbidden(policy.source)
        if await self._put(session, format):
            return Copied(format, self.clipboard.clear_after)
        if not self.clipboard.needs_focus:
            refused = window_texts.CLIPBOARD_REFUSED
            return NotCopied(refused, refused.partition(".")[0])
        self._window = window = self._make_window()
        try:
            return await self._copy_from_window(window, session, format)
        finally:
            window.finish()

    async def _copy_from_window(
        self,
        window: CopyWindow,
        session: TokenSource,
        format: CopyFormat,  # noqa: A002
    ) -> Copied | NotCopied:
        """Copy once `window` has the focus, or else as often as its button is pressed."""
        may_copy = await window.open()
        while not (may_copy and await self._put(session, format)):
            if not await window.wait_for_press(refused=may_copy):
                return NotCopied("")
            may_copy = True
        window.show_copied(self.clipboard.clear_after)
        return Copied(format, self.clipboard.clear_after)

    async def _put(self, session: TokenSource, format: CopyFormat) -> bool:  # noqa: A002
        token = await session.fetch_token()
        url = example_url_for(session.profile, session.metadata)
        return await self.clipboard.copy_secret(formatted(format, token, url=url))


def _is_same_profile(session: TokenSource | None, other: TokenSource | None) -> bool:
    """Whether both are of one profile: then whoever shows the copy is the same."""
    ids = {each.profile.id if each is not None else None for each in (session, other)}
    return len(ids) == 1


def _not_copied(error: Exception) -> NotCopied:
    advice = advice_for(error)
    return NotCopied(f"{advice.title}. {advice.text}", advice.title)

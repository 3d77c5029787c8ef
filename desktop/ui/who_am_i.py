"""Asking the server who signed in: one task, and one answer for the page that wants it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Signal

from desktop.oauth.errors import OAuthError
from desktop.services.keystore import KeystoreError
from desktop.services.messages import advice_for
from desktop.services.session_errors import SessionError
from desktop.services.token_details import flattened
from desktop.ui.page_texts import NOTHING_TOLD

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class WhoAmI:
    """What the server said, as names and values; or why it did not, in words."""

    rows: tuple[tuple[str, str], ...] = ()
    trouble: str = ""
    facts: str = ""


class Asked(Protocol):
    """What is needed of a session."""

    def access_token(self) -> str | None:
        """The access token while it is valid."""

    async def who_am_i(self) -> Mapping[str, object]:
        """What the server says of who signed in.

        Raises `OAuthError`, `KeystoreError` or `SessionError`.
        """


class Asker(QObject):
    """Owns the task that asks.

    Signals:
        answered: what came of it, a `WhoAmI`.
    """

    answered = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._task: asyncio.Task[None] | None = None

    def ask(self, session: Asked) -> None:
        """Ask; nothing happens while the last question has no answer."""
        waiting = self._task is not None and not self._task.done() and not self._task.cancelling()
        if not waiting:
            self._task = asyncio.get_running_loop().create_task(self._run(session))

    def cancel(self) -> None:
        """Nobody waits for the answer any more."""
        if self._task is not None:
            self._task.cancel()

    async def close(self) -> None:
        """End what is under way."""
        self.cancel()
        if self._task is not None:
            await asyncio.wait({self._task})

    async def _run(self, session: Asked) -> None:
        try:
            said = await session.who_am_i()
            token = session.access_token()
            rows = flattened(said, is_secret=lambda text: token is not None and token in text)
            answer = WhoAmI(rows, trouble="" if rows else NOTHING_TOLD)
        except (OAuthError, KeystoreError, SessionError) as error:
            answer = _not_answered(error)
        except Exception as error:  # noqa: BLE001 - told to the loop's handler, and to the person
            answer = _not_answered(error)
            asyncio.get_running_loop().call_exception_handler(
                {"message": "asking who signed in broke", "exception": error}
            )
        self.answered.emit(answer)


def _not_answered(error: Exception) -> WhoAmI:
    advice = advice_for(error)
    return WhoAmI(trouble=f"{advice.title}. {advice.text}", facts=advice.facts)

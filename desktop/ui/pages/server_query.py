"""Asking the server something: one task, and one answer for the page that wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Signal

from desktop.oauth.errors import OAuthError
from desktop.services.model.errors import SessionError
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.session.provider import Provider
from desktop.services.token.details import flattened
from desktop.services.wording.messages import advice_for
from desktop.ui.wording.page_texts import NO_SERVER_ANSWER, grant_rows

if TYPE_CHECKING:
    from desktop.services.session.provider import Found, Query


@dataclass(frozen=True, slots=True)
class ServerAnswer:
    """What the server said, as names and values; or why it did not, in words."""

    rows: tuple[tuple[str, str], ...] = ()
    trouble: str = ""
    facts: str = ""


class Asked(Protocol):
    """What is needed of a session."""

    def access_token(self) -> str | None:
        """The access token while it is valid."""

    async def query(self, question: Query[Found]) -> Found:
        """What the server answers. Raises `OAuthError`, `KeystoreError` or `SessionError`."""


Fetch = Callable[[Asked], Awaitable[ServerAnswer]]
"""Asks a session one question; raises what `Asked.ask` raises."""


async def fetch_userinfo(session: Asked) -> ServerAnswer:
    """Who the server says that one is; raises as `Asked.ask` does."""
    claims = await session.query(Provider.fetch_userinfo)
    token = session.access_token()
    rows = flattened(claims, is_secret=lambda text: token is not None and token in text)
    return ServerAnswer(rows, trouble="" if rows else NO_SERVER_ANSWER)


async def fetch_app_grant(session: Asked) -> ServerAnswer:
    """What the person has granted to this app; raises as `Asked.ask` does."""
    found = await session.query(Provider.fetch_app_grant)
    return (
        ServerAnswer(trouble=NO_SERVER_ANSWER) if found is None else ServerAnswer(grant_rows(found))
    )


class ServerQuery(QObject):
    """Owns the task that asks one `question`.

    Signals:
        answered: what came of it, a `Said`.
    """

    answered = Signal(object)

    def __init__(self, question: Fetch) -> None:
        super().__init__()
        self._fetch = question
        self._task: asyncio.Task[None] | None = None

    def start(self, session: Asked) -> None:
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
            answer = await self._fetch(session)
        except (OAuthError, KeystoreError, SessionError) as error:
            answer = _not_answered(error)
        except Exception as error:  # noqa: BLE001 - told to the loop's handler, and to the person
            answer = _not_answered(error)
            asyncio.get_running_loop().call_exception_handler(
                {"message": "asking the server broke", "exception": error}
            )
        self.answered.emit(answer)


def _not_answered(error: Exception) -> ServerAnswer:
    advice = advice_for(error)
    return ServerAnswer(trouble=f"{advice.title}. {advice.text}", facts=advice.facts)

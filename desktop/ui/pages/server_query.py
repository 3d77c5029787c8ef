"""Queries the server for a page: the signed-in user, and what the app has been granted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop.frozen import frozen
from desktop.oauth.errors import OAuthError
from desktop.services.model.errors import SessionError
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.system.translation import translate
from desktop.services.token import queries
from desktop.services.token.details import flattened
from desktop.services.wording.messages import advice_for
from desktop.ui.wording.page_texts import NO_SERVER_ANSWER, grant_rows

if TYPE_CHECKING:
    from desktop.services.session.session import Session


@frozen
class ServerAnswer:
    """The server's answer as names and values, or the reason why there is none."""

    rows: tuple[tuple[str, str], ...] = ()
    trouble: str = ""
    facts: str = ""


Fetch = Callable[["Session"], Awaitable[ServerAnswer]]
"""Sends one query with a session. Raises `OAuthError`, `KeystoreError` or `SessionError`."""


async def fetch_userinfo(session: Session) -> ServerAnswer:
    claims = await session.query(queries.fetch_userinfo)
    rows = flattened(claims)
    return ServerAnswer(rows) if rows else _no_answer()


async def fetch_app_grant(session: Session) -> ServerAnswer:
    found = await session.query(queries.fetch_app_grant)
    return _no_answer() if found is None else ServerAnswer(grant_rows(found))


class ServerQuery(QObject):
    """Runs one query at a time.

    Signals:
        answered: the `ServerAnswer`.
    """

    answered = Signal(object)

    def __init__(self, fetch: Fetch) -> None:
        super().__init__()
        self._fetch = fetch
        self._task: asyncio.Task[None] | None = None

    def start(self, session: Session) -> None:
        running = self._task is not None and not self._task.done() and not self._task.cancelling()
        if not running:
            self._task = asyncio.get_running_loop().create_task(self._run(session))

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def close(self) -> None:
        self.cancel()
        if self._task is not None:
            await asyncio.wait({self._task})

    async def _run(self, session: Session) -> None:
        try:
            answer = await self._fetch(session)
        except (OAuthError, KeystoreError, SessionError) as error:
            answer = _failed(error)
        except Exception as error:  # noqa: BLE001 - reported to the loop's handler and on the page
            answer = _failed(error)
            asyncio.get_running_loop().call_exception_handler(
                {"message": "querying the server failed", "exception": error}
            )
        self.answered.emit(answer)


def _no_answer() -> ServerAnswer:
    return ServerAnswer(trouble=translate(NO_SERVER_ANSWER))


def _failed(error: Exception) -> ServerAnswer:
    advice = advice_for(error)
    return ServerAnswer(trouble=advice.message, facts=advice.facts)

"""Browser sessions."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

SESSION_LIFETIME: Final = 3600.0
MOST_SESSIONS: Final = 500


@dataclass(frozen=True, slots=True)
class Session:
    """One browser; `signed_in` says that it continues as the demo analyst."""

    session_id: str
    expires_at: float
    signed_in: bool = False


class Sessions:
    """The sessions of one server; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._sessions: dict[str, Session] = {}

    def find(self, session_id: str | None) -> Session | None:
        """Give the live session of a cookie."""
        session = self._sessions.get(session_id or "")
        return session if session and self._clock() < session.expires_at else None

    def open(self, *, signed_in: bool = False) -> Session:
        """Make a session under a new id."""
        self._drop_old()
        expires_at = self._clock() + SESSION_LIFETIME
        session = Session(secrets.token_urlsafe(32), expires_at, signed_in)
        self._sessions[session.session_id] = session
        return session

    def sign_in(self, session: Session) -> Session:
        """Replace a session by a signed-in one; the new id defeats session fixation."""
        self._sessions.pop(session.session_id, None)
        return self.open(signed_in=True)

    def _drop_old(self) -> None:
        now = self._clock()
        for key in [key for key, each in self._sessions.items() if each.expires_at <= now]:
            del self._sessions[key]
        while len(self._sessions) >= MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]

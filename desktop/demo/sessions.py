"""Browser sessions and the single-use CSRF tokens that are bound to them."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

SESSION_LIFETIME: Final = 3600.0
CSRF_LIFETIME: Final = 600.0
MOST_SESSIONS: Final = 500
MOST_CSRF_TOKENS: Final = 2000


@dataclass(frozen=True, slots=True)
class Session:
    """One browser; `signed_in` says that it continues as the demo analyst."""

    session_id: str
    expires_at: float
    signed_in: bool = False


@dataclass(frozen=True, slots=True)
class CsrfToken:
    """What a token is good for: one form of one session, until `expires_at`."""

    session_id: str
    purpose: str
    expires_at: float


Value = TypeVar("Value", Session, CsrfToken)


class Sessions:
    """The sessions of one server; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._sessions: dict[str, Session] = {}
        self._csrf: dict[str, CsrfToken] = {}

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

    def csrf_token(self, session: Session, purpose: str) -> str:
        """Make a token that this session can spend once, for this purpose."""
        self._drop_old()
        token = secrets.token_urlsafe(32)
        expires_at = self._clock() + CSRF_LIFETIME
        self._csrf[token] = CsrfToken(session.session_id, purpose, expires_at)
        return token

    def spend(self, session: Session, purpose: str, *, token: str) -> bool:
        """Use a token up, whether it fits or not, and say whether it did."""
        found = self._csrf.pop(token, None)
        if found is None or self._clock() >= found.expires_at:
            return False
        return (found.session_id, found.purpose) == (session.session_id, purpose)

    def _drop_old(self) -> None:
        now = self._clock()
        _trim(self._sessions, now, most=MOST_SESSIONS)
        _trim(self._csrf, now, most=MOST_CSRF_TOKENS)


def _trim(kept: dict[str, Value], now: float, *, most: int) -> None:
    for key in [key for key, value in kept.items() if value.expires_at <= now]:
        del kept[key]
    while len(kept) >= most:
        del kept[next(iter(kept))]

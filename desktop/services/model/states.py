"""The one value that says where a sign-in stands. No state holds a token.

Everything on screen, in the tray and in the terminal is drawn from it. It imports nothing heavy,
so that the window can paint before the protocol is loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from desktop.services.model.instants import is_expired

if TYPE_CHECKING:
    from datetime import datetime


class Revocation(Enum):
    """What came of telling the server that a token is no longer wanted."""

    NOT_OFFERED = auto()
    """The server has no way to be told: the token lives until it expires."""
    REVOKED = auto()
    """The tokens of this sign-in are worth nothing any more (RFC 7009)."""
    GRANT_REVOKED = auto()
    """All that the person granted to this client is, on every computer (Cisco XDR)."""
    FAILED = auto()
    """The server could not be told; it can be tried again."""
    UNDER_WAY = auto()
    """The server is being told once more."""


@dataclass(frozen=True, slots=True)
class SignedOut:
    """Nobody is signed in. `removed_at` is set just after signing out.

    `valid_until` is when the token that was dropped expires by itself. `revocation` says what the
    server was told of it; `not_revoked` is why it could not be told.
    """

    removed_at: datetime | None = None
    valid_until: datetime | None = None
    revocation: Revocation = Revocation.NOT_OFFERED
    revocation_error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Requesting:
    """At work, nothing to decide yet: opening the keyring, then asking for a code."""

    opening: bool = False


@dataclass(frozen=True, slots=True)
class AwaitingApproval:
    """A code is shown, or without a `user_code` the browser on this computer is waited for.

    Instants are aware UTC, `lifetime` in seconds.

    `host_is_known` says whether the link leads to a host of the profile. `trouble` is why the last
    question brought no answer. `approved` is set while the new token is being saved.
    `comes_back_to` is where this computer listens for the browser.
    """

    user_code: str
    verification_uri: str
    verification_uri_complete: str | None
    host: str
    host_is_known: bool
    requested_at: datetime
    lifetime: float
    expires_at: datetime
    poll_count: int
    last_poll_at: datetime | None
    next_at: datetime
    trouble: Exception | None = None
    approved: bool = False
    redirect_uri: str = ""

    def is_fresh(self, at: datetime) -> bool:
        """Whether it is too early for another code; a clock set back does not make it so."""
        return 0 <= (at - self.requested_at).total_seconds() < NEW_CODE_PAUSE

    @property
    def in_browser(self) -> bool:
        """Whether the browser comes back by itself, so that there is no code to compare."""
        return not self.user_code

    @property
    def is_retrying_exchange(self) -> bool:
        """Whether the browser has, and the server cannot be reached with what it brought."""
        return self.in_browser and self.trouble is not None and not self.approved

    @property
    def link(self) -> str:
        """The link to open: the one that carries the code where there is one."""
        return self.verification_uri_complete or self.verification_uri


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A token is there. Instants are aware UTC; `expires_at` is `None` if it never expires.

    `not_saved` is why the token lives in this program's memory only. `leaving` is set while it is
    being removed from the keyring and revoked.

    `renewable` says whether there is a refresh token, or a client that needs none; then an expired
    token is no end, since the next use renews it. `renews_at` is when it falls due while it is in
    use, `None` while it is not.
    `trouble` is why the last renewal brought nothing, `next_at` when it is tried again by itself.
    `clock_offset` is by how many seconds this computer's clock is ahead of the server's; 0 where
    that is no more than the way takes.
    """

    scope: tuple[str, ...]
    requested_scope: tuple[str, ...]
    token_type: str
    issued_at: datetime
    expires_at: datetime | None
    user: str
    organization: str
    save_error: Exception | None = None
    signing_out: bool = False
    renewable: bool = False
    renewing: bool = False
    renews_at: datetime | None = None
    trouble: Exception | None = None
    next_at: datetime | None = None
    clock_offset: float = 0.0

    def remaining(self, at: datetime) -> float | None:
        """Seconds of life left at `at`, never negative; `None` if it never expires."""
        if self.expires_at is None:
            return None
        return max(0.0, (self.expires_at - at).total_seconds())

    def is_expired(self, at: datetime) -> bool:
        """Tell whether the token has expired at `at`."""
        return is_expired(self.expires_at, at)

    @property
    def lifetime(self) -> float | None:
        """Seconds between issue and expiry; `None` if it never expires."""
        if self.expires_at is None:
            return None
        return (self.expires_at - self.issued_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not work. `user_code` is the code that was shown, if any.

    `still_saved` says that a token which was to be removed is still in the keyring.
    """

    error: Exception
    user_code: str = ""
    still_saved: bool = False


State = SignedOut | Requesting | AwaitingApproval | SignedIn | Failed


def is_signing_out(state: State) -> bool:
    """Whether the tokens are being removed."""
    return isinstance(state, SignedIn) and state.signing_out


# Seconds between two codes for one profile: a new one costs the server a request and the person
# the comparison they have just made.
NEW_CODE_PAUSE = 5.0

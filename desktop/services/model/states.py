"""The state of a profile, as one value. No state contains a token.

The window, the tray and the terminal show it. This module imports nothing heavy, so that the window
can paint before the protocol is loaded.
"""

from __future__ import annotations

import hashlib
from enum import Enum, auto
from typing import TYPE_CHECKING

from desktop.frozen import frozen
from desktop.services.model.errors import PresenceNotProven, RenewalRefused
from desktop.services.model.instants import is_expired

if TYPE_CHECKING:
    from datetime import datetime

    from desktop.services.model.exchanges import ExchangedToken


class Revocation(Enum):
    """The result of revoking tokens at the server."""

    NOT_OFFERED = auto()
    """The server cannot revoke: the token is valid until it expires."""
    REVOKED = auto()
    """The tokens of this sign-in are revoked (RFC 7009)."""
    GRANT_REVOKED = auto()
    """All access of this client is revoked, on all computers of the user (Cisco XDR)."""
    FAILED = auto()
    """The server did not confirm; it can be tried again."""
    UNDER_WAY = auto()
    """It is being tried again."""


@frozen
class SignedOut:
    """Nobody is signed in. `removed_at` is set after signing out, until the next start.

    `valid_until` is when the last of the removed tokens expires, and `open_ended` says that one of
    them lives longer, for an unknown time. `revocation` says whether they were revoked, and
    `revocation_error` why not. `user` is who was signed in.
    """

    removed_at: datetime | None = None
    valid_until: datetime | None = None
    revocation: Revocation = Revocation.NOT_OFFERED
    revocation_error: Exception | None = None
    open_ended: bool = False
    user: str = ""


@frozen
class Requesting:
    """The keyring is being opened, or a code requested."""

    opening: bool = False


@frozen
class AwaitingApproval:
    """The user must approve, by comparing `user_code` or, if it is empty, in the browser.

    Instants are aware UTC, `lifetime` is in seconds.

    `host_is_known` says whether the link leads to a host of the profile. `trouble` is why the last
    request failed. `approved` is set while the new token is being saved. `redirect_uri` is where
    XDR Login listens for the browser. `transaction` identifies this sign-in: the digest of a secret
    that the server knows too.
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
    transaction: str = ""

    def is_fresh(self, at: datetime) -> bool:
        """Tell whether it is too early for another code, also after the clock was set back."""
        return 0 <= (at - self.requested_at).total_seconds() < NEW_CODE_PAUSE

    @property
    def in_browser(self) -> bool:
        """Whether the browser returns to this computer, so that there is no code to compare."""
        return not self.user_code

    @property
    def is_retrying_exchange(self) -> bool:
        """Whether the browser has returned, but the server cannot be reached."""
        return self.in_browser and self.trouble is not None and not self.approved

    @property
    def link(self) -> str:
        """The link to open, with the code in it if the server sent one."""
        return self.verification_uri_complete or self.verification_uri


@frozen
class SignedIn:
    """The user is signed in. Instants are aware UTC; `expires_at` is `None` if it never expires.

    `save_error` is why the token is in memory only. `signing_out` is set while it is being removed
    from the keyring and revoked.

    `renewable` says whether there is a refresh token, or a client that needs none: then the next
    use renews an expired token. `renews_at` is when it is renewed automatically, `None` while it is
    not in use. `trouble` is why the last renewal failed, `next_at` when it is tried again.
    `is_quota_low` says that it is renewed only when it is used, because the organization has used
    more than half of its requests. `clock_offset` is by how many seconds this computer's clock is
    ahead of the server's, 0 within the accuracy of the measurement. `exchanged` are the tokens of
    other services that are held for it.
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
    is_quota_low: bool = False
    clock_offset: float = 0.0
    exchanged: tuple[ExchangedToken, ...] = ()

    def remaining(self, at: datetime) -> float | None:
        """Return the seconds until it expires, never negative; `None` if it never expires."""
        if self.expires_at is None:
            return None
        return max(0.0, (self.expires_at - at).total_seconds())

    def is_expired(self, at: datetime) -> bool:
        return is_expired(self.expires_at, at)

    @property
    def is_bound(self) -> bool:
        """Whether the token only works with proofs of a key of this computer (RFC 9449)."""
        return self.token_type == "DPoP"  # noqa: S105 - the name of the type

    @property
    def is_renewal_refused(self) -> bool:
        """Whether the server refused to renew, so that most likely only a new sign-in helps."""
        return isinstance(self.trouble, RenewalRefused)

    def is_over(self, at: datetime) -> bool:
        """Whether it has expired for good."""
        return self.is_expired(at) and (not self.renewable or self.is_renewal_refused)

    @property
    def lifetime(self) -> float | None:
        """The seconds between issue and expiry; `None` if it never expires."""
        if self.expires_at is None:
            return None
        return (self.expires_at - self.issued_at).total_seconds()


@frozen
class Failed:
    """An operation failed. `user_code` is the code that was shown, if any.

    `still_saved` says that signing out failed and the token is still in the keyring.
    """

    error: Exception
    user_code: str = ""
    still_saved: bool = False


@frozen
class Locked:
    """XDR Login is locked: nothing of the profile's own state is shown.

    `unattended` says that programs still get its token, `error` why it did not unlock.
    """

    unattended: bool = False
    error: PresenceNotProven | None = None


State = SignedOut | Requesting | AwaitingApproval | SignedIn | Failed | Locked


def is_signing_out(state: State) -> bool:
    return isinstance(state, SignedIn) and state.signing_out


def is_approved(state: State) -> bool:
    """Whether the new token is being saved."""
    return isinstance(state, AwaitingApproval) and state.approved


# Seconds between two codes for one profile: a new one costs the server a request, and the user has
# to compare again.
NEW_CODE_PAUSE = 5.0


def transaction_id(secret: str) -> str:
    """Digest a device code or a state, from which nobody can get it back: it is random and long."""
    return hashlib.sha256(secret.encode()).hexdigest()

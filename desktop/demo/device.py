"""Device codes and user codes: issued, looked up, decided once, redeemed once (RFC 8628)."""

import base64
import hashlib
import hmac
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from desktop.demo.errors import OAuthError
from desktop.demo.options import DemoOptions
from desktop.demo.scopes import Scope, intersect, parse_scopes

ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"  # RFC 8628 section 6.1: no vowels, no words
TOLERANCE: Final = 0.1  # seconds that a poll may come early: timers and networks jitter
DEFAULT_INTERVAL: Final = 5.0  # RFC 8628 section 3.2: when none was told
SLOW_DOWN: Final = 5.0  # RFC 8628 section 3.5
MISSES: Final = 10  # wrong user codes, all sessions together, in MISS_WINDOW seconds
MISS_WINDOW: Final = 60.0
REMEMBERED: Final = 300.0  # seconds that an expired code is still called expired
MOST_GRANTS: Final = 1000


class Status(Enum):
    """Where one sign-in stands."""

    PENDING = "pending"
    APPROVED = "approved"
    REDEEMED = "redeemed"
    DENIED = "denied"
    EXPIRED = "expired"


class TooManyMissesError(Exception):
    """Too many wrong user codes lately (RFC 8628 section 5.1)."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """A PKCE challenge sent with the device authorization request (RFC 7636)."""

    value: str
    method: str

    def met_by(self, verifier: str) -> bool:
        """Compare in constant time (RFC 7636 section 4.6)."""
        digest = hashlib.sha256(verifier.encode()).digest()
        hashed = base64.urlsafe_b64encode(digest).rstrip(b"=")
        given = hashed if self.method == "S256" else verifier.encode()
        return hmac.compare_digest(given, self.value.encode())


@dataclass(frozen=True, slots=True)
class DeviceGrant:
    """One sign-in; instants are epoch seconds, `interval` is what this client must now keep."""

    device_code: str
    user_code: str
    client_id: str
    asked: tuple[Scope, ...]
    granted: tuple[Scope, ...]
    challenge: Challenge | None
    issued_at: float
    expires_at: float
    interval: float
    status: Status = Status.PENDING
    polled_at: float | None = None


class DeviceGrants:
    """The codes of one server, by device code; `clock` gives epoch seconds."""

    def __init__(self, options: DemoOptions, clock: Callable[[], float]) -> None:
        self._options = options
        self._clock = clock
        self._held = parse_scopes(options.held_scopes)
        self._grants: dict[str, DeviceGrant] = {}
        self._misses: deque[float] = deque(maxlen=MISSES)

    def issue(
        self, client_id: str, *, scopes: tuple[Scope, ...], challenge: Challenge | None = None
    ) -> DeviceGrant:
        """Make a new sign-in; without scopes it asks for all that the analyst holds."""
        self._drop_old()
        now, asked = self._clock(), scopes or self._held
        interval = self._options.interval
        grant = DeviceGrant(
            device_code=secrets.token_urlsafe(32),
            user_code=self._unused_user_code(),
            client_id=client_id,
            asked=asked,
            granted=intersect(asked, self._held),
            challenge=challenge,
            issued_at=now,
            expires_at=now + self._options.code_lifetime,
            interval=DEFAULT_INTERVAL if interval is None else interval,
        )
        self._grants[grant.device_code] = grant
        return grant

    def redeem(self, device_code: str, client_id: str, *, verifier: str | None) -> DeviceGrant:
        """Hand the approved sign-in over, once; raise OAuthError (RFC 8628 section 3.5)."""
        grant = self._grants.get(device_code)
        if grant is None or grant.client_id != client_id:
            raise OAuthError("invalid_grant", "The device code is not known for this client.")
        grant = self._pace(self._settle(grant))
        if grant.challenge and not grant.challenge.met_by(verifier or ""):
            # RFC 7636 section 4.6: a verifier that does not match is an invalid grant
            raise OAuthError("invalid_grant", "The code verifier does not match the challenge.")
        if grant.status is not Status.APPROVED:
            raise OAuthError(*_REFUSALS[grant.status])
        return self._keep(replace(grant, status=Status.REDEEMED))

    def find(self, user_code: str) -> DeviceGrant | None:
        """Look a typed code up; case, dashes and spaces do not count. Raise TooManyMissesError."""
        now, wanted = self._clock(), normalized(user_code)
        if len(self._misses) == MISSES and now - self._misses[0] < MISS_WINDOW:
            raise TooManyMissesError
        for grant in self._grants.values():
            if normalized(grant.user_code) == wanted:
                return self._settle(grant)
        self._misses.append(now)
        return None

    def decide(self, user_code: str, *, approve: bool) -> DeviceGrant | None:
        """Approve or deny a sign-in that is still pending; give it as it stands afterwards.

        With nothing to grant, approving denies. None means that no such code is known.
        """
        grant = self.find(user_code)
        if grant is None or grant.status is not Status.PENDING:
            return grant
        approved = approve and bool(grant.granted)
        return self._keep(replace(grant, status=Status.APPROVED if approved else Status.DENIED))

    def age(self, grant: DeviceGrant) -> float:
        """Give the seconds since a sign-in was asked for."""
        return self._clock() - grant.issued_at

    def _settle(self, grant: DeviceGrant) -> DeviceGrant:
        """Apply what time alone decides: expiry, and the outcome that the options ask for."""
        if grant.status not in (Status.PENDING, Status.APPROVED):
            return grant
        now, automatic = self._clock(), self._automatic_status(grant)
        if now >= grant.expires_at:
            return self._keep(replace(grant, status=Status.EXPIRED))
        waited = now - grant.issued_at >= (self._options.approve_after or 0)
        if grant.status is Status.PENDING and automatic and waited:
            return self._keep(replace(grant, status=automatic))
        return grant

    def _automatic_status(self, grant: DeviceGrant) -> Status | None:
        outcome = self._options.outcome
        if outcome == "ask":
            outcome = "ask" if self._options.approve_after is None else "approve"
        if outcome == "approve" and not grant.granted:
            outcome = "deny"
        return _OUTCOMES[outcome]

    def _pace(self, grant: DeviceGrant) -> DeviceGrant:
        """Remember this poll; one that came too early lengthens the interval for good."""
        now, last = self._clock(), grant.polled_at
        if last is None or now - last >= grant.interval - TOLERANCE:
            return self._keep(replace(grant, polled_at=now))
        # RFC 8628 section 3.5: slow_down adds 5 seconds for this and all later requests
        self._keep(replace(grant, polled_at=now, interval=grant.interval + SLOW_DOWN))
        raise OAuthError("slow_down", "Ask less often: five seconds more between requests.")

    def _keep(self, grant: DeviceGrant) -> DeviceGrant:
        self._grants[grant.device_code] = grant
        return grant

    def _unused_user_code(self) -> str:
        taken = {grant.user_code for grant in self._grants.values()}
        while (code := _new_user_code()) in taken:
            pass
        return code

    def _drop_old(self) -> None:
        limit = self._clock() - REMEMBERED
        for code in [key for key, grant in self._grants.items() if grant.expires_at < limit]:
            del self._grants[code]
        while len(self._grants) >= MOST_GRANTS:
            del self._grants[next(iter(self._grants))]


def normalized(user_code: str) -> str:
    """Reduce a typed code to what is compared (RFC 8628 section 6.1)."""
    return "".join(char for char in user_code.upper() if char.isalnum())


def _new_user_code() -> str:
    letters = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


_OUTCOMES: Final = {
    "ask": None,
    "approve": Status.APPROVED,
    "deny": Status.DENIED,
    "expire": Status.EXPIRED,
}
_REFUSALS: Final = {
    Status.PENDING: ("authorization_pending", "Nobody has approved this sign-in yet."),
    Status.DENIED: ("access_denied", "The sign-in was declined on the approval page."),
    Status.EXPIRED: ("expired_token", "The device code has expired."),
    Status.REDEEMED: ("invalid_grant", "The device code has been used already."),
}

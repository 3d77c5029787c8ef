"""Device codes and user codes: issued, decided once, redeemed once (RFC 8628)."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from desktop.demo.analyst import HELD_SCOPES
from desktop.demo.errors import OAuthError
from desktop.demo.options import DemoOptions
from desktop.demo.scopes import Scope, intersect
from desktop.demo.store import ExpiringStore

ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"  # RFC 8628 section 6.1: no vowels, no words
TOLERANCE: Final = 0.1  # seconds that a poll may come early: timers and networks jitter
SLOW_DOWN: Final = 5.0  # RFC 8628 section 3.5
REMEMBERED: Final = 300.0  # seconds that an expired code is still called expired


class Status(Enum):
    """Where one sign-in stands."""

    PENDING = "pending"
    APPROVED = "approved"
    REDEEMED = "redeemed"
    DENIED = "denied"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Challenge:
    """A PKCE challenge (RFC 7636)."""

    value: str
    method: str

    def require(self, verifier: str) -> None:
        """Raise OAuthError unless the verifier matches (RFC 7636 section 4.6)."""
        digest = hashlib.sha256(verifier.encode()).digest()
        hashed = base64.urlsafe_b64encode(digest).rstrip(b"=")
        given = hashed if self.method == "S256" else verifier.encode()
        if not hmac.compare_digest(given, self.value.encode()):
            raise OAuthError("invalid_grant", "The code verifier does not match the challenge.")


@dataclass(slots=True)
class DeviceSignIn:
    """One sign-in; instants are epoch seconds, `interval` is what the client must now keep."""

    user_code: str
    client_id: str
    asked: tuple[Scope, ...]
    challenge: Challenge | None
    issued_at: float
    interval: float
    status: Status = Status.PENDING
    polled_at: float | None = None

    @property
    def granted(self) -> tuple[Scope, ...]:
        """What an approval would grant."""
        return intersect(self.asked, HELD_SCOPES)

    def decide(self, *, approve: bool) -> None:
        """Approve or deny if nobody has; with nothing to grant, approving denies."""
        if self.status is Status.PENDING:
            self.status = Status.APPROVED if approve and self.granted else Status.DENIED

    def pace(self, now: float) -> None:
        """Note a poll; one that comes too early lengthens the interval for good."""
        last, self.polled_at = self.polled_at, now
        if last is not None and now - last < self.interval - TOLERANCE:
            # RFC 8628 section 3.5: slow_down adds 5 seconds for this and all later requests
            self.interval += SLOW_DOWN
            raise OAuthError("slow_down", "Polling too often. Wait five seconds longer each time.")


class DeviceCodes:
    """The codes of one server; `clock` gives epoch seconds."""

    def __init__(self, options: DemoOptions, clock: Callable[[], float]) -> None:
        self._options = options
        self._clock = clock
        self._sign_ins = ExpiringStore[DeviceSignIn](
            clock, lifetime=options.code_lifetime + REMEMBERED
        )

    def issue(
        self, client_id: str, scopes: tuple[Scope, ...], challenge: Challenge | None = None
    ) -> tuple[str, DeviceSignIn]:
        """Start a sign-in and return its device code too; without scopes it asks for all held."""
        sign_in = DeviceSignIn(
            user_code=self._new_user_code(),
            client_id=client_id,
            asked=scopes or HELD_SCOPES,
            challenge=challenge,
            issued_at=self._clock(),
            interval=self._options.interval,
        )
        return self._sign_ins.add(sign_in), sign_in

    def redeem(
        self, device_code: str, client_id: str, *, verifier: str | None
    ) -> tuple[Scope, ...]:
        """Return what was granted, once; raise OAuthError (RFC 8628 section 3.5)."""
        sign_in = self._sign_ins.get(device_code)
        if sign_in is None or sign_in.client_id != client_id:
            raise OAuthError("invalid_grant", "The device code is not known for this client.")
        sign_in.pace(self._clock())
        if sign_in.challenge:
            sign_in.challenge.require(verifier or "")
        self._apply_time(sign_in)
        if sign_in.status is not Status.APPROVED:
            raise OAuthError(*_REFUSALS[sign_in.status])
        sign_in.status = Status.REDEEMED
        return sign_in.granted

    def find(self, user_code: str) -> DeviceSignIn | None:
        """Look up a typed code; case, dashes and spaces do not count."""
        wanted = normalize(user_code)
        for sign_in in self._sign_ins.live().values():
            if sign_in.user_code.replace("-", "") == wanted:
                self._apply_time(sign_in)
                return sign_in
        return None

    def _apply_time(self, sign_in: DeviceSignIn) -> None:
        """Let a code expire, or the demo analyst approve it when that is due."""
        age = self._clock() - sign_in.issued_at
        if age >= self._options.code_lifetime:
            if sign_in.status in (Status.PENDING, Status.APPROVED):
                sign_in.status = Status.EXPIRED
            return
        approve_after = self._options.approve_after
        if approve_after is not None and age >= approve_after:
            sign_in.decide(approve=True)

    def _new_user_code(self) -> str:
        while True:
            letters = "".join(secrets.choice(ALPHABET) for _ in range(8))
            if self.find(letters) is None:
                return f"{letters[:4]}-{letters[4:]}"


def normalize(user_code: str) -> str:
    """Reduce a typed code to what is compared (RFC 8628 section 6.1)."""
    return "".join(char for char in user_code.upper() if char.isalnum())


_REFUSALS: Final = {
    Status.PENDING: ("authorization_pending", "Nobody has approved this sign-in yet."),
    Status.DENIED: ("access_denied", "The sign-in was denied on the approval page."),
    Status.EXPIRED: ("expired_token", "The device code has expired."),
    Status.REDEEMED: ("invalid_grant", "The device code was used before."),
}

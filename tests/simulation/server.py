"""A small authorization server, written from the RFCs: it shares nothing with the client.

Device grant (RFC 8628) with intervals and `slow_down`, refresh tokens that rotate and whose reuse
ends the sign-in (RFC 9700 section 4.14.2), revocation (RFC 7009), expiry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.simulation.network import Flight
    from tests.simulation.virtual_time import VirtualClock

HOST = "login.example"
DEVICE_CODE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass(eq=False)
class DeviceCode:
    """A code that waits for a person; times are the world's."""

    code: str
    interval: float
    expires_at: float
    answer: str = "authorization_pending"  # or "approved", "access_denied", "used"
    last_poll_at: float = -1e9


@dataclass(eq=False)
class Issued:
    """Tokens, and the request that they answer."""

    access: str
    refresh: str
    family: Family
    flight: Flight
    expires_at: float


@dataclass(eq=False)
class Family:
    """One sign-in: all tokens that come from one approval.

    `ended` says why it is over. `asked` is set once a person signed out, or in again,
    `saved_at` is when the keyring was last seen to hold it.
    """

    number: int
    expires_at: float
    current: Issued | None = None
    all: list[Issued] = field(default_factory=list)
    used: dict[str, Flight] = field(default_factory=dict)
    ended: str = ""
    asked: bool = False
    saved_at: float = -1.0


@dataclass
class Server:
    """The server; `lifetime` of access tokens in seconds. Without `rotates` refresh tokens stay."""

    random: Random
    clock: VirtualClock
    rotates: bool
    lifetime: float
    on_code: Callable[[DeviceCode], None]
    codes: dict[str, DeviceCode] = field(default_factory=dict)
    families: list[Family] = field(default_factory=list)

    def respond(self, flight: Flight) -> tuple[int, dict[str, Any]]:
        """Carry out a request; return the status and the members of the answer."""
        form, now = flight.form, self.clock.world()
        match flight.path:
            case "/.well-known/oauth-authorization-server":
                return 200, _metadata()
            case "/device":
                return 200, self._new_code(now)
            case "/token" if form["grant_type"] == DEVICE_CODE_GRANT:
                return self._poll(self.codes[form["device_code"]], flight, now)
            case "/token":
                return self._refresh(form["refresh_token"], flight, now)
            case "/revoke":
                for family in self.families:
                    if any(form["token"] in {each.refresh, each.access} for each in family.all):
                        family.ended = family.ended or "signed out"
                return 200, {}
        return 404, {}

    def end(self, family: Family, why: str) -> None:
        """End a sign-in; only the first reason counts."""
        family.ended = family.ended or why

    def family_of(self, refresh_token: str) -> Family:
        """Find the sign-in that a refresh token belongs to."""
        return next(
            family
            for family in self.families
            if any(each.refresh == refresh_token for each in family.all)
        )

    def is_live(self, family: Family) -> bool:
        """Tell whether a sign-in can still be renewed."""
        return not family.ended and self.clock.world() < family.expires_at

    def accepts(self, access_token: str) -> bool:
        """Tell whether an access token is valid."""
        now = self.clock.world()
        issued = [each for family in self.families for each in family.all]
        return any(
            each.access == access_token and now < each.expires_at and not each.family.ended
            for each in issued
        )

    def _new_code(self, now: float) -> dict[str, Any]:
        code = DeviceCode(
            f"device-{len(self.codes)}",
            self.random.choice((1.0, 5.0, 10.0)),
            now + self.random.choice((20.0, 60.0, 180.0)),
        )
        self.codes[code.code] = code
        self.on_code(code)
        return {
            "device_code": code.code,
            "user_code": f"CODE-{len(self.codes)}",
            "verification_uri": f"https://{HOST}/activate",
            "expires_in": code.expires_at - now,
            "interval": code.interval,
        }

    def _poll(self, code: DeviceCode, flight: Flight, now: float) -> tuple[int, dict[str, Any]]:
        too_soon = now - code.last_poll_at < code.interval - 1e-3
        code.last_poll_at = now
        if now >= code.expires_at:
            return 400, {"error": "expired_token"}
        if too_soon or self.random.random() < 0.03:
            code.interval += 5
            return 400, {"error": "slow_down"}
        if code.answer == "approved":
            code.answer = "invalid_grant"  # RFC 6749 section 4.1.2: a code works once
            lifetime = self.random.choice((1200.0, 86400.0, 86400.0))
            family = Family(len(self.families), now + lifetime)
            self.families.append(family)
            return 200, self._issue(family, flight, now)
        return 400, {"error": code.answer}

    def _refresh(self, token: str, flight: Flight, now: float) -> tuple[int, dict[str, Any]]:
        family = self.family_of(token)
        if now >= family.expires_at:
            self.end(family, "expired")
        if token in family.used:
            self.end(family, "reuse")
        if family.ended:
            return 400, {"error": "invalid_grant", "error_description": family.ended}
        if self.rotates:
            family.used[token] = flight
        return 200, self._issue(family, flight, now)

    def _issue(self, family: Family, flight: Flight, now: float) -> dict[str, Any]:
        name = f"{family.number}.{len(family.all)}"
        refresh = f"refresh-{name}" if self.rotates or not family.all else family.all[0].refresh
        issued = Issued(f"access-{name}", refresh, family, flight, now + self.lifetime)
        family.all.append(issued)
        family.current = flight.issued = issued
        return {
            "access_token": issued.access,
            "refresh_token": issued.refresh,
            "token_type": "Bearer",
            "expires_in": self.lifetime,
        }


def _metadata() -> dict[str, Any]:
    endpoints = {
        "device_authorization_endpoint": "device",
        "token_endpoint": "token",
        "revocation_endpoint": "revoke",
    }
    addresses = {name: f"https://{HOST}/{path}" for name, path in endpoints.items()}
    return {"issuer": f"https://{HOST}", **addresses}

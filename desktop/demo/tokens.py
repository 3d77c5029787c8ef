"""Token families: one for each approval, renewed by rotation, ended by reuse or revocation."""

import hmac
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from desktop.demo.claims import ANALYST, PREFIX, AccessToken, access_claims
from desktop.demo.errors import OAuthError
from desktop.demo.options import DemoOptions
from desktop.demo.scopes import Scope, intersect, parse_scopes, scope_text
from desktop.demo.signing import Signer

MOST_FAMILIES: Final = 1000


@dataclass(frozen=True, slots=True)
class Family:
    """All tokens of one approval. A refresh token is `handle.secret`; only one secret is current.

    So a token with the right handle and an older secret is a reused one, and no list is kept.
    """

    family_id: str
    client_id: str
    subject: str
    scopes: tuple[Scope, ...]
    handle: str
    secret: str
    opened_at: float
    expires_at: float


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who a valid access token speaks for, and what it may do."""

    subject: str
    client_id: str
    scopes: tuple[str, ...]


class TokenStore:
    """The token families of one server, by handle; `clock` gives epoch seconds."""

    def __init__(self, options: DemoOptions, clock: Callable[[], float], signer: Signer) -> None:
        self._options = options
        self._clock = clock
        self._signer = signer
        self._families: dict[str, Family] = {}

    def open_family(self, client_id: str, *, scopes: tuple[Scope, ...]) -> dict[str, object]:
        """Start a family for the analyst and give the token answer (RFC 6749 section 5.1)."""
        family = self._new_family(client_id, ANALYST.user_id, scopes)
        return self._answer(family, scopes, with_refresh=self._options.refresh != "none")

    def open_service(self, client_id: str, *, scopes: tuple[Scope, ...]) -> dict[str, object]:
        """Give a client its own token, without refresh token (RFC 6749 section 4.4.3)."""
        family = self._new_family(client_id, client_id, scopes)
        return self._answer(family, scopes, with_refresh=False)

    def renew(self, refresh_token: str, client_id: str, *, scope: str | None) -> dict[str, object]:
        """Give new tokens for a refresh token; a reused one ends its family.

        Raises OAuthError invalid_grant or invalid_scope (RFC 6749 section 6).
        """
        family = self._refreshable(refresh_token, client_id)
        scopes = family.scopes if scope is None else self._narrowed(family, scope)
        if self._options.refresh == "rotate":
            family = replace(family, secret=secrets.token_urlsafe(32))
        family = replace(family, expires_at=self._clock() + self._options.refresh_lifetime)
        self._families[family.handle] = family
        return self._answer(family, scopes, with_refresh=True)

    def bearer(self, access_token: str) -> Bearer | None:
        """Give whom a token speaks for, or None when it is forged, expired or revoked."""
        claims = self._signer.verify(access_token)
        if claims is None or self._clock() >= float(claims["exp"]):
            return None
        family_id = str(claims["jti"]).partition(".")[0]
        for family in self._families.values():
            if family.family_id == family_id:
                scopes = tuple(claims[f"{PREFIX}scopes"])
                return Bearer(family.subject, family.client_id, scopes)
        return None

    def revoke(self, client_id: str, *, subject: str) -> int:
        """End every family that `subject` granted to a client; give how many there were."""
        found = self._families_of(client_id, subject)
        for family in found:
            del self._families[family.handle]
        return len(found)

    def granted(self, client_id: str, *, subject: str) -> tuple[str, ...]:
        """Give the scopes that `subject` has granted to a client, without repeats."""
        families = self._families_of(client_id, subject)
        return tuple(dict.fromkeys(str(scope) for family in families for scope in family.scopes))

    def granted_at(self, client_id: str, *, subject: str) -> float | None:
        """Give when `subject` first granted something that still holds."""
        opened = (each.opened_at for each in self._families_of(client_id, subject))
        return min(opened, default=None)

    def revoke_all(self) -> None:
        """End every family, as an administrator does who removes a client."""
        self._families.clear()

    def _families_of(self, client_id: str, subject: str) -> list[Family]:
        families = self._families.values()
        return [each for each in families if (each.client_id, each.subject) == (client_id, subject)]

    def _new_family(self, client_id: str, subject: str, scopes: tuple[Scope, ...]) -> Family:
        self._drop_old()
        family = Family(
            family_id=uuid.uuid4().hex,
            client_id=client_id,
            subject=subject,
            scopes=scopes,
            handle=secrets.token_urlsafe(16),
            secret=secrets.token_urlsafe(32),
            opened_at=self._clock(),
            expires_at=self._clock() + self._options.refresh_lifetime,
        )
        self._families[family.handle] = family
        return family

    def _refreshable(self, refresh_token: str, client_id: str) -> Family:
        handle, _, secret = refresh_token.partition(".")
        family = self._families.get(handle)
        if family is None or family.client_id != client_id or self._clock() >= family.expires_at:
            raise OAuthError("invalid_grant", "The refresh token is not valid for this client.")
        if not hmac.compare_digest(secret.encode(), family.secret.encode()):
            # RFC 9700 section 4.14.2: reuse means that somebody else has it; end the family
            del self._families[handle]
            raise OAuthError("invalid_grant", "The refresh token was used before; all are revoked.")
        return family

    def _narrowed(self, family: Family, scope: str) -> tuple[Scope, ...]:
        try:
            asked = parse_scopes(scope)
        except ValueError as error:
            raise OAuthError("invalid_scope", str(error)) from error
        if not asked or set(intersect(asked, family.scopes)) != set(asked):
            # RFC 6749 section 6: never more than was granted
            raise OAuthError("invalid_scope", "More was asked for than was granted.")
        return asked

    def _answer(
        self, family: Family, scopes: tuple[Scope, ...], *, with_refresh: bool
    ) -> dict[str, object]:
        now, lifetime = self._clock(), self._options.token_lifetime
        token = AccessToken(
            family_id=family.family_id,
            subject=family.subject,
            scopes=[str(scope) for scope in scopes],
            issued_at=now,
            expires_at=now + lifetime,
        )
        answer: dict[str, object] = {
            "access_token": self._signer.sign(access_claims(token), size=self._options.token_size),
            "token_type": "bearer",
            "expires_in": whole(lifetime),
            "scope": scope_text(scopes),
        }
        refresh = {"refresh_token": f"{family.handle}.{family.secret}"} if with_refresh else {}
        return answer | refresh

    def _drop_old(self) -> None:
        now = self._clock()
        for handle in [key for key, each in self._families.items() if each.expires_at < now]:
            del self._families[handle]
        while len(self._families) >= MOST_FAMILIES:
            del self._families[next(iter(self._families))]


def whole(seconds: float) -> int | float:
    """Write whole seconds without a fraction, as JSON clients expect them."""
    return int(seconds) if seconds == int(seconds) else seconds

"""Grants and their tokens: signed, renewed by rotation, ended by reuse or revocation."""

import hmac
import math
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from desktop.demo.analyst import ANALYST, ORGANIZATION_CLAIMS, PREFIX, USER_CLAIMS
from desktop.demo.errors import OAuthError
from desktop.demo.options import DemoOptions
from desktop.demo.scopes import Scope, format_scopes, intersect, parse_scopes
from desktop.demo.store import ExpiringStore

ISSUER: Final = "IROH Auth NAM"
REFRESH_LIFETIME: Final = 30 * 86400.0  # seconds since the last use

# The server compares times with its own clock, which is not always that of this computer.
UNTIMED: Final[Any] = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}

Answer = dict[str, object]


class Signer:
    """Signs and verifies JWTs (RFC 7519)."""

    def __init__(self) -> None:
        self._key_id = uuid.uuid4().hex

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return new_key()  # takes 0.1 s, so not before the first token

    def public_jwk(self) -> dict[str, Any]:
        """Describe the public key (RFC 7517)."""
        jwk = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        numbers = {name: jwk[name] for name in ("kty", "n", "e")}
        return numbers | {"alg": "RS256", "use": "sig", "kid": self._key_id}

    def sign(self, claims: dict[str, object]) -> str:
        return jwt.encode(claims, self._key, "RS256", headers={"kid": self._key_id})

    def verify(self, token: str) -> dict[str, Any] | None:
        """Read the claims of a JWT that was signed here; the caller compares the times."""
        try:
            return jwt.decode(token, self._key.public_key(), algorithms=["RS256"], options=UNTIMED)
        except jwt.InvalidTokenError:
            return None


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(slots=True)
class Grant:
    """What one approval has given to a client; `granted_at` is in epoch seconds.

    A refresh token is `key.secret`, and only one secret is current: a token with another one has
    been used before. `thumbprint` is that of the key to which the tokens are bound, if they are.
    """

    client_id: str
    subject: str
    scopes: tuple[Scope, ...]
    granted_at: float
    secret: str = field(default_factory=secrets.token_urlsafe)
    thumbprint: str = ""


class TokenIssuer:
    """Issues, renews and checks the tokens of one server; `clock` gives epoch seconds."""

    def __init__(self, options: DemoOptions, clock: Callable[[], float], signer: Signer) -> None:
        self._options = options
        self._clock = clock
        self._signer = signer
        self._grants = ExpiringStore[Grant](clock, lifetime=REFRESH_LIFETIME)

    def issue(self, client_id: str, scopes: tuple[Scope, ...], *, thumbprint: str = "") -> Answer:
        """Give a client tokens of the analyst (RFC 6749 section 5.1)."""
        secret = self._make_secret()
        grant = Grant(client_id, ANALYST.user_id, scopes, self._clock(), secret, thumbprint)
        return self._answer_with_refresh(self._grants.add(grant), grant, scopes)

    def issue_to_client(
        self, client_id: str, scopes: tuple[Scope, ...], *, thumbprint: str = ""
    ) -> Answer:
        """Give a client a token of its own, without refresh token (RFC 6749 section 4.4.3)."""
        grant = Grant(client_id, client_id, scopes, self._clock(), thumbprint=thumbprint)
        return self._answer(self._grants.add(grant), grant, scopes)

    def renew(
        self, refresh_token: str, client_id: str, *, scope: str | None, thumbprint: str = ""
    ) -> Answer:
        """Exchange a refresh token (RFC 6749 section 6); one that was used before ends its grant.

        Raises OAuthError invalid_grant or invalid_scope.
        """
        key, _, secret = refresh_token.partition(".")
        grant = self._grants.get(key)
        if grant is None or grant.client_id != client_id:
            raise OAuthError("invalid_grant", "The refresh token is not valid for this client.")
        if grant.thumbprint != thumbprint:  # RFC 9449 section 5
            raise OAuthError("invalid_grant", "The refresh token is bound to another key.")
        if not hmac.compare_digest(secret.encode(), grant.secret.encode()):
            # RFC 9700 section 4.14.2: reuse means that somebody else has the token
            self._grants.pop(key)
            raise OAuthError("invalid_grant", "The refresh token was used before. All are revoked.")
        scopes = grant.scopes if scope is None else _narrow(grant.scopes, scope)
        self._rotate(grant)
        self._grants.extend(key)
        return self._answer_with_refresh(key, grant, scopes)

    def find_grant(self, access_token: str) -> Grant | None:
        """Find the grant of a token that is not forged, expired or revoked.

        It has the scopes of the token, which may be fewer than were granted.
        """
        claims = self._signer.verify(access_token)
        if claims is None or self._clock() >= float(claims["exp"]):
            return None
        grant = self._grants.get(str(claims["jti"]).partition(".")[0])
        scopes = parse_scopes(" ".join(claims[f"{PREFIX}scopes"]))
        return replace(grant, scopes=scopes) if grant else None

    def find_grants(self, client_id: str, subject: str) -> dict[str, Grant]:
        """Find what `subject` has granted to a client, oldest first."""
        wanted = (client_id, subject)
        found = self._grants.live().items()
        return {key: each for key, each in found if (each.client_id, each.subject) == wanted}

    def revoke(self, client_id: str, subject: str) -> bool:
        """End all that `subject` has granted to a client; tell whether there was anything."""
        found = self.find_grants(client_id, subject)
        for key in found:
            self._grants.pop(key)
        return bool(found)

    def _rotate(self, grant: Grant) -> None:
        grant.secret = self._make_secret()

    def _make_secret(self) -> str:
        return secrets.token_urlsafe()

    def _answer_with_refresh(self, key: str, grant: Grant, scopes: tuple[Scope, ...]) -> Answer:
        return self._answer(key, grant, scopes) | {"refresh_token": f"{key}.{grant.secret}"}

    def _answer(self, key: str, grant: Grant, scopes: tuple[Scope, ...]) -> Answer:
        return {
            "access_token": self._signer.sign(self._claims(key, grant, scopes)),
            "token_type": "DPoP" if grant.thumbprint else "bearer",
            "expires_in": whole(self._options.token_lifetime),
            "scope": format_scopes(scopes),
        }

    def _claims(self, key: str, grant: Grant, scopes: tuple[Scope, ...]) -> Answer:
        """Make the claims that the live service sends; a client is not a user."""
        now = self._clock()
        return {
            "iss": ISSUER,
            "sub": grant.subject,
            "exp": math.ceil(now + self._options.token_lifetime),
            "nbf": int(now),
            "iat": int(now),
            "jti": f"{key}.{uuid.uuid4()}",
            f"{PREFIX}scopes": [str(scope) for scope in scopes],
            **({"cnf": {"jkt": grant.thumbprint}} if grant.thumbprint else {}),
            **ORGANIZATION_CLAIMS,
            **(USER_CLAIMS if grant.subject == ANALYST.user_id else {}),
        }


def _narrow(granted: tuple[Scope, ...], scope: str) -> tuple[Scope, ...]:
    """Read the scopes of a renewal: never more than was granted (RFC 6749 section 6)."""
    asked = parse_scopes(scope)
    if not asked or set(intersect(asked, granted)) != set(asked):
        raise OAuthError("invalid_scope", "More was requested than was granted.")
    return asked


def whole(seconds: float) -> float:
    """Write whole seconds without a fraction, as JSON clients expect them."""
    return int(seconds) if seconds == int(seconds) else seconds

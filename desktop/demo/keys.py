"""RS256 by PyJWT and cryptography: the heavy half of signing, loaded with the first token."""

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

# The server compares times with its own clock, which tests may turn.
UNTIMED: Final = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, and its public half as a JWK with the thumbprint as `kid`."""

    private: rsa.RSAPrivateKey
    jwk: dict[str, Any]

    def sign(self, claims: dict[str, object]) -> str:
        """Give the JWT (RFC 7519)."""
        headers = {"kid": self.jwk["kid"]}
        return jwt.encode(claims, self.private, algorithm="RS256", headers=headers)

    def verify(self, token: str) -> dict[str, Any] | None:
        """Give the claims of a token that this key signed, or None; times are not looked at."""
        options: Any = UNTIMED
        try:
            public = self.private.public_key()
            return jwt.decode(token, public, algorithms=["RS256"], options=options)
        except jwt.InvalidTokenError:
            return None


def new_key() -> SigningKey:
    """Make an RSA key; takes about 0.1 s, during which other threads run."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    jwk = {name: public[name] for name in ("kty", "n", "e")}
    return SigningKey(private, jwk | {"alg": "RS256", "use": "sig", "kid": _thumbprint(jwk)})


def _thumbprint(jwk: dict[str, Any]) -> str:
    """RFC 7638 section 3: the hash of the required members, sorted, without white space."""
    text = json.dumps(jwk, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

"""Checks the proofs with which a client shows that it has the key of its tokens (RFC 9449)."""

import base64
import hashlib
import json
import secrets
from collections.abc import Callable
from typing import Any, Final

import jwt
from jwt.algorithms import ECAlgorithm
from starlette.requests import Request

from desktop.demo.errors import OAuthError
from desktop.demo.options import DemoOptions

LONGEST_AGE: Final = 60.0  # seconds
MOST_SEEN: Final = 10_000
KEY_MEMBERS: Final = {"kty", "crv", "x", "y"}
# The server compares times with its own clock, which is not always that of this computer.
UNTIMED: Final[Any] = {"verify_iat": False, "verify_exp": False, "verify_nbf": False}


class ProofChecker:
    """Checks proofs, each of which works once; `clock` gives epoch seconds."""

    def __init__(self, options: DemoOptions, clock: Callable[[], float]) -> None:
        self._mode = options.dpop
        self._clock = clock
        self._nonce = secrets.token_urlsafe(12)
        self._seen: dict[str, float] = {}

    def metadata(self) -> dict[str, object]:
        """Return what the metadata says about it (RFC 9449 section 5.1)."""
        is_offered = self._mode != "off"
        return {"dpop_signing_alg_values_supported": ["ES256"]} if is_offered else {}

    def thumbprint_at_token_endpoint(self, request: Request) -> str:
        """Check the proof of a token request; empty without one. Raises OAuthError."""
        if self._mode == "off" or ("dpop" not in request.headers and self._mode == "on"):
            return ""
        return self._check(request, access_token=None, status=400)

    def check_at_resource(self, request: Request, access_token: str, thumbprint: str) -> None:
        """Check the proof for a token that is bound to the key with `thumbprint`.

        Raises OAuthError with status 401 and a challenge (RFC 9449 section 7.1).
        """
        if self._check(request, access_token=access_token, status=401) != thumbprint:
            raise self._refused("invalid_token", "The token is bound to another key.", 401)

    def _check(self, request: Request, *, access_token: str | None, status: int) -> str:
        sent = request.headers.getlist("dpop")
        if len(sent) != 1:
            raise self._refused("invalid_dpop_proof", "The proof is missing.", status)
        key, claims = self._verify(sent[0], status)
        if self._mode == "nonce" and claims.get("nonce") != self._nonce:
            raise self._refused("use_dpop_nonce", "The proof needs a nonce.", status)
        expected = {"htm": request.method, "htu": str(request.url.replace(query=None))}
        if access_token is not None:
            expected["ath"] = _digest(access_token)
        wrong = [name for name, value in expected.items() if claims.get(name) != value]
        if wrong or abs(self._clock() - float(claims.get("iat", 0))) > LONGEST_AGE:
            about = ", ".join(wrong) or "iat"
            raise self._refused("invalid_dpop_proof", f"The proof has a wrong {about}.", status)
        self._note_use(str(claims.get("jti", "")), status)
        return _digest(json.dumps(key, separators=(",", ":"), sort_keys=True))

    def _verify(self, proof: str, status: int) -> tuple[dict[str, str], dict[str, Any]]:
        """Return the key in `proof`, and the claims that were signed with it."""
        try:
            header = jwt.get_unverified_header(proof)
            key = header["jwk"]
            if header.get("typ") != "dpop+jwt" or set(key) != KEY_MEMBERS:
                raise jwt.InvalidTokenError
            public: Any = ECAlgorithm.from_jwk(key)
            return key, jwt.decode(proof, public, algorithms=["ES256"], options=UNTIMED)
        except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
            raise self._refused("invalid_dpop_proof", "The proof is not valid.", status) from error

    def _note_use(self, identifier: str, status: int) -> None:
        now = self._clock()
        self._seen = {each: until for each, until in self._seen.items() if now < until}
        if not identifier or identifier in self._seen or len(self._seen) >= MOST_SEEN:
            raise self._refused("invalid_dpop_proof", "The proof was used before.", status)
        self._seen[identifier] = now + 2 * LONGEST_AGE

    def _refused(self, error: str, description: str, status: int) -> OAuthError:
        headers = {"DPoP-Nonce": self._nonce} if self._mode == "nonce" else {}
        if status == 401:
            headers["WWW-Authenticate"] = f'DPoP error="{error}", algs="ES256"'
        return OAuthError(error, description, status=status, headers=headers)


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")

"""Tokens that are bound to a key of this computer (DPoP, RFC 9449): the key, proofs, and nonces.

A thief of a bound token can't use it without the key. cryptography is loaded with the first key.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from desktop.frozen import frozen
from desktop.oauth.addresses import host_of, origin_of
from desktop.oauth.http import Answer, clock_offset

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    from desktop.oauth.clock import Clock

ALGORITHM = "ES256"  # RFC 7518 section 3.4; every server that supports DPoP knows it
TOKEN_TYPE = "DPoP"  # noqa: S105 - the name of the type, RFC 9449 section 5
NONCE_REQUIRED = "use_dpop_nonce"
INVALID_PROOF = "invalid_dpop_proof"

_BYTES = 32  # of each number of P-256
_LONGEST_NONCE = 1024  # characters
_ACCURACY = 1.0  # seconds; a smaller difference between clocks explains no rejection
_DEFAULT_PORTS = {"https": 443, "http": 80}
_SAFE_IN_PATH = "/%:@!$&'()*+,;=~"  # RFC 3986 section 3.3

Authorizer = Callable[[str, str, str | None], Awaitable[Mapping[str, str]]]
"""Makes the headers with which a bound token is used, for a method, an address and a nonce."""


def new_key() -> str:
    """Make a private key, as text for the keyring. Blocks while cryptography is loaded."""
    from cryptography.hazmat.primitives.asymmetric import ec

    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return _encode(number.to_bytes(_BYTES))


def load_cryptography() -> None:
    """Load what signs, which takes a while the first time. Blocks."""
    from cryptography.hazmat.primitives import hashes  # noqa: F401
    from cryptography.hazmat.primitives.asymmetric import ec, utils  # noqa: F401


def public_key(key: str) -> dict[str, str]:
    """Describe the public half of `key` as a JWK (RFC 7518 section 6.2.1)."""
    numbers = _load(key).public_key().public_numbers()
    x, y = numbers.x.to_bytes(_BYTES), numbers.y.to_bytes(_BYTES)
    return {"kty": "EC", "crv": "P-256", "x": _encode(x), "y": _encode(y)}


def thumbprint(key: str) -> str:
    """Compute the thumbprint of `key`, which bound tokens contain (RFC 7638 section 3)."""
    known = json.dumps(public_key(key), separators=(",", ":"), sort_keys=True)
    return _digest(known)


@frozen
class ProofRequest:
    """What a proof is for: a request, at the instant `at` of the server's clock.

    A request to a resource has the access token. `nonce` is the one that the server last named.
    """

    method: str
    address: str
    at: datetime
    nonce: str | None = None
    access_token: str | None = field(default=None, repr=False)


def make_proof(key: str, request: ProofRequest) -> str:
    """Sign a proof of the possession of `key`; each can be used once (RFC 9449 section 4.2)."""
    claims: dict[str, object] = {
        "jti": secrets.token_urlsafe(16),
        "htm": request.method.upper(),
        "htu": target_of(request.address),
        "iat": int(request.at.timestamp()),
    }
    if request.access_token is not None:
        claims["ath"] = _digest(request.access_token)
    if request.nonce is not None:
        claims["nonce"] = request.nonce
    header = {"typ": "dpop+jwt", "alg": ALGORITHM, "jwk": public_key(key)}
    signed = ".".join(_encode(json.dumps(part).encode()) for part in (header, claims))
    return f"{signed}.{_encode(_sign(key, signed.encode()))}"


def target_of(address: str) -> str:
    """Return `address` without query and fragment, as servers compare it (RFC 9449 section 4.3)."""
    parts = urlsplit(address)
    host = host_of(address)
    server = f"[{host}]" if ":" in host else host
    if parts.port not in (None, _DEFAULT_PORTS.get(parts.scheme)):
        server = f"{server}:{parts.port}"
    return f"{parts.scheme}://{server}{quote(parts.path, safe=_SAFE_IN_PATH) or '/'}"


def nonce_in(headers: Mapping[str, str]) -> str | None:
    """Read the nonce for the next proof (RFC 9449 section 8); `None` without a usable one."""
    nonce = headers.get("dpop-nonce", "")
    is_usable = nonce.isascii() and nonce.isprintable() and len(nonce) <= _LONGEST_NONCE
    return nonce if nonce and is_usable else None


@dataclass(slots=True)
class Proofs:
    """Proves with each request that this client has `key`; without one, it proves nothing.

    `nonces` are those that servers named, by origin. `clock_offset` is how many seconds this
    computer's clock is ahead of the server's. With `is_required`, no other tokens are accepted.
    """

    clock: Clock
    key: str | None = field(default=None, repr=False)
    nonces: dict[str, str] = field(default_factory=dict, repr=False)
    clock_offset: float = 0.0
    is_required: bool = False

    def headers(
        self, method: str, address: str, *, access_token: str | None = None
    ) -> dict[str, str]:
        """Make the header with the proof for one request, if there is a key."""
        if self.key is None:
            return {}
        at = self.clock.utc() - timedelta(seconds=self.clock_offset)
        nonce = self.nonces.get(origin_of(address))
        request = ProofRequest(method, address, at, nonce, access_token)
        return {"DPoP": make_proof(self.key, request)}

    async def send(
        self, method: str, address: str, *, send: Callable[[Mapping[str, str]], Awaitable[Answer]]
    ) -> Answer:
        """Call `send` with the headers of a proof; once more if the server requires another proof.

        That has the nonce that the server named, or the time of its clock.
        """
        sent, nonce = self.clock.utc(), self.nonces.get(origin_of(address))
        answer = await send(self.headers(method, address))
        said = _error_in_body(answer)
        if self.key is not None and self._learn(answer, sent, nonce=nonce, said=said):
            sent = self.clock.utc()
            answer = await send(self.headers(method, address))
            self._learn(answer, sent, said="")
        return answer

    def authorizer(self, access_token: str) -> Authorizer:
        """Return what makes the headers with which `access_token` is used at a resource."""

        async def authorize(method: str, address: str, nonce: str | None) -> Mapping[str, str]:
            return self.authorization(method, address, access_token=access_token, nonce=nonce)

        return authorize

    def authorization(
        self, method: str, address: str, *, access_token: str, nonce: str | None = None
    ) -> dict[str, str]:
        """Make both headers of a request with a bound token (RFC 9449 section 7.1)."""
        if nonce is not None:
            self.nonces[origin_of(address)] = nonce
        proof = self.headers(method, address, access_token=access_token)
        return {"Authorization": f"{TOKEN_TYPE} {access_token}", **proof}

    def _learn(
        self, answer: Answer, sent: datetime, *, said: str, nonce: str | None = None
    ) -> bool:
        """Note the nonce in `answer`; whether another proof may be accepted, as `said` wants.

        `nonce` is the one that was sent: another request may have learned the new one since.
        """
        found = nonce_in(answer.headers)
        is_new = found is not None and found != nonce
        if found is not None:
            self.nonces[origin_of(answer.endpoint)] = found
        if said == NONCE_REQUIRED:
            return is_new
        if said != INVALID_PROOF:
            return False
        offset = clock_offset(answer.headers, sent=sent, received=self.clock.utc())
        if offset is None or abs(offset - self.clock_offset) <= _ACCURACY:
            return is_new
        self.clock_offset = offset
        return True


def _error_in_body(answer: Answer) -> str:
    """Read the error code of an answer that refuses a proof; empty for any other."""
    if answer.status not in {400, 401}:
        return ""
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return ""
    code = document.get("error") if isinstance(document, dict) else None
    return code if code in {NONCE_REQUIRED, INVALID_PROOF} else ""


def _load(key: str) -> EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    number = int.from_bytes(base64.urlsafe_b64decode(f"{key}="))
    return ec.derive_private_key(number, ec.SECP256R1())


def _sign(key: str, content: bytes) -> bytes:
    """Sign `content`: two numbers of a fixed length (RFC 7518 section 3.4)."""
    from cryptography.hazmat.primitives.asymmetric import ec, utils
    from cryptography.hazmat.primitives.hashes import SHA256

    r, s = utils.decode_dss_signature(_load(key).sign(content, ec.ECDSA(SHA256())))
    return r.to_bytes(_BYTES) + s.to_bytes(_BYTES)


def _digest(text: str) -> str:
    return _encode(hashlib.sha256(text.encode()).digest())


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")

"""The server's signing key: made at the first need, off the event loop, gone with the server."""

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from desktop.demo.keys import SigningKey


class Signer:
    """Signs and verifies JWTs. Thread-safe: the key is made in a worker, used on the loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._key: SigningKey | None = None

    def prepare(self) -> "SigningKey":
        """Make the key if there is none."""
        with self._lock:
            if self._key is None:
                from desktop.demo import keys  # late: cryptography, 0.1 s at start-up

                self._key = keys.new_key()
            return self._key

    def sign(self, claims: dict[str, object], *, size: int = 0) -> str:
        """Give the token, padded with a claim of its own to at least `size` characters."""
        key = self.prepare()
        token = key.sign(claims)
        if len(token) >= size:
            return token
        # base64 makes four characters of three bytes
        return key.sign(claims | {"padding": "demo" * ((size - len(token)) * 3 // 16 + 1)})

    def verify(self, token: str) -> dict[str, Any] | None:
        """Give the claims of a token signed here, or None; the caller compares the times."""
        return self.prepare().verify(token)

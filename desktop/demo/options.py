"""What can be set on the demo server."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """Durations are seconds; the defaults are those of the real service."""

    port: int = 0
    """TCP port on 127.0.0.1, followed by those of the services; 0 picks free ones."""
    interval: float = 1
    """Between two polls for a token, told to clients and enforced."""
    code_lifetime: float = 600
    token_lifetime: float = 600
    approve_after: float | None = None
    """How long after a request the demo analyst approves; `None` leaves it to the user."""
    dpop: str = "off"
    """Whether tokens can be bound to a key (RFC 9449): off, on, required, or nonce.

    `nonce` is like `required`, and each proof needs the server's nonce.
    """

"""What can be set on the demo server, checked once when it is made."""

from dataclasses import dataclass

from desktop.demo.scopes import parse_scopes

PORTS = range(65536)
OUTCOMES = ("ask", "approve", "deny", "expire")
REFRESH_MODES = ("rotate", "keep", "none")
FAULTS = (
    *("ok", "slow_down", "invalid_grant", "401", "403", "429", "500", "503"),
    *("html", "reset", "hang"),
)
HELD_SCOPES = "enrich:read inspect:read casebook private-intel:read profile response"


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """Lifetimes and intervals are seconds; the defaults are those of the real service.

    outcome: "ask" leaves the decision to a person on the page; "approve", "deny" and "expire"
    happen by themselves, `approve_after` seconds after the code was issued (at once without it).
    With "ask", setting `approve_after` approves if nobody decided earlier.
    """

    port: int = 0
    """TCP port on 127.0.0.1; 0 takes a free one."""
    interval: float | None = 1
    """Told to clients and enforced; None leaves it out and enforces 5 (RFC 8628 section 3.2)."""
    code_lifetime: float = 600
    token_lifetime: float = 600
    refresh_lifetime: float = 30 * 86400.0
    approve_after: float | None = None
    outcome: str = "ask"
    refresh: str = "rotate"
    """"rotate" replaces it at each use, "keep" lets it live on, "none" issues none."""
    held_scopes: str = HELD_SCOPES
    """What the demo analyst holds; a token gets the intersection with what was asked."""
    complete_uri: bool = True
    """Whether verification_uri_complete is in the answer."""
    token_size: int = 0
    """Pads access tokens to at least this many characters."""
    rate_limit_after: int | None = None
    """Token requests answered within `rate_limit_window`, then 429; None is Cisco's 8,000."""
    rate_limit_window: float = 3600
    faults: tuple[str, ...] = ()
    """What the next token requests meet, in order: see `FAULTS`; "429:2s" sets Retry-After."""
    refresh_faults: tuple[str, ...] = ()
    """The same for those that renew a token; others do not meet them."""
    clock_skew: float = 0
    """By how much the server's clock is ahead: in the Date header and in what it signs."""

    def __post_init__(self) -> None:
        """Raise ValueError for a choice that does not exist."""
        _check_choice("outcome", self.outcome, among=OUTCOMES)
        _check_choice("refresh", self.refresh, among=REFRESH_MODES)
        if self.port not in PORTS:
            raise ValueError(f"port is a number from 0 to {PORTS[-1]}, not {self.port}")
        for fault in (*self.faults, *self.refresh_faults):
            check_fault(fault)
        parse_scopes(self.held_scopes)


def check_fault(fault: str) -> None:
    """Raise ValueError unless `fault` is one that can be played, such as "503" or "429:3172s"."""
    _check_choice("fault", fault.partition(":")[0], among=FAULTS)


def _check_choice(name: str, value: str, *, among: tuple[str, ...]) -> None:
    if value not in among:
        raise ValueError(f"{name} is one of {', '.join(among)}, not {value}")

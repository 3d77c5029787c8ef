"""What can be set on the demo server."""

from dataclasses import dataclass
from typing import Final

OUTCOMES: Final = ("ask", "approve", "deny")
PORTS: Final = range(65536)


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """Durations are seconds; the defaults are those of the real service."""

    port: int = 0
    """TCP port on 127.0.0.1; 0 picks a free one."""
    interval: float = 1
    """Between two polls for a token, told to clients and enforced."""
    code_lifetime: float = 600
    token_lifetime: float = 600
    outcome: str = "ask"
    """Who decides: the user on the page ("ask"), or the demo analyst ("approve", "deny")."""
    approve_after: float | None = None
    """How long after a request the demo analyst decides. With "ask", it approves then."""

    def __post_init__(self) -> None:
        """Raise ValueError for a choice that does not exist."""
        if self.outcome not in OUTCOMES:
            raise ValueError(f"outcome must be one of {', '.join(OUTCOMES)}, not {self.outcome}")
        if self.port not in PORTS:
            raise ValueError(f"port must be from 0 to {PORTS[-1]}, not {self.port}")

    @property
    def automatic_decision(self) -> bool | None:
        """Whether the demo analyst approves; None leaves the decision to the user."""
        if self.outcome == "ask":
            return None if self.approve_after is None else True
        return self.outcome == "approve"

"""What can be set on a controlled server."""

from dataclasses import dataclass
from typing import Final

from desktop import demo

REFRESH_MODES: Final = ("rotate", "keep", "none")
CISCO_LIMIT: Final = 8000


@dataclass(frozen=True, slots=True)
class DemoOptions(demo.DemoOptions):
    """The options of the demo server and more; durations are seconds."""

    refresh: str = "rotate"
    """Refresh tokens are replaced when used ("rotate"), never ("keep"), or not issued ("none")."""
    token_size: int = 0
    """Pads access tokens to at least this many characters."""
    refresh_size: int = 0
    """Pads refresh tokens to at least this many characters."""
    clock_skew: float = 0
    """How far the server's clock is ahead: in the Date header and in what it signs."""
    rate_limit_after: int = CISCO_LIMIT
    """How many token requests within `rate_limit_window` are answered; then comes 429."""
    rate_limit_window: float = 3600
    faults: tuple[str, ...] = ()
    """What the next token requests meet, in order: see `faults.FAULTS`."""
    refresh_faults: tuple[str, ...] = ()
    """The same for those that renew a token; others do not meet them."""

    def __post_init__(self) -> None:
        """Raise ValueError for a choice that does not exist."""
        if self.refresh not in REFRESH_MODES:
            raise ValueError(f"refresh must be one of {', '.join(REFRESH_MODES)}")

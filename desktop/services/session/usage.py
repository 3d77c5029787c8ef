"""Whether somebody uses the token, and whether it may be renewed before the next use."""

import math
from dataclasses import field

from desktop.frozen import frozen
from desktop.oauth.clock import Clock, Moment
from desktop.oauth.model.quota import Quota
from desktop.services.model.settings import Settings

_QUOTA_WINDOW = 3600.0  # seconds; Cisco XDR counts the requests of the last hour


@frozen
class KnownQuota:
    """The quota that the server reported at a moment."""

    quota: Quota
    reported: Moment

    def seconds_low(self, clock: Clock) -> float:
        """Seconds for which it counts as low: after the quota's window nothing is known."""
        return max(0.0, _QUOTA_WINDOW - self.reported.elapsed(clock)) if self.quota.is_low else 0.0


@frozen
class Usage:
    """Who uses the token: the window shows it to somebody, or it was copied a while ago.

    `last_touched` is when somebody last showed the window, or used the mouse or a key in it.
    """

    settings: Settings = field(default_factory=Settings)
    in_sight: bool = False
    last_touched: Moment | None = None
    last_used: Moment | None = None
    known_quota: KnownQuota | None = None

    def seconds_left(self, clock: Clock) -> float:
        """Seconds for which it may be renewed before the next use; infinite without a known end.

        While the quota is low, a renewal waits for the next use.
        """
        if self.seconds_of_low_quota(clock):
            return 0.0
        if self.settings.keep_fresh or self._seconds_in_view(clock):
            return math.inf
        return self._seconds_after(self.last_used, clock)

    def seconds_of_low_quota(self, clock: Clock) -> float:
        """Seconds for which the quota counts as low."""
        return self.known_quota.seconds_low(clock) if self.known_quota else 0.0

    def seconds_to_change(self, clock: Clock) -> float:
        """Seconds until `seconds_left` begins or ends; 0 or infinite if it does not by itself."""
        low = self.seconds_of_low_quota(clock)
        if low or self.settings.keep_fresh:
            return low or math.inf
        return self._seconds_in_view(clock) or self._seconds_after(self.last_used, clock)

    def _seconds_in_view(self, clock: Clock) -> float:
        """Seconds for which the visible window counts as in use if nobody touches it again."""
        return self._seconds_after(self.last_touched, clock) if self.in_sight else 0.0

    def _seconds_after(self, use: Moment | None, clock: Clock) -> float:
        """Seconds for which a use at that moment still counts."""
        if use is None:
            return 0.0
        return max(0.0, self.settings.in_use_minutes * 60 - use.elapsed(clock))

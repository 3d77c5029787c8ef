"""The request quota of an organization."""

from desktop.frozen import frozen


@frozen
class Quota:
    """The requests that an organization may send in an hour, and how many of them are left."""

    limit: int
    remaining: int

    @property
    def is_low(self) -> bool:
        """Whether more than half of it is used."""
        return 2 * self.remaining < self.limit

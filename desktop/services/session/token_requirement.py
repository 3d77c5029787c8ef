"""What a caller requires of a token."""

from dataclasses import dataclass

RENEWAL_TIMEOUT = 6.0  # seconds that somebody who wants to use the token waits for a renewal


@dataclass(frozen=True, slots=True)
class TokenRequirement:
    """How long a token must stay valid, and how long to wait for a renewal, both in seconds.

    A token that is not valid for that long is renewed if possible: see `is_valid_for`.
    """

    validity: float = 0.0
    timeout: float = RENEWAL_TIMEOUT


ANY_VALID_TOKEN = TokenRequirement()

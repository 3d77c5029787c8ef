"""What the server remembers for a while."""

import secrets
from collections.abc import Callable
from typing import Final, Generic, TypeVar

MOST_VALUES: Final = 1000

Value = TypeVar("Value")


class ExpiringStore(Generic[Value]):
    """Values under keys that nobody can guess. Each expires; the oldest make room for new ones."""

    def __init__(self, clock: Callable[[], float], *, lifetime: float) -> None:
        """Start empty; `clock` gives seconds, and `lifetime` is in seconds."""
        self._clock = clock
        self._lifetime = lifetime
        self._kept: dict[str, tuple[Value, float]] = {}

    def add(self, value: Value) -> str:
        """Keep a value and return its key."""
        now = self._clock()
        self._kept = {key: kept for key, kept in self._kept.items() if now < kept[1]}
        while len(self._kept) >= MOST_VALUES:
            del self._kept[next(iter(self._kept))]
        key = secrets.token_urlsafe(32)
        self._kept[key] = (value, now + self._lifetime)
        return key

    def get(self, key: str) -> Value | None:
        """Return the value of a key unless it has expired."""
        value, expires_at = self._kept.get(key, (None, 0.0))
        return value if self._clock() < expires_at else None

    def pop(self, key: str) -> Value | None:
        """Remove a key and return its value unless it has expired."""
        value = self.get(key)
        self._kept.pop(key, None)
        return value

    def extend(self, key: str) -> None:
        """Let the lifetime of a value start again."""
        value, _ = self._kept[key]
        self._kept[key] = (value, self._clock() + self._lifetime)

    def live(self) -> dict[str, Value]:
        """Return a copy of what has not expired, oldest first."""
        now = self._clock()
        return {key: value for key, (value, expires_at) in self._kept.items() if now < expires_at}

"""Instants: whether a token has expired at one, and how one is written."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def is_expired(expires_at: datetime | None, at: datetime) -> bool:
    """Tell whether what ends at `expires_at` has ended at `at`; `None` means that it never ends."""
    return expires_at is not None and expires_at <= at


def format_instant(instant: datetime | None) -> str | None:
    """Write `instant` as RFC 3339 has it, in UTC and whole seconds; `None` stays `None`."""
    return None if instant is None else instant.astimezone(UTC).isoformat(timespec="seconds")

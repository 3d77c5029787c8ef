from datetime import UTC, datetime, timedelta, timezone

from desktop.services.model.instants import format_instant, is_expired

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_what_ends_at_an_instant_is_expired_from_then_on() -> None:
    assert not is_expired(NOON, NOON - timedelta(seconds=1))
    assert is_expired(NOON, NOON)


def test_what_has_no_end_never_expires() -> None:
    assert not is_expired(None, datetime.max.replace(tzinfo=UTC))


def test_an_instant_is_written_in_utc_and_whole_seconds() -> None:
    there = NOON.astimezone(timezone(timedelta(hours=2))).replace(microsecond=999_999)
    assert format_instant(there) == "2026-11-23T12:00:00+00:00"
    assert format_instant(None) is None

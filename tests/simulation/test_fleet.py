"""A small fleet on one quota: what the rules of renewing cost a server, counted."""

from dataclasses import replace

from tests.simulation.fleet import HOUR, Record, Shift, is_within, simulate_fleet

HOUR_OF_WORK = Shift(desktops=20, hours=1, lunch=None, outage=None)


def check(record: Record) -> None:
    assert record.crashes == []
    assert record.reused == 0
    assert record.anonymous == 20, "the endpoints of the server are looked up once"


def test_an_hour_of_work_costs_few_requests_and_nobody_is_without_a_token() -> None:
    record = simulate_fleet(HOUR_OF_WORK)
    check(record)
    assert record.copies > 20
    assert record.without_token == []
    # A desktop that is in use all the time renews six to seven times.
    assert len(record.requests) < 20 * 5


def test_a_small_quota_is_left_to_those_who_copy() -> None:
    shift = replace(HOUR_OF_WORK, limit=100, in_sight=1.0)
    record = simulate_fleet(shift)
    check(record)
    assert record.without_token == []
    assert record.refused == 0
    below_half = [each for each in record.automatic if each > record.requests[50]]
    assert len(below_half) <= 20, "each desktop learns it with its next answer"
    plenty = simulate_fleet(replace(shift, limit=8000))
    assert len([each for each in plenty.automatic if each > plenty.requests[50]]) > 40


def test_after_an_outage_whoever_copies_gets_a_token_at_once() -> None:
    shift = replace(HOUR_OF_WORK, outage=(0.4 * HOUR, 0.7 * HOUR))
    record = simulate_fleet(shift)
    check(record)
    assert record.without_token
    assert all(is_within(shift.outage, each) for each in record.without_token)

"""A fleet on one quota: eight hours of 1,000 and of 200 desktops, in virtual time.

What is real and what is a model: `tests/simulation/fleet.py`. The figures do not depend on the
machine's speed.
"""

import logging

from benchmarks.report import Measurement
from tests.simulation.fleet import HOUR, LIMIT, Record, Shift, is_within, simulate_fleet

_FLEETS = {
    "1000 desktops": Shift(),
    "200 desktops": Shift(desktops=200),
    "1000, all in sight": Shift(in_sight=1.0),
}
_WINDOW = 5  # minutes: in one minute there are so few requests that chance alone makes a peak


def measure(_python: str, _runs: int) -> list[Measurement]:
    """Simulate each fleet once; the same seed gives the same figures."""
    logging.disable(logging.WARNING)  # hundreds of thousands of lines
    found: list[Measurement] = []
    for name, shift in _FLEETS.items():
        record = simulate_fleet(shift)
        print(f"{name}: requests in each hour: {_hours(shift, record)}", flush=True)
        found += [
            Measurement(f"{name}: {figure}", unit, value, None, None, goal, 1)
            for figure, unit, value, goal in _figures(shift, record)
        ]
    return found


def _hours(shift: Shift, record: Record) -> str:
    hours = [
        sum(record.per_minute(record.requests, hour * HOUR, (hour + 1) * HOUR))
        for hour in range(round(shift.hours))
    ]
    return ", ".join(f"{each} ({each / LIMIT:.0%})" for each in hours)


def _figures(shift: Shift, record: Record) -> list[tuple[str, str, float, float]]:
    """Collect names, units, values and goals; without a goal it is infinite."""
    anything = float("inf")
    begin, end = shift.outage or (0.0, 0.0)
    before = record.per_minute(record.requests, begin - HOUR, begin)
    after = record.per_minute(record.requests, end, end + HOUR)
    automatic = record.per_minute(record.automatic, end, end + HOUR)
    refused = sum(is_within((begin, end), each) for each in record.without_token)
    return [
        ("most in an hour, % of quota", "%", 100 * record.most_in_an_hour / shift.limit, 50),
        ("refused for the quota", "", record.refused, 0),
        ("refresh tokens used twice", "", record.reused, 0),
        ("copies", "", record.copies, anything),
        ("without a token", "", len(record.without_token) - refused, 0),
        ("without, in the outage", "", refused, anything),
        ("peak minute to mean, before", "x", max(before) / _mean(before), anything),
        ("peak minute to mean, after", "x", max(after) / _mean(after), anything),
        ("peak 5 min to mean, before", "x", peak_to_mean(before), anything),
        ("peak 5 min to mean, after", "x", peak_to_mean(after), 1.3),
        ("automatic only, after", "x", peak_to_mean(automatic), 1.3),
        ("mean after to mean before", "x", _mean(after) / _mean(before), anything),
    ]


def peak_to_mean(minutes: list[int]) -> float:
    """Compare the busiest minutes in a row with the mean of all."""
    starts = range(len(minutes) - _WINDOW + 1)
    return max(_mean(minutes[start : start + _WINDOW]) for start in starts) / _mean(minutes)


def _mean(counts: list[int]) -> float:
    return max(sum(counts), 1) / len(counts)

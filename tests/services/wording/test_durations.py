"""Durations and countdowns as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.services.wording.durations import format_countdown, format_duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "1 second"),
        (0.2, "1 second"),
        (1, "1 second"),
        (45, "45 seconds"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (3172, "53 minutes"),
        (7199, "120 minutes"),
        (7200, "2 hours"),
        (86400, "24 hours"),
    ],
)
def test_a_duration_is_formatted(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0:00"),
        (0, "0:00"),
        (0.001, "0:01"),
        (9, "0:09"),
        (60, "1:00"),
        (581, "9:41"),
        (3599.5, "1:00:00"),
        (3723, "1:02:03"),
    ],
)
def test_a_countdown_is_formatted(seconds: float, text: str) -> None:
    assert format_countdown(seconds) == text


@given(st.floats(0.001, 1e8))
def test_a_countdown_reaches_zero_only_when_it_is_over(seconds: float) -> None:
    assert format_countdown(seconds) != "0:00"

"""Durations, numbers, times and lists."""

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.services.wording.formats import (
    format_countdown,
    format_date,
    format_duration,
    format_list,
    format_time,
    join_sentences,
    with_label,
    with_title,
)
from tests.pseudo_language import real_language

NOON = datetime(2026, 11, 23, 12, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "1 second"),
        (0.2, "1 second"),
        (1, "1 second"),
        (45, "45 seconds"),
        (59.6, "1 minute"),
        (60, "1 minute"),
        (80, "80 seconds"),
        (90, "2 minutes"),
        (119, "2 minutes"),
        (120, "2 minutes"),
        (3172, "53 minutes"),
        (3599, "1 hour"),
        (4800, "80 minutes"),
        (7199, "2 hours"),
        (7200, "2 hours"),
        (86400, "1 day"),
        (100000, "28 hours"),
        (200000, "2 days"),
    ],
)
def test_a_duration_is_rounded_as_people_do(seconds: float, words: str) -> None:
    assert format_duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
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
def test_a_countdown_has_minutes_and_seconds(seconds: float, words: str) -> None:
    assert format_countdown(seconds) == words


@given(st.floats(0.001, 1e8))
def test_a_countdown_reaches_zero_only_when_it_is_over(seconds: float) -> None:
    assert format_countdown(seconds) != "0:00"


@given(st.floats(0.001, 1e8))
def test_a_duration_never_counts_a_whole_larger_unit(seconds: float) -> None:
    count, unit = format_duration(seconds).split()
    limit = {"second": 90, "minute": 90, "hour": 36}.get(unit.rstrip("s"), 10**9)
    assert 1 <= int(count) < limit
    assert unit.endswith("s") == (int(count) != 1)


def test_a_time_has_its_day_only_where_it_is_another_one() -> None:
    local = NOON.astimezone()
    assert format_time(NOON, now=NOON) == f"{local:%H:%M}"
    later = NOON + timedelta(days=30)
    assert format_date(later) == "23 December"
    assert format_time(later, now=NOON) == f"{later.astimezone():%H:%M} on 23 December"


@pytest.mark.parametrize(
    ("code", "first", "second"),
    [
        ("", "1 January", "2 January"),
        ("de", "1. Januar", "2. Januar"),
        ("fr", "1er janvier", "2 janvier"),
        ("pt_BR", "1º de janeiro", "2 de janeiro"),
    ],
)
def test_the_first_day_of_a_month_is_an_ordinal_where_the_language_wants_it(
    code: str, first: str, second: str
) -> None:
    day = datetime(2027, 1, 1, 12, tzinfo=UTC)
    with real_language(code) if code else nullcontext():
        assert format_date(day) == first
        assert format_date(day + timedelta(days=1)) == second


@pytest.mark.parametrize("days", [-300, 300, 3650])
def test_a_time_far_away_has_its_year(days: int) -> None:
    later = NOON + timedelta(days=days)
    words = f"{later.astimezone():%H:%M} on {format_date(later)} {later.year}"
    assert format_time(later, now=NOON) == words


@pytest.mark.parametrize(
    ("items", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_a_list_reads_as_in_a_sentence(items: list[str], text: str) -> None:
    assert format_list(items) == text


JAPANESE = {
    "{sentence} {next_sentence}": "{sentence}{next_sentence}",
    "{title}. {text}": "{title}。{text}",
}


def test_sentences_have_a_space_between_them_and_empty_ones_are_left_out() -> None:
    assert join_sentences("Signed out.", "", "Try {again}.") == "Signed out. Try {again}."
    assert join_sentences("", "Signed out.") == "Signed out."
    assert join_sentences() == ""


def test_a_title_ends_with_a_full_stop_before_its_text() -> None:
    assert with_title("No connection", "Try again.") == "No connection. Try again."
    assert with_title("No connection", "") == "No connection."


def test_sentences_are_joined_as_the_language_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop.services.wording.formats.translate", JAPANESE.__getitem__)
    assert join_sentences("署名済み。", "再試行。", "終了。") == "署名済み。再試行。終了。"
    assert with_title("接続なし", "再試行。") == "接続なし。再試行。"
    assert with_title("接続なし", "") == "接続なし。"


def test_a_label_has_the_colon_of_the_language() -> None:
    assert with_label("Server", "") == "Server:"
    with real_language("fr"):
        assert with_label("Serveur", "introuvable") == "Serveur\N{NO-BREAK SPACE}: introuvable"

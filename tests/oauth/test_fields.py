import math
from typing import Any

import pytest
from hypothesis import given

from desktop.oauth.addresses import has_hidden_characters
from desktop.oauth.fields import LONGEST_DURATION, seconds, string_list, text, word_list
from tests.oauth.harness import any_json, fuzzed

Value = Any


def test_a_string_is_returned_unchanged() -> None:
    assert text({"a": " b "}, "a") == " b "


def test_a_text_is_looked_for_under_every_name_in_turn() -> None:
    assert text({"b": "2", "c": "3"}, "a", "b", "c") == "2"


def test_a_useless_text_does_not_hide_a_good_one() -> None:
    assert text({"a": "", "b": None, "c": "3"}, "a", "b", "c") == "3"


@pytest.mark.parametrize("value", [None, "", "  \n", 5, 0.5, True, [], ["a"], {}, "a\ud800"])
def test_anything_but_a_string_counts_as_absent(value: Value) -> None:
    assert text({"a": value}, "a") is None


def test_an_absent_text_is_none() -> None:
    assert text({}, "a") is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, 5.0),
        (0, 0.0),
        (-5, -5.0),
        (1.5, 1.5),
        ("5", 5.0),
        (" 5.5 ", 5.5),
        ("-1", -1.0),
        (1e300, LONGEST_DURATION),
        (-1e300, -LONGEST_DURATION),
        (10**30, LONGEST_DURATION),
        (math.inf, LONGEST_DURATION),
        ("Infinity", LONGEST_DURATION),
        ("9" * 5000, LONGEST_DURATION),
    ],
)
def test_seconds_come_as_numbers_or_as_text(value: Value, expected: float) -> None:
    assert seconds({"a": value}, "a") == expected


@pytest.mark.parametrize(
    "value", [None, "", "soon", "5s", "0x5", True, False, math.nan, "nan", [5], {}, 10**400]
)
def test_anything_but_a_number_counts_as_absent(value: Value) -> None:
    assert seconds({"a": value}, "a") is None


def test_seconds_are_looked_for_under_every_name_in_turn() -> None:
    assert seconds({"a": "soon", "b": None, "c": 3}, "a", "b", "c") == 3.0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a b", ("a", "b")),
        ("repo,read:org, user", ("repo", "read:org", "user")),
        ("  a\t\n b ", ("a", "b")),
        ("b a b", ("b", "a")),
        ("", ()),
        (" , ", ()),
        (["a", "b c"], ("a", "b", "c")),
        (["a", 1, None, ["b"]], ("a",)),
        ([], ()),
        ("private-intel/incident:write", ("private-intel/incident:write",)),
    ],
)
def test_words_are_split_at_spaces_and_commas(value: Value, expected: tuple[str, ...]) -> None:
    assert string_list({"a": value}, "a") == expected


@pytest.mark.parametrize("value", [None, 5, True, {"a": "b"}])
def test_a_list_without_words_counts_as_absent(value: Value) -> None:
    assert string_list({"a": value}, "a") is None


def test_hidden_characters_in_words_separate_them() -> None:
    assert string_list({"a": "read\u202eetirw\0 \ud800x"}, "a") == ("read", "etirw", "x")


@pytest.mark.parametrize("word", ["w", "word" * 5000])
def test_of_many_words_none_is_cut(word: str) -> None:
    words = tuple(f"{word}{number}" for number in range(5000))
    read = string_list({"a": " ".join(words)}, "a") or ()
    assert 3 <= len(read) <= 2000
    assert read == words[: len(read)]
    assert word_list({"a": " ".join(words)}, "a") == words


@fuzzed
@given(any_json)
def test_no_value_breaks_a_reader(value: Value) -> None:
    found = {"a": value}
    read = text(found, "a")
    assert read is None or read.encode()
    number = seconds(found, "a")
    assert number is None or abs(number) <= LONGEST_DURATION
    assert not any(has_hidden_characters(word) for word in string_list(found, "a") or ())

"""Tolerant readers of one member of an answer.

Each takes the whole object and the possible names of the member, and returns a value of one type or
`None`. Numbers may come as strings; unknown, null and wrongly typed members count as absent.
"""

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate, islice, takewhile

Members = Mapping[str, object]

# Longer than any real duration, short enough that no arithmetic on dates overflows.
LONGEST_DURATION = 10 * 365 * 86400.0
# JSON can contain half of a surrogate pair, which can neither be sent nor stored.
_HALF_A_CHARACTER = re.compile(r"[\ud800-\udfff]")


def text(members: Members, *names: str) -> str | None:
    """Return the first non-empty string under `names`."""
    for name in names:
        value = members.get(name)
        if isinstance(value, str) and value.strip() and not _HALF_A_CHARACTER.search(value):
            return value
    return None


def seconds(members: Members, *names: str) -> float | None:
    """Return the first number under `names` as seconds, at most ten years; may be negative."""
    for name in names:
        value = members.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            continue
        number = _number(value)
        if number is not None:
            return number
    return None


_LATEST = 32503680000.0  # the year 3000; later ones would overflow in a calculation


def instant(members: Members, name: str) -> datetime | None:
    """Read seconds since 1970 (RFC 7519 section 2) as an aware instant in UTC."""
    value = members.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return datetime.fromtimestamp(value, UTC) if 0 <= value <= _LATEST else None


_LONGEST_LIST = 65_536  # characters; far more than any provider grants
_MOST_WORDS = 2000
# What certainly does not separate words, so that most texts need no closer look.
_NOT_PLAIN = re.compile(r"[^!-+\--~]+")


def word_list(members: Members, name: str) -> tuple[str, ...] | None:
    """Read all words of a list such as scopes: split at spaces and commas, or a JSON array.

    RFC 6749 section 3.3 says spaces; GitHub sends commas. The words may be shown to the user, so
    control and bidirectional characters separate them too. Without repeats.
    """
    value = members.get(name)
    if isinstance(value, list):
        value = " ".join(item for item in value if isinstance(item, str))
    if not isinstance(value, str):
        return None
    visible = _NOT_PLAIN.sub(lambda found: "".join(map(_blank_if_separator, found[0])), value)
    return tuple(dict.fromkeys(visible.split()))


def string_list(members: Members, name: str) -> tuple[str, ...] | None:
    """Read a list of words as `word_list` does, up to what is sensible to show."""
    words = word_list(members, name)
    return None if words is None else first_words(words)


def first_words(words: Sequence[str]) -> tuple[str, ...]:
    """Return as many of `words` as are sensible to show, none of them cut."""
    lengths = accumulate(len(word) + 1 for word in words)
    fitting = takewhile(lambda pair: pair[1] <= _LONGEST_LIST, zip(words, lengths, strict=True))
    return tuple(word for word, _ in islice(fitting, _MOST_WORDS))


def _blank_if_separator(character: str) -> str:
    separates = character == "," or unicodedata.category(character)[0] in "CZ"
    return " " if separates else character


def _number(value: float | str) -> float | None:
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    if math.isnan(number):
        return None
    return max(-LONGEST_DURATION, min(number, LONGEST_DURATION))

"""Tolerant readers of one member of an answer.

Each takes the whole object and the possible names of the member, and returns a value of one type or
`None`. Numbers may come as strings; unknown, null and wrongly typed members count as absent.
"""

import math
import re
import unicodedata
from collections.abc import Mapping

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


# Far more than any provider grants; each word becomes something on screen.
_LONGEST_LIST = 8192  # characters
_MOST_WORDS = 200


def string_list(members: Members, name: str) -> tuple[str, ...] | None:
    """Read a list such as scopes: split at spaces and commas, or a JSON array; without repeats.

    RFC 6749 section 3.3 says spaces; GitHub sends commas. The words are shown to the user, so
    control and bidirectional characters separate them too.
    """
    value = members.get(name)
    if isinstance(value, list):
        value = " ".join(item for item in value if isinstance(item, str))
    if not isinstance(value, str):
        return None
    value = value[:_LONGEST_LIST]
    visible = (" " if c == "," or unicodedata.category(c)[0] in "CZ" else c for c in value)
    return tuple(dict.fromkeys("".join(visible).split()))[:_MOST_WORDS]


def _number(value: float | str) -> float | None:
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    if math.isnan(number):
        return None
    return max(-LONGEST_DURATION, min(number, LONGEST_DURATION))

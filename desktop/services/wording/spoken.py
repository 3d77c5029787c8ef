"""Texts for those who listen: a code letter by letter, and the time that is left, now and then."""

from __future__ import annotations

from desktop.services.system.translation import translatable, translate
from desktop.services.wording.formats import format_values

# When a countdown is read out, in seconds. A clock that is read out every second is only noise.
_SPOKEN_MARKS = (
    (30, translatable("30 seconds left")),
    (60, translatable("1 minute left")),
    (300, translatable("5 minutes left")),
)
_SPOKEN_SEPARATORS = {
    "-": translatable("dash"),
    " ": translatable("space"),
    ".": translatable("dot"),
    "_": translatable("underscore"),
}


def spoken_code(user_code: str) -> str:
    """The code letter by letter, for a screen reader."""
    return format_values(
        translate(_SPOKEN_SEPARATORS[character]) if character in _SPOKEN_SEPARATORS else character
        for character in user_code
    )


def spoken_mark(before: float | None, after: float | None) -> str:
    """What a screen reader says when a countdown goes from `before` to `after` seconds.

    The end has texts of its own. A countdown that jumped, as after sleep, is announced at the mark
    where it is now.
    """
    if before is None or after is None or after == 0:
        return ""
    for mark, text in _SPOKEN_MARKS:
        if after <= mark < before:
            return translate(text)
    return ""

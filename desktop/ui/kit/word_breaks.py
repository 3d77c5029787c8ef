"""Places where a narrow window may break a word that is longer than it is wide."""

import re

_LONGEST = 36  # characters that fit the narrowest window: a trace id, which may be copied, is whole


def breakable(text: str, *, longest: int = _LONGEST) -> str:
    """`text` with such places in words of more than `longest` characters.

    Nothing may push its own end, or anything beside it, out of sight: a host is told from a
    lookalike by its end.
    """
    if len(text) <= longest:
        return text
    return re.sub(
        rf"\S{{{longest + 1},}}",
        lambda word: re.sub(r"[^\W_]{12}(?=\S)|[\W_](?=\S)", "\\g<0>\N{ZERO WIDTH SPACE}", word[0]),
        text,
    )

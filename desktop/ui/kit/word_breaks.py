"""Line breaks in words that are too long for a narrow window."""

import re

_LONGEST = (
    36  # characters that fit the narrowest window; a trace id, which people copy, has no breaks
)
# Japanese has no spaces, and Qt already breaks its lines where they may end.
_IN_WORD = r"[^\s\u3000-\u9fff\uf900-\ufaff\uff00-\uffef]"


def breakable(text: str) -> str:
    """Allow line breaks in words that do not fit the narrowest window.

    Otherwise the end of a long word would not be visible, and only the end of a host tells it from
    a lookalike.
    """
    if len(text) <= _LONGEST:
        return text
    return re.sub(
        rf"{_IN_WORD}{{{_LONGEST + 1},}}",
        lambda word: re.sub(r"[^\W_]{12}(?=\S)|[\W_](?=\S)", "\\g<0>\N{ZERO WIDTH SPACE}", word[0]),
        text,
    )


def unbroken(text: str) -> str:
    """Return `text` without the breaks, as screen readers should read it."""
    return text.replace("\N{ZERO WIDTH SPACE}", "").replace("\N{NON-BREAKING HYPHEN}", "-")


def kept_together(code: str) -> str:
    """Return a user code as it is shown within a text: a line never ends within it."""
    return code.replace("-", "\N{NON-BREAKING HYPHEN}")

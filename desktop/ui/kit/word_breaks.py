"""Line breaks in words that are too long for a narrow window."""

import re

_LONGEST = (
    36  # characters that fit the narrowest window; a trace id, which people copy, has no breaks
)
# Japanese has no spaces, and Qt already breaks its lines where they may end.
_IN_WORD = r"[^\s\u3000-\u9fff\uf900-\ufaff\uff00-\uffef]"

# What is kept whole, before what a line may end after: "2.36" and our own name, but no row of them.
_WHOLE = r"(?:\d{1,3}\.){1,3}\d{1,3}(?!\w|\.\d)|xdr-login(?!\w)"
_BREAK = rf"{_WHOLE}|([^\W_]{{12}}(?=\S)|[\W_](?=\S))"


def breakable(text: str) -> str:
    """Allow line breaks in words that do not fit the narrowest window.

    Otherwise the end of a long word would not be visible, and only the end of a host tells it from
    a lookalike.
    """
    if len(text) <= _LONGEST:
        return text
    return re.sub(
        rf"{_IN_WORD}{{{_LONGEST + 1},}}",
        lambda word: re.sub(
            _BREAK, lambda part: f"{part[0]}\N{ZERO WIDTH SPACE}" if part[1] else part[0], word[0]
        ),
        text,
    )


def with_whole_name(text: str) -> str:
    """Forbid a line break in our own name, as in a path or a command."""
    return text.replace("xdr-login", "xdr-\N{WORD JOINER}login")


def unbroken(text: str) -> str:
    """Return `text` without the breaks, as screen readers should read it."""
    for mark in ("\N{ZERO WIDTH SPACE}", "\N{WORD JOINER}"):
        text = text.replace(mark, "")
    return text.replace("\N{NON-BREAKING HYPHEN}", "-")


def kept_together(code: str) -> str:
    """Return a user code as it is shown within a text: a line never ends within it."""
    return code.replace("-", "\N{NON-BREAKING HYPHEN}")

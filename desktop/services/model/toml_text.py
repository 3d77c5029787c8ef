"""Reading TOML that may be damaged or hostile, in time that grows with its length only."""

from __future__ import annotations

import re
import tomllib

from desktop.services.system.translation import translatable, translate

LARGEST_TOML = 512 * 1024
"""Bytes of a file. A profile has some hundred."""
MOST_KEY_PARTS = 32
"""Of a name with n parts tomllib keeps n * n: a hundred kilobytes would take gigabytes."""
# tomlkit takes 3 seconds for 8 kB of keys with 8 parts, and twice as long with each further part.
_LARGEST_EDITABLE = 64 * 1024  # characters
_MOST_EDITABLE_PARTS = 4
_LARGEST_INTEGER = 2**63 - 1  # TOML 1.0.0: 64 bits
_TOO_MANY_DIGITS = translatable("a number has too many digits")
_BACKSLASHES = translatable(
    "{error}. In double quotes a backslash has a special meaning. Put the value in single quotes, "
    "such as 'C:\\certificates\\northwind.pem'"
)
# What tomllib says of a backslash that begins no escape sequence.
_ESCAPE_ERRORS = ("Unescaped '\\' in a string", "Invalid hex value", "Escaped character is not")


class UnreadableToml(ValueError):
    """A text that is not TOML, or more than is read; its own text is for people."""


def parse_toml(text: str) -> dict[str, object]:
    """Parse `text`; raises `UnreadableToml`."""
    if len(text) > LARGEST_TOML:
        raise UnreadableToml(
            translate("the text is larger than {size} kB", size=LARGEST_TOML // 1000)
        )
    if count_key_parts(text) > MOST_KEY_PARTS:
        raise UnreadableToml(translate("a key has too many parts"))
    try:
        document = tomllib.loads(text)
    except RecursionError as error:
        raise UnreadableToml(translate("the text is nested too deeply")) from error
    except ValueError as error:  # TOMLDecodeError is one; so is an integer of 5,000 digits
        raise UnreadableToml(_describe(error)) from error
    require_small_integers(document)
    return document


def require_editable(text: str) -> None:
    """Reject what tomlkit would take very long for; raise `UnreadableToml`."""
    if len(text) > _LARGEST_EDITABLE or count_key_parts(text) > _MOST_EDITABLE_PARTS:
        raise UnreadableToml(translate("the text is too large, or its keys have too many parts"))


def require_small_integers(document: object) -> None:
    """Reject integers of more than 64 bits, which cannot even be shown; raise `UnreadableToml`."""
    waiting, seen = [document], set[int]()
    while waiting:
        value = waiting.pop()
        if id(value) in seen:  # in a property list, a value may be in several places
            continue
        if isinstance(value, (dict, list)):
            seen.add(id(value))
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, int) and not -_LARGEST_INTEGER <= value + 1 <= _LARGEST_INTEGER + 1:
            raise UnreadableToml(translate(_TOO_MANY_DIGITS))


def count_key_parts(text: str) -> int:
    """Count the parts of the longest dotted key, up to where the text stops being TOML."""
    most = dots = 0
    for token in _TOKEN.finditer(text):
        match token[0][0]:
            case "#" | '"' | "'":
                pass  # a part of a key, a value, or a comment
            case ".":
                dots += 1
                most = max(most, dots)
                if most > MOST_KEY_PARTS:
                    break
            case _:
                dots = 0
    return most + 1


# Comments, the four kinds of strings, and what separates keys. A string that does not end is none.
# WORKAROUND: https://github.com/python/cpython/issues/100061: before Python 3.11.5, a possessive
# group with a negative lookahead matches too much; these need none, because nothing else fits.
_TOKEN = re.compile(
    r"""
    \#[^\n]*+
    | \"{3}(?:[^"\\]++|\\.|"(?!""))*"{3,5}+
    | '{3}(?:[^']++|'(?!''))*'{3,5}+
    | "(?:[^"\\\n]++|\\[^\n])*"?
    | '[^'\n]*+'?
    | [.=,{}\[\]\n]
    """,
    re.VERBOSE | re.DOTALL,
)


def _describe(error: ValueError) -> str:
    if not isinstance(error, tomllib.TOMLDecodeError):  # of Python's int()
        return translate(_TOO_MANY_DIGITS)
    said = str(error)
    return translate(_BACKSLASHES, error=said) if said.startswith(_ESCAPE_ERRORS) else said

"""The ways in which a text can be written, so that a secret is found in all of them.

Compared are letters and digits only, in lower case: punctuation is encoded in many ways, and
spaces, line breaks and hidden characters can split a word. Every step is linear in the text.
"""

import base64
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from urllib.parse import quote, quote_plus

from desktop.frozen import frozen

# Percent-encoding, also as JavaScript's escape(), the escapes of JSON, JavaScript, Python and C,
# bytes in hexadecimal, HTML's entities, and its tags without attributes, such as <wbr>.
_ESCAPE = re.compile(
    r"(?:%[89A-Fa-f][0-9A-Fa-f])+|%[0-7][0-9A-Fa-f]|%u[0-9A-Fa-f]{4}"
    r"|\\u[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}"
    r"|\\u\{[0-9A-Fa-f]{1,6}\}|\\U[0-9A-Fa-f]{8}"
    r"|\\x[0-9A-Fa-f]{2}|\\[0-3][0-7]{2}|\\[bfnrt\"'/\\]|0x[0-9A-Fa-f]{2}(?![0-9A-Fa-f])"
    r"|&(?:#[0-9]{1,16}|#[xX][0-9A-Fa-f]{1,16}|[A-Za-z][A-Za-z0-9]{1,31});?"
    r"|</?[A-Za-z][A-Za-z0-9]{0,15} ?/?>"
)
_LONGEST_ENCODED = 4096  # characters
_MOST_LAYERS = 3  # such as percent-encoded twice, in JSON
# What is neither a letter nor a digit, and the letters that are blank.
_PUNCTUATION = r"[\W_\u115f\u1160\u3164\uffa0]+"
# The same for bytes of ASCII, where this takes a tenth of the time.
_LOWER = bytes(range(256)).lower()
_ASCII_PUNCTUATION = bytes(each for each in range(128) if not chr(each).isalnum())
_ASCII_BLANKS = bytes((*range(0x21), 0x7F))
_BLANKS = {"\u115f", "\u1160", "\u3164", "\uffa0"}


@frozen
class Located:
    """A text, and where in the original text each of its characters begins and ends."""

    text: str
    spans: list[tuple[int, int]]


def letters_of(text: str) -> str:
    """Return the letters and digits of `text` in lower case, without accents."""
    if text.isascii():
        return text.encode("ascii").translate(_LOWER, _ASCII_PUNCTUATION).decode("ascii")
    return re.sub(_PUNCTUATION, "", _folded(text))


def visible_of(text: str) -> str:
    """Return `text` in lower case, without accents, spaces and hidden characters."""
    if text.isascii():
        return text.encode("ascii").translate(_LOWER, _ASCII_BLANKS).decode("ascii")
    return "".join(filter(_is_visible, _folded(text)))


def layers(text: str) -> Iterator[str]:
    """Yield `text`, and what it says after each layer of encoding is undone."""
    yield text
    for _ in range(_MOST_LAYERS):
        inner = _ESCAPE.sub(lambda escape: _unescaped(escape[0]), text)
        if inner == text:
            return
        yield inner
        text = inner


def located_layers(text: str) -> Iterator[Located]:
    """Yield what `layers` yields, with the positions in `text`."""
    outer = Located(text, [(at, at + 1) for at in range(len(text))])
    yield outer
    for _ in range(_MOST_LAYERS):
        inner = _unescape(outer)
        if inner.text == outer.text:
            return
        yield inner
        outer = inner


def located_letters(layer: Located) -> Located:
    """Reduce `layer` as `letters_of` reduces a text."""
    return _reduced(layer, letters_of)


def located_visible(layer: Located) -> Located:
    """Reduce `layer` as `visible_of` reduces a text."""
    return _reduced(layer, visible_of)


def spellings_of(secret: str) -> Iterator[str]:
    """Yield `secret` as it is and in the encodings that a program may use for it.

    The pieces of Base64 are those that do not depend on what stands before and after the secret,
    as the client ID does in HTTP Basic authentication. Of a very long secret only both ends are
    encoded.
    """
    yield from layers(secret)
    yield secret[::-1]
    parts = (secret,) if len(secret) <= 2 * _LONGEST_ENCODED else _ends(secret)
    for part in parts:
        # RFC 6749 section 2.3.1: both parts of Basic credentials are form-encoded first.
        for spelling in dict.fromkeys((part, quote(part, safe=""), quote_plus(part))):
            yield from _encodings(spelling.encode("utf-8", "replace"))
        yield base64.b32encode(part.encode("utf-8", "replace")).decode("ascii")
        # As Windows and .NET write bytes of text.
        yield from _encodings(part.encode("utf-16-le", "replace"))
        raw = part.encode("utf-8", "replace")
        yield "".join(map(str, raw))  # a list of numbers, whose punctuation doesn't count
        yield from _base64_twice(raw)


def _ends(secret: str) -> tuple[str, str]:
    return secret[:_LONGEST_ENCODED], secret[-_LONGEST_ENCODED:]


def _encodings(raw: bytes) -> Iterator[str]:
    yield raw.hex()
    for start, end, encoded in _base64_of(raw):
        yield encoded[start:]
        yield encoded[start:end]


def _base64_of(raw: bytes) -> Iterator[tuple[int, int, str]]:
    """Yield Base64 with `raw` in each position, and where the part begins and ends that is fixed.

    The rest depends on what stands before and after `raw`.
    """
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw).decode("ascii")
        yield -(-before * 8 // 6), (before + len(raw)) * 8 // 6, encoded


def _base64_twice(raw: bytes) -> Iterator[str]:
    for start, end, encoded in _base64_of(raw):
        for outer_start, outer_end, outer in _base64_of(encoded[start:end].encode("ascii")):
            yield outer[outer_start:outer_end]


def _reduced(layer: Located, reduce: Callable[[str], str]) -> Located:
    known: dict[str, str] = {}
    pieces, spans = [], []
    for character, span in zip(layer.text, layer.spans, strict=True):
        if character not in known:
            known[character] = reduce(character)
        if reduced := known[character]:
            pieces.append(reduced)
            spans.extend([span] * len(reduced))
    return Located("".join(pieces), spans)


def _unescape(layer: Located) -> Located:
    pieces, spans, end = [], [], 0
    for escape in _ESCAPE.finditer(layer.text):
        start = escape.start()
        inner = _unescaped(escape[0])
        pieces += [layer.text[end:start], inner]
        spans += layer.spans[end:start]
        end = escape.end()
        spans += [(layer.spans[start][0], layer.spans[end - 1][1])] * len(inner)
    return Located("".join((*pieces, layer.text[end:])), spans + layer.spans[end:])


def _unescaped(escape: str) -> str:
    if escape[:2] in {"\\U", "0x", "%u"} or escape[2:3] == "{":
        return _character(int(escape[2:].strip("{}"), 16))
    if escape[0] == "%":
        return bytes.fromhex(escape.replace("%", "")).decode("utf-8", "replace")
    if escape[0] in "&<":
        return _entity(escape) if escape[0] == "&" else ""
    if escape[1] in "ux":
        units = re.findall(r"[0-9A-Fa-f]{2,4}", escape)
        return b"".join(int(unit, 16).to_bytes(2) for unit in units).decode("utf-16-be", "replace")
    if escape[1].isdigit():
        return _character(int(escape[1:], 8))
    return " " if escape[1].isalpha() else escape[1]


def _entity(escape: str) -> str:
    import html  # slow to load, and few answers have one

    return html.unescape(escape)


def _character(number: int) -> str:
    return chr(number) if number <= sys.maxunicode else "\ufffd"


def _folded(text: str) -> str:
    # Accents don't count, and to put many of them in order takes time that grows with their square.
    plain = "".join(each for each in text if not _is_mark(each))
    # Composed and decomposed letters, full-width ones and other variants are written alike.
    return unicodedata.normalize("NFKD", plain).casefold()


@lru_cache(1024)
def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M"


@lru_cache(1024)
def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] not in "CZM" and character not in _BLANKS

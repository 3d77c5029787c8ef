"""Texts in the language of the user.

As in gettext, the English text of a message is its key. English needs no catalog, so nothing is
loaded for it.
"""

from __future__ import annotations

from .language import is_right_to_left, load_catalog

TYPE_CHECKING = False  # `typing` is slow to load
if TYPE_CHECKING:
    from collections.abc import Mapping

ISOLATE, END_OF_ISOLATE = "\u2068", "\u2069"
"""The marks around values and what people type in texts from right to left, which compiling adds
(Unicode Standard Annex 9: FSI and PDI)."""
_LEFT_TO_RIGHT = "\u200e"
_OTHER_MARKS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067"  # which no text of ours has
_RIGHT_TO_LEFT = (  # the blocks of these scripts
    *(("\u0590", "\u08ff"), ("\ufb1d", "\ufdff"), ("\ufe70", "\ufeff")),
    *(("\U00010800", "\U00010fff"), ("\U0001e800", "\U0001efff")),
)


def translate(message: str, /, **values: object) -> str:
    """Translate `message`, with `values` in place of its `{names}`."""
    catalog = load_catalog()
    if catalog is None:
        return _fill(message, values) if values else message
    # The translation of an empty text is the header of the catalog.
    text = catalog.find(message) if message else message
    return _fill(text, values) if values else text


def translate_plural(singular: str, plural: str, count: int, /, **values: object) -> str:
    """Translate the form that fits `count`, which is also the value of `{count}`."""
    catalog = load_catalog()
    if catalog is None:
        text = singular if count == 1 else plural
    else:
        text = catalog.find_plural(singular, plural, count)
    return _fill(text, {"count": count, **values})


def translatable(message: str) -> str:
    """Mark a message that is translated later, such as one in a table."""
    return message


def isolated(value: str) -> str:
    """Let `value`, such as an address or a shortcut, keep its direction in a mirrored text."""
    return f"{ISOLATE}{value}{END_OF_ISOLATE}" if is_right_to_left() else value


def contained(value: str) -> str:
    """Let `value`, such as a name, change neither the direction nor the order of what is around it.

    An Arabic name in an English text would move the numbers next to it. In texts from right to left
    all values have marks already, which those in a value could end.
    """
    if value.isascii():
        return value
    if not value.isprintable():
        value = _balanced(value)
    if _has_letters_from_right_to_left(value) and not is_right_to_left():
        return f"{ISOLATE}{value}{END_OF_ISOLATE}"
    return value


def without_isolates(text: str) -> str:
    """Remove the marks, for what programs read and people copy."""
    return text.replace(ISOLATE, "").replace(END_OF_ISOLATE, "")


def for_terminal(text: str) -> str:
    """Replace the marks around what people copy from a terminal: it would copy the last one too.

    A link with it leads elsewhere, and a command fails. A mark is needed only where the text does
    not begin or end with a letter; one before it belongs to the cell of the space there.
    """
    if ISOLATE not in text:
        return text
    shown, *parts = text.split(ISOLATE)
    for part in parts:
        value, end, rest = part.partition(END_OF_ISOLATE)
        if end and value.isascii():
            before = "" if value[:1].isalpha() else _LEFT_TO_RIGHT
            after = "" if value[-1:].isalnum() or value[-1:] == "/" else _LEFT_TO_RIGHT
            shown += f"{before}{value}{after}{rest}"
        else:
            shown += ISOLATE + part
    return shown


def use_for_libraries() -> None:
    """Let libraries that call gettext themselves find their texts in our catalogs.

    They may keep its functions, but these call `dgettext` and `dngettext` each time.
    """
    import gettext

    gettext.dgettext = _translate_of_library
    gettext.dngettext = _translate_plural_of_library


def _translate_of_library(domain: str, message: str) -> str:  # noqa: ARG001 - as in gettext
    return translate(message)


def _translate_plural_of_library(domain: str, msgid1: str, msgid2: str, n: int) -> str:  # noqa: ARG001
    catalog = load_catalog()
    if catalog is None:
        return msgid1 if n == 1 else msgid2
    return catalog.find_plural(msgid1, msgid2, n)


def _fill(template: str, values: Mapping[str, object]) -> str:
    return template.format_map(
        {
            name: value if isinstance(value, (int, float)) else contained(str(value))
            for name, value in values.items()
        }
    )


def _balanced(text: str) -> str:
    """Remove the marks that would change the direction of what is around `text`."""
    kept, depth = [], 0
    for character in text:
        if character in _OTHER_MARKS or (character == END_OF_ISOLATE and not depth):
            continue
        depth += (character == ISOLATE) - (character == END_OF_ISOLATE)
        kept.append(character)
    return "".join(kept) + END_OF_ISOLATE * depth


def _has_letters_from_right_to_left(text: str) -> bool:
    return any(first <= character <= last for character in text for first, last in _RIGHT_TO_LEFT)

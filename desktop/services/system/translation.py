"""Texts in the language of the user.

As in gettext, the English text of a message is its key. English needs no catalog, so nothing is
loaded for it.
"""

from __future__ import annotations

from .language import is_right_to_left, load_catalog

TYPE_CHECKING = False  # `typing` is slow to load
if TYPE_CHECKING:
    from collections.abc import Mapping

# Unicode Standard Annex 9: FSI and PDI, and the marks that a value may not bring along.
_ISOLATE, _END_OF_ISOLATE = "\u2068", "\u2069"
_OTHER_MARKS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067"
_FROM_RIGHT_TO_LEFT = (  # the blocks of these scripts
    *(("\u0590", "\u08ff"), ("\ufb1d", "\ufdff"), ("\ufe70", "\ufeff")),
    *(("\U00010800", "\U00010fff"), ("\U0001e800", "\U0001efff")),
)


def translate(message: str, /, **values: object) -> str:
    """Translate `message`, with `values` in place of its `{names}`."""
    catalog = load_catalog()
    if catalog is None:
        return _fill(message, values, is_mirrored=False) if values else message
    # The translation of an empty text is the header of the catalog.
    text = catalog.find(message) if message else message
    return _fill(text, values, is_mirrored=is_right_to_left()) if values else text


def translate_plural(singular: str, plural: str, count: int, /, **values: object) -> str:
    """Translate the form that fits `count`, which is also the value of `{count}`."""
    catalog = load_catalog()
    if catalog is None:
        text = singular if count == 1 else plural
        return _fill(text, {"count": count, **values}, is_mirrored=False)
    text = catalog.find_plural(singular, plural, count)
    return _fill(text, {"count": count, **values}, is_mirrored=is_right_to_left())


def translatable(message: str) -> str:
    """Mark a message that is translated later, such as one in a table."""
    return message


def without_isolates(text: str) -> str:
    """Remove the marks around values, for what programs read."""
    return text.replace(_ISOLATE, "").replace(_END_OF_ISOLATE, "")


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


def _fill(template: str, values: Mapping[str, object], *, is_mirrored: bool) -> str:
    """Fill in `values`, each of which keeps its own direction.

    Otherwise a path or a code within a sentence from right to left, or an Arabic name within one
    from left to right, would be shown with the words next to it in another order.
    """
    return template.format_map(
        {
            name: value
            if isinstance(value, (int, float))
            else isolated(str(value), always=is_mirrored)
            for name, value in values.items()
        }
    )


def isolated(text: str, *, always: bool = False) -> str:
    """Return `text` as it can stand beside words of the other direction.

    Unless `always`, only a text that has letters from right to left gets marks.
    """
    if text.isascii() and not always:
        return text
    if not text.isprintable():
        text = _balanced(text)
    if always or _has_letters_from_right_to_left(text):
        return f"{_ISOLATE}{text}{_END_OF_ISOLATE}"
    return text


def _balanced(text: str) -> str:
    """Remove the marks that would change the direction of what is around `text`."""
    kept, depth = [], 0
    for character in text:
        if character in _OTHER_MARKS or (character == _END_OF_ISOLATE and not depth):
            continue
        depth += (character == _ISOLATE) - (character == _END_OF_ISOLATE)
        kept.append(character)
    return "".join(kept) + _END_OF_ISOLATE * depth


def _has_letters_from_right_to_left(text: str) -> bool:
    return any(
        first <= character <= last for character in text for first, last in _FROM_RIGHT_TO_LEFT
    )

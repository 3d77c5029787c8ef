"""Texts in the language of the user.

As in gettext, the English text of a message is its key. English needs no catalog, so nothing is
loaded for it.
"""

from __future__ import annotations

from .language import is_right_to_left, load_catalog

TYPE_CHECKING = False  # `typing` is slow to load
if TYPE_CHECKING:
    from collections.abc import Mapping

_ISOLATE, _END_OF_ISOLATE = "\u2068", "\u2069"  # Unicode Standard Annex 9: FSI and PDI


def translate(message: str, /, **values: object) -> str:
    """Translate `message`, with `values` in place of its `{names}`."""
    catalog = load_catalog()
    if catalog is None:
        return message.format_map(values) if values else message
    # The translation of an empty text is the header of the catalog.
    text = catalog.find(message) if message else message
    return _fill(text, values) if values else text


def translate_plural(singular: str, plural: str, count: int, /, **values: object) -> str:
    """Translate the form that fits `count`, which is also the value of `{count}`."""
    catalog = load_catalog()
    if catalog is None:
        text = singular if count == 1 else plural
        return text.format_map({"count": count, **values})
    return _fill(catalog.find_plural(singular, plural, count), {"count": count, **values})


def translatable(message: str) -> str:
    """Mark a message that is translated later, such as one in a table."""
    return message


def isolated(value: str) -> str:
    """Let `value`, such as an address or a shortcut, keep its direction in a mirrored text."""
    return f"{_ISOLATE}{value}{_END_OF_ISOLATE}" if is_right_to_left() else value


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


def _fill(template: str, values: Mapping[str, object]) -> str:
    """Fill in `values`; within a sentence from right to left, each keeps its own direction.

    Otherwise a path, an address or a code would be shown with its parts in another order.
    """
    if is_right_to_left():
        values = {
            name: value if isinstance(value, (int, float)) else isolated(str(value))
            for name, value in values.items()
        }
    return template.format_map(values)

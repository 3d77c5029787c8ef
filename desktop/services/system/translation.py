"""Texts in the language of the user.

As in gettext, the English text of a message is its key. English needs no catalog, so nothing is
loaded for it.
"""

from __future__ import annotations

import os
from functools import cache

TYPE_CHECKING = False  # `typing` is slow to load
if TYPE_CHECKING:
    from gettext import NullTranslations

DOMAIN = "xdr-login"
_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")  # in the order that gettext reads them
_ENGLISH = {"", "C", "POSIX", "en"}


def translate(message: str, /, **values: object) -> str:
    """Translate `message`, with `values` in place of its `{names}`."""
    catalog = _load_catalog(_languages())
    # The translation of an empty text is the header of the catalog.
    text = catalog.gettext(message) if catalog is not None and message else message
    return text.format_map(values) if values else text


def translate_plural(singular: str, plural: str, count: int, /, **values: object) -> str:
    """Translate the form that fits `count`, which is also the value of `{count}`."""
    catalog = _load_catalog(_languages())
    if catalog is None:
        text = singular if count == 1 else plural
    else:
        text = catalog.ngettext(singular, plural, count)
    return text.format_map({"count": count, **values})


def translatable(message: str) -> str:
    """Mark a message that is translated later, such as one in a table."""
    return message


def use_for_libraries() -> None:
    """Let libraries that call gettext themselves find their texts in our catalogs."""
    if not _is_english(_languages()):
        import gettext

        from .resources import resource

        gettext.bindtextdomain(DOMAIN, resource("translations"))
        gettext.textdomain(DOMAIN)


def _is_english(languages: str) -> bool:
    best = languages.partition(":")[0]
    return best.partition(".")[0].partition("_")[0] in _ENGLISH


def _languages() -> str:
    """The languages that the environment asks for, best first, separated by colons."""
    return next(filter(None, map(os.environ.get, _VARIABLES)), "")


@cache
def _load_catalog(languages: str) -> NullTranslations | None:
    """Load the catalog for the best of `languages`; None for English."""
    if _is_english(languages):
        return None
    import gettext

    from .resources import resource

    return gettext.translation(
        DOMAIN, resource("translations"), languages.split(":"), fallback=True
    )

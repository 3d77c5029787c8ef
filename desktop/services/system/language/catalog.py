"""The texts of one language, as msgfmt and Babel compile them.

Only the texts that are shown are decoded: `gettext` decodes all of them first, which takes longer
than the rest of a command.
"""

from __future__ import annotations

import struct

TYPE_CHECKING = False  # `typing` is slow to load
if TYPE_CHECKING:
    from collections.abc import Callable

_MAGIC = 0x950412DE  # GNU gettext manual, "The Format of GNU MO Files"
_PLURAL = "plural="
_UNTRANSLATED = ("",)


class CompiledCatalog:
    """A catalog, whose messages are sorted by their English texts. Raises `ValueError`.

    Messages that cannot be read, because the file is damaged, have no translation.
    """

    def __init__(self, content: bytes) -> None:
        magic, _, self._count, self._keys, self._texts = struct.unpack_from(
            "<5I", content.ljust(20)
        )
        if magic != _MAGIC:
            raise ValueError("not a compiled catalog")
        self._content = content
        self._known: dict[str, tuple[str, ...]] = {}
        self._plural_form: Callable[[int], int] | None = None

    def find(self, message: str) -> str:
        """Return the translation; `message` itself without one."""
        return self._find(message)[0] or message

    def find_plural(self, singular: str, plural: str, count: int) -> str:
        """Return the form that fits `count`; English without a translation."""
        forms = self._find(singular)
        if not forms[0]:
            return singular if count == 1 else plural
        if self._plural_form is None:
            from gettext import c2py

            _, _, rule = self.headers().get("Plural-Forms", "").partition(_PLURAL)
            self._plural_form = c2py(rule.rstrip("; ") or "n != 1")
        return forms[min(self._plural_form(count), len(forms) - 1)]

    def headers(self) -> dict[str, str]:
        """Return what is known about the catalog, such as how plurals are formed."""
        lines = (line.partition(": ") for line in self._find("")[0].splitlines())
        return {name: value for name, _, value in lines}

    def _find(self, message: str) -> tuple[str, ...]:
        found = self._known.get(message)
        if found is None:
            try:
                found = self._search(message.encode())
            except (struct.error, ValueError):  # the latter also for what is not UTF-8
                found = _UNTRANSLATED
            self._known[message] = found
        return found

    def _search(self, message: bytes) -> tuple[str, ...]:
        low, high = 0, self._count
        while low < high:
            middle = (low + high) // 2
            # A plural follows the singular, which is the key.
            key = self._read(self._keys, middle).partition(b"\0")[0]
            if key == message:
                return tuple(self._read(self._texts, middle).decode().split("\0"))
            if key < message:
                low = middle + 1
            else:
                high = middle
        return _UNTRANSLATED

    def _read(self, table: int, number: int) -> bytes:
        length, start = struct.unpack_from("<2I", self._content, table + 8 * number)
        text = self._content[start : start + length]
        if len(text) != length:
            raise ValueError("incomplete")
        return text

"""Decodes text from files and pipes: UTF-8, or what a byte order mark names, and nothing else."""

from __future__ import annotations

import codecs

from desktop.services.system.translation import translate

# UTF-32 first: its mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class UndecodableText(ValueError):
    """Bytes that are not text; the message says whose, as the reason in a sentence."""


def decode_text(content: bytes, source: str) -> str:
    """Decode `content` of `source` without its byte order mark; raises `UndecodableText`.

    Windows PowerShell writes UTF-16, and puts a mark before UTF-8 as well.
    """
    mark, encoding = next((each for each in _MARKS if content.startswith(each[0])), (b"", "utf-8"))
    try:
        text = content[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        raise UndecodableText(translate("{source} is not UTF-8 text", source=source)) from error
    if "\0" in text:  # most likely UTF-16 without its mark
        raise UndecodableText(
            translate("{source} contains NUL characters; save it as UTF-8", source=source)
        )
    return text.lstrip("\ufeff")  # each program between may have added a mark

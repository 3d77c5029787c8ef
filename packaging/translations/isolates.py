"""Marks around values, commands and paths in texts that are written from right to left.

Without them, a path, an option or a value would be shown with its parts in another order (Unicode
Standard Annex 9). They are added when a language is compiled, so translators write none.
"""

from __future__ import annotations

import re

from desktop.services.system.translation import END_OF_ISOLATE, ISOLATE

_VALUE = re.compile(r"\{\w+(?:![rs])?(?::[^{}]*)?\}")
_ONLY_VALUES = re.compile(rf"(?:{_VALUE.pattern}|[^\w{{}}])*")
_JOINED = re.compile(r"\}[:/.@=-]\{")  # parts of an address
# Words in the characters of commands, paths and addresses; "…" stands for a part of one.
_LATIN = re.compile(r"[!-~…]+(?: [!-~…]+)*")
_WORD = re.compile(r"(?:`[^`]*`|\{\"[^}]*\}|[^ `])+")
_PART = re.compile(r"([(\[\"']*)(.*?)([)\]\"'.,:;!?]*)", re.DOTALL)
_TYPED = re.compile(r"[(\[\"']*(?:xdr-login\b|--?[a-z{])")
_UNMARKED = re.compile(r"\*|[\W_]*$")  # patterns of files, which Qt reads, and punctuation
_COUNT = "{count}"  # a number, which needs no mark; and `around_count` splits the text there


def isolate(text: str) -> str:
    """Add the marks to a translation."""
    return _LATIN.sub(lambda found: _isolate_words(_WORD.findall(found[0])), text)


def _isolate_words(words: list[str]) -> str:
    """Isolate what people type as one, from the command or option on, and other words alone."""
    first = next((at for at, word in enumerate(words) if _TYPED.match(word)), len(words))
    typed = [" ".join(words[first:])] if first < len(words) else []
    return " ".join(map(_isolate_part, [*words[:first], *typed]))


def _isolate_part(part: str) -> str:
    found = _PART.fullmatch(part)
    before, content, after = found.groups() if found else ("", part, "")
    if _ONLY_VALUES.fullmatch(content) and not _JOINED.search(content):
        return before + _VALUE.sub(_isolate_value, content) + after
    has_letters = content[:1].isalnum() and content[-1:].isalnum()
    if _VALUE.search(content) or not (has_letters or _UNMARKED.match(content)):
        content = f"{ISOLATE}{content}{END_OF_ISOLATE}"
    return before + content + after


def _isolate_value(found: re.Match[str]) -> str:
    return found[0] if found[0] == _COUNT else f"{ISOLATE}{found[0]}{END_OF_ISOLATE}"

"""Compiled languages, made with Python's own library only: a checkout that runs has no Babel."""

from __future__ import annotations

import ast
import os
import re
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.services.system.language import DOMAIN, MISSING_KEY, is_right_to_left
from translations.isolates import isolate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "translations"
_LINE = re.compile(r'(msgid|msgid_plural|msgstr(?:\[\d\])?|) ?("(?:[^"\\]|\\[nrt"\\])*")')
_MAGIC = 0x950412DE  # GNU gettext manual, "The Format of GNU MO Files"

Keys = tuple[str, ...]
"""The English text of a message; singular and plural where it has both."""


@dataclass
class _Entry:
    """A message in a file of translations, whose first one is the header, with an empty key."""

    keys: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    is_fuzzy: bool = False

    @property
    def is_done(self) -> bool:
        return all(self.texts) and not self.is_fuzzy


def languages(folder: Path = FOLDER) -> list[Path]:
    """List the files of all languages."""
    return sorted(folder.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def compile_languages(folder: Path = FOLDER) -> list[Path]:
    """Compile every language; return the compiled files."""
    return [compile_language(file, file.with_suffix(".mo")) for file in languages(folder)]


def compile_outdated(folder: Path = FOLDER) -> list[Path]:
    """Compile the languages that changed since, or all if this code did; return those files."""
    code = max(each.stat().st_mtime_ns for each in Path(__file__).parent.glob("*.py"))
    return [
        compile_language(file, file.with_suffix(".mo"))
        for file in languages(folder)
        if _modified_at(file.with_suffix(".mo")) < max(code, file.stat().st_mtime_ns)
    ]


def _modified_at(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def compile_language(file: Path, target: Path) -> Path:
    """Compile one language; return the compiled file. Raises `ValueError` for what is no catalog.

    What is not translated is left out; the About page and `doctor` say how much that is.
    """
    entries = list(_entries_of(file))
    texts = {tuple(each.keys): tuple(each.texts) for each in entries if each.is_done}
    if missing := sum(not each.is_done for each in entries if each.keys != [""]):
        texts[(MISSING_KEY,)] = (str(missing),)
    if is_right_to_left(file.parents[1].name):
        texts = {
            keys: tuple(map(isolate, forms)) if keys != ("",) else forms
            for keys, forms in texts.items()
        }
    target.parent.mkdir(parents=True, exist_ok=True)
    write_compiled(texts, target)
    return target


def write_compiled(texts: Mapping[Keys, tuple[str, ...]], target: Path) -> None:
    """Write the texts by their keys as gettext reads them, at once: another process may read."""
    encoded = sorted(("\0".join(keys).encode(), "\0".join(texts[keys]).encode()) for keys in texts)
    tables = b""
    content = b""
    start = 28 + 16 * len(encoded)  # behind the header and both tables
    for column in (0, 1):
        for pair in encoded:
            tables += struct.pack("<2I", len(pair[column]), start + len(content))
            content += pair[column] + b"\0"
    keys_at, texts_at = 28, 28 + 8 * len(encoded)
    header = struct.pack("<7I", _MAGIC, 0, len(encoded), keys_at, texts_at, 0, start)
    unfinished = target.with_name(f"{target.name}.{os.getpid()}")
    unfinished.write_bytes(header + tables + content)
    unfinished.replace(target)


def _entries_of(file: Path) -> Iterator[_Entry]:
    entry, filled = _Entry(), [""]
    for number, line in enumerate(file.read_text("utf-8").split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            if entry.texts:
                yield entry
                entry = _Entry()
            entry.is_fuzzy |= line.startswith("#,") and "fuzzy" in line
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None:
            raise ValueError(f"{file}, line {number}: not understood")
        keyword, quoted = found.groups()
        if keyword == "msgid" and entry.texts:  # no empty line in between
            yield entry
            entry = _Entry()
        if keyword:
            filled = entry.texts if keyword.startswith("msgstr") else entry.keys
            filled.append("")
        filled[-1] += ast.literal_eval(quoted)
    if entry.texts:
        yield entry

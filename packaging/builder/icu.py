"""The tables of ICU without those that Qt never asks for: the largest single file of the bundle.

Qt has ICU compare texts, convert character sets, change the case of letters and name time zones.
Names of languages, countries, currencies and units, transliteration, numbers in words and where
lines break come from elsewhere or are not shown.
"""

import re
import shutil
import subprocess
from pathlib import Path

UNUSED = ("brkitr", "curr", "lang", "rbnf", "region", "translit", "unit")

_SYMBOL = re.compile(
    r": ([0-9a-f]+)\s+(0x[0-9a-f]+|\d+) OBJECT\s+GLOBAL\s+DEFAULT\s+\d+ icudt\d+_dat"
)
_SECTION = re.compile(r"\.rodata\s+PROGBITS\s+([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)")
# A library that is nothing but the table, with the name by which the others look for it.
_SOURCE = """\
.section .rodata
.globl {symbol}
.type {symbol}, @object
.balign 16
{symbol}: .incbin "{file}"
.size {symbol}, . - {symbol}
.section .note.GNU-stack,"",@progbits
"""


def trim(bundle: Path, work: Path) -> None:
    """Leave fewer tables in the library of them; where the tools lack, say so and leave all."""
    libraries = [each for each in bundle.rglob("libicudata.so.*") if not each.is_symlink()]
    if not libraries:
        return
    if shutil.which("icupkg") is None or shutil.which("gcc") is None:
        print("SKIPPED: without icupkg and gcc all tables of ICU stay, 15 MB.")
        return
    (library,) = libraries
    number = library.name.rpartition(".")[2]
    folder = work / "icu"
    folder.mkdir()
    # The name counts: icupkg takes the prefix of all entries from it.
    table = folder / f"icudt{number}l.dat"
    table.write_bytes(_table(library))
    listed = _run("icupkg", "--list", str(table)).splitlines()
    unused = folder / "unused.txt"
    unused.write_text("\n".join(n for n in listed if n.startswith(tuple(f"{u}/" for u in UNUSED))))
    smaller = folder / "smaller" / table.name
    smaller.parent.mkdir()
    _run("icupkg", "--remove", str(unused), str(table), str(smaller))
    source = folder / "table.s"
    source.write_text(_SOURCE.format(symbol=f"icudt{number}_dat", file=smaller), "utf-8")
    flags = ("-shared", "-nostdlib", "-Wl,--build-id=none", f"-Wl,-soname,{library.name}")
    _run("gcc", *flags, "-o", str(library), str(source))
    _run("strip", str(library))


def _table(library: Path) -> bytes:
    """The table within a library."""
    symbol = _SYMBOL.search(_run("readelf", "--wide", "--dyn-syms", str(library)))
    section = _SECTION.search(_run("readelf", "--wide", "--sections", str(library)))
    if symbol is None or section is None:
        raise ValueError(f"{library.name} holds no table of ICU")
    address, offset, _ = (int(each, 16) for each in section.groups())
    start = int(symbol[1], 16) - address + offset
    return library.read_bytes()[start : start + int(symbol[2], 0)]


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout

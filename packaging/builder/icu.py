"""Remove the ICU data that Qt never reads: it is the largest file of the bundle.

Qt uses ICU to compare texts, convert character sets, change case and name time zones. The names of
languages, countries, currencies and units, transliteration, spelled-out numbers and line breaking
are not used.
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
# A library with only the data, under the symbol that the other ICU libraries use.
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
    """Remove unused tables from the data library, if the tools are installed."""
    libraries = [each for each in bundle.rglob("libicudata.so.*") if not each.is_symlink()]
    if not libraries:
        return
    if shutil.which("icupkg") is None or shutil.which("gcc") is None:
        print("SKIPPED: icupkg or gcc is missing, so the bundle is 15 MB larger.")
        return
    (library,) = libraries
    number = library.name.rpartition(".")[2]
    folder = work / "icu"
    folder.mkdir()
    # icupkg takes the prefix of all entries from the file name.
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
    """Return the data in a library."""
    symbol = _SYMBOL.search(_run("readelf", "--wide", "--dyn-syms", str(library)))
    section = _SECTION.search(_run("readelf", "--wide", "--sections", str(library)))
    if symbol is None or section is None:
        raise ValueError(f"{library.name} contains no ICU data")
    address, offset, _ = (int(each, 16) for each in section.groups())
    start = int(symbol[1], 16) - address + offset
    return library.read_bytes()[start : start + int(symbol[2], 0)]


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout

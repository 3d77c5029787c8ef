"""Processors and minimum macOS versions of programs and libraries.

See <mach-o/loader.h> and <mach-o/fat.h>. Parsed here so that it can be tested on any system.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FAT = 0xCAFEBABE  # big endian: several files in one
_THIN_64 = 0xFEEDFACF
_PROCESSORS = {0x01000007: "x86_64", 0x0100000C: "arm64"}
_BUILD_VERSION, _VERSION_MIN = 0x32, 0x24  # LC_BUILD_VERSION, LC_VERSION_MIN_MACOSX


@dataclass(frozen=True, slots=True)
class Slice:
    """The part of a file for one processor; `oldest` is its minimum macOS version."""

    processor: str
    oldest: tuple[int, int]


def read(path: Path) -> tuple[Slice, ...]:
    """Return the parts of a file; empty if it is neither a program nor a library."""
    with path.open("rb") as file:
        start = file.read(4)
        if len(start) < 4:
            return ()
        if struct.unpack("<I", start) == (_THIN_64,):
            return tuple(_slices(path.read_bytes(), (0,)))
        if struct.unpack(">I", start) != (_FAT,):
            return ()
    data = path.read_bytes()
    (count,) = struct.unpack_from(">I", data, 4)
    if count > 8:  # a Java class file has the same magic number
        return ()
    return tuple(
        _slices(data, [struct.unpack_from(">5I", data, 8 + 20 * n)[2] for n in range(count)])
    )


def _slices(data: bytes, offsets: "list[int] | tuple[int, ...]") -> Iterator[Slice]:
    for offset in offsets:
        magic, processor, _, _, commands = struct.unpack_from("<5I", data, offset)
        if magic == _THIN_64:
            yield Slice(_PROCESSORS.get(processor, hex(processor)), _oldest(data, offset, commands))


def _oldest(data: bytes, offset: int, commands: int) -> tuple[int, int]:
    at = offset + 32
    for _ in range(commands):
        command, size = struct.unpack_from("<2I", data, at)
        if command in {_BUILD_VERSION, _VERSION_MIN}:
            (version,) = struct.unpack_from(
                "<I", data, at + (12 if command == _BUILD_VERSION else 8)
            )
            return version >> 16, version >> 8 & 0xFF
        at += size
    return 0, 0

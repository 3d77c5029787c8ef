"""The icon of macOS: one file with all sizes, each twice for screens of double density."""

import struct
import tempfile
from pathlib import Path

from builder.icons import draw_icons

# OSType of each size in pixels. Those that a Mac shows as 32@2x and so on have one of their own.
PICTURES = {
    "ic11": 32,
    "ic12": 64,
    "ic07": 128,
    "ic13": 256,
    "ic08": 256,
    "ic14": 512,
    "ic09": 512,
    "ic10": 1024,
}
MARGIN = 100 / 1024  # what Apple's grid leaves free on every side


def make_icns() -> bytes:
    """The whole file."""
    with tempfile.TemporaryDirectory() as folder:
        sizes = sorted(set(PICTURES.values()))
        drawn = dict(zip(sizes, draw_icons(Path(folder), sizes, margin=MARGIN), strict=True))
        parts = {type_: drawn[size].read_bytes() for type_, size in PICTURES.items()}
    return pack(parts)


def pack(parts: dict[str, bytes]) -> bytes:
    """Put pictures into one file, each with its type and its length before it."""
    body = b"".join(
        struct.pack(">4sI", type_.encode(), 8 + len(data)) + data for type_, data in parts.items()
    )
    return struct.pack(">4sI", b"icns", 8 + len(body)) + body


def unpack(data: bytes) -> dict[str, bytes]:
    """The pictures in a file; raises `ValueError` for one that is not whole."""
    magic, length = struct.unpack_from(">4sI", data)
    if magic != b"icns" or length != len(data):
        raise ValueError("no icns, or cut")
    parts, at = {}, 8
    while at < length:
        type_, size = struct.unpack_from(">4sI", data, at)
        if size < 8 or at + size > length:
            raise ValueError(f"{type_!r} is cut")
        parts[type_.decode()] = data[at + 8 : at + size]
        at += size
    return parts

"""The icon for macOS: one file with all sizes, each also for double density."""

import struct
import tempfile
from pathlib import Path

from builder.icons import draw_icons

# OSType and size in pixels. Sizes for double density, such as 32@2x, have their own types.
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
MARGIN = 100 / 1024  # on each side, according to Apple's icon grid


def make_icns() -> bytes:
    """Draw the icon and return the content of the file."""
    with tempfile.TemporaryDirectory() as folder:
        sizes = sorted(set(PICTURES.values()))
        drawn = dict(zip(sizes, draw_icons(Path(folder), sizes, margin=MARGIN), strict=True))
        parts = {type_: drawn[size].read_bytes() for type_, size in PICTURES.items()}
    return pack(parts)


def pack(parts: dict[str, bytes]) -> bytes:
    """Pack images into the file format: type, length and data of each."""
    body = b"".join(
        struct.pack(">4sI", type_.encode(), 8 + len(data)) + data for type_, data in parts.items()
    )
    return struct.pack(">4sI", b"icns", 8 + len(body)) + body


def unpack(data: bytes) -> dict[str, bytes]:
    """Return the images in a file; raise `ValueError` if it is damaged."""
    magic, length = struct.unpack_from(">4sI", data)
    if magic != b"icns" or length != len(data):
        raise ValueError("not an icns file, or truncated")
    parts, at = {}, 8
    while at < length:
        type_, size = struct.unpack_from(">4sI", data, at)
        if size < 8 or at + size > length:
            raise ValueError(f"{type_!r} is truncated")
        parts[type_.decode()] = data[at + 8 : at + size]
        at += size
    return parts

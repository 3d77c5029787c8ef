"""Unpacking what a proxy has compressed although it was not asked to.

httpx would unpack each piece whole, 64 kB to perhaps 64 MB.
"""

import zlib
from collections.abc import Iterator

_LARGEST_PIECE = 65536  # bytes


class Unpacker:
    """Unpacks one body in the content coding `coding`; leaves other codings as they are."""

    def __init__(self, coding: str) -> None:
        is_known = coding.strip().lower() in {"gzip", "x-gzip", "deflate"}
        self._unpacker = zlib.decompressobj(wbits=47) if is_known else None

    def unpack(self, packed: bytes) -> Iterator[bytes]:
        """Yield what is in the next piece, in pieces of a bounded size; raises `zlib.error`."""
        if self._unpacker is None:
            yield packed
            return
        while packed and not self._unpacker.eof:
            yield self._unpacker.decompress(packed, _LARGEST_PIECE)
            packed = self._unpacker.unconsumed_tail

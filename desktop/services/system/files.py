"""Reading files that somebody else chose: never more than expected, and never waiting."""

from __future__ import annotations

import errno
import os
import select
import stat
from collections.abc import Callable
from pathlib import Path

from desktop.services.system.translation import translate

_PIECE = 1024 * 1024  # bytes
_NOTICE_DELAY = 1.0  # seconds
# A pipe without a writer would hold up whoever opens it; a terminal must not become ours.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def read_file(
    file: Path,
    *,
    limit: int,
    on_wait: Callable[[], None] | None = None,
    check: Callable[[os.stat_result], None] | None = None,
) -> bytes:
    """Read a regular file of at most `limit` bytes. Blocks; raises `OSError`.

    With `on_wait`, a pipe is read too, as a shell makes it for `<(command)`; without a writer it is
    empty. It is called if the writer takes long: only it or Ctrl+C ends the wait. `check` may
    reject the file that was opened.
    """
    descriptor = os.open(file, _FLAGS)
    try:
        found = os.fstat(descriptor)
        if check is not None:
            check(found)
        _require_kind(found.st_mode, file, pipes=on_wait is not None)
        if on_wait is not None and stat.S_ISFIFO(found.st_mode):
            return _read_pipe(descriptor, file, limit, on_wait)
        return _read(descriptor, file, limit)
    finally:
        os.close(descriptor)


def too_large(file: Path, limit: int) -> OSError:
    """Make the error for a file of more than `limit` bytes."""
    size = translate("{size} MB", size=limit // 1_000_000)
    if limit < 1_000_000:
        size = translate("{size} kB", size=limit // 1000)
    reason = translate("the file is larger than {size}", size=size)
    return OSError(errno.EFBIG, reason, str(file))


def _require_kind(mode: int, file: Path, *, pipes: bool) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))
    if not stat.S_ISREG(mode) and not (pipes and stat.S_ISFIFO(mode)):
        raise OSError(errno.EINVAL, translate("not a regular file"), str(file))


def _read_pipe(descriptor: int, file: Path, limit: int, on_wait: Callable[[], None]) -> bytes:
    try:
        first = os.read(descriptor, 1)  # nothing at once: nobody has it open for writing
    except BlockingIOError:
        first = None
    if first == b"":
        return b""
    if first is None and not select.select([descriptor], [], [], _NOTICE_DELAY)[0]:
        on_wait()
    os.set_blocking(descriptor, True)
    return (first or b"") + _read(descriptor, file, limit - len(first or b""))


def _read(descriptor: int, file: Path, limit: int) -> bytes:
    content = bytearray()
    while piece := os.read(descriptor, min(_PIECE, limit + 1 - len(content))):
        content += piece
        if len(content) > limit:
            raise too_large(file, limit)
    return bytes(content)


LARGEST_ENTRY = 1_000_000
"""Bytes of a file; a browser with names in a hundred languages has some 50 kB."""


def parse_desktop_entry(text: str) -> dict[str, str]:
    """Read the keys of the group `[Desktop Entry]`; empty where there is no such group."""
    group, values = "", dict[str, str]()
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            group = line
        elif group == "[Desktop Entry]" and "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            values[name.strip()] = value.strip()
    return values

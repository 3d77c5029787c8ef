"""The standard streams: UTF-8 in files and pipes, and words for those that cannot be used.

Loads almost nothing, because `xdr-login token` does this first.
"""

from __future__ import annotations

import io
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TextIO


def prepare_streams() -> None:
    """Replace streams that are closed, and choose the encoding of the others.

    A file or a pipe gets UTF-8 whatever the locale says. A terminal keeps its encoding, and a
    character that it lacks is no reason to fail.
    """
    # In this order, because a new file takes the lowest number that is free: otherwise a socket
    # would become the output of this command.
    if sys.stdin is None:
        null = io.BufferedReader(io.FileIO(_open_null(os.O_RDONLY), closefd=False))
        sys.stdin = io.TextIOWrapper(null, encoding="utf-8")
    if sys.stdout is None:
        # Writing a result to it fails (EBADF). A window on Windows has no streams at all.
        flags = os.O_WRONLY if sys.platform == "win32" else os.O_RDONLY
        sys.stdout = _file_writer(_ResultFile(_open_null(flags), "w", closefd=False))
    if sys.stderr is None:
        sys.stderr = _file_writer(_MessageFile(_open_null(os.O_WRONLY), "w", closefd=False))
    sys.stdout = _prepared(sys.stdout, sys.__stdout__, _ResultFile)
    sys.stderr = _prepared(sys.stderr, sys.__stderr__, _MessageFile)
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # for answers; what is stored is read as bytes


def read_stdin(limit: int) -> bytes:
    """Read up to `limit` bytes of stdin; nothing if it is closed. Raises `OSError`."""
    return sys.stdin.buffer.read(limit)


def read_stdin_line(limit: int) -> bytes:
    """Read a line of up to `limit` bytes of stdin; nothing at its end. Raises `OSError`."""
    return sys.stdin.buffer.readline(limit)


def keep_log_off_terminal() -> None:
    """Drop log records until `start_logging`: logging would print warnings on stderr as they are.

    So those of the keyring library, about its configuration.
    """
    import logging  # slow to load

    for name in ("desktop", "keyring"):
        logging.getLogger(name).addHandler(logging.NullHandler())


def report_unwritten_output(error: OSError | UnwrittenOutput) -> int:
    """Say on stderr why the output is not complete; gives the exit code."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())  # or Python reports it too, with its own exit code
        os.close(null)
    except OSError:
        pass  # the output is no file
    cause = error if isinstance(error, OSError) else error.cause
    if not isinstance(cause, BrokenPipeError):  # the reader is gone, as after `head`
        from desktop.services.system.translation import translate  # slow to load

        message = translate("Cannot write the output: {reason}.", reason=cause.strerror or cause)
        sys.stderr.write(f"{message}\n")
        sys.stderr.flush()
    return 1


class UnwrittenOutput(Exception):
    """A result could not be written.

    No `OSError`: it would be taken for that of a file or a server.
    """

    def __init__(self, cause: OSError) -> None:
        super().__init__(str(cause))
        self.cause = cause


class _ResultFile(io.FileIO):
    def write(self, content: Any, /) -> int:  # noqa: ANN401 - as the base class
        try:
            return super().write(content)
        except OSError as error:
            raise UnwrittenOutput(error) from error


class _MessageFile(io.FileIO):
    """A file for messages: a full disk or a reader that is gone must not end a command."""

    def write(self, content: Any, /) -> int:  # noqa: ANN401 - as the base class
        try:
            return super().write(content)
        except OSError:
            return memoryview(content).nbytes


def _prepared(
    stream: TextIO, original: TextIO | None, kind: type[_ResultFile | _MessageFile]
) -> TextIO:
    """Choose encoding and errors of `stream`, which a test may have put in place of `original`."""
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    encoding = stream.encoding if stream.isatty() else "utf-8"
    stream.reconfigure(encoding=encoding, errors="replace")
    if stream is not original or stream.isatty():
        return stream
    return _file_writer(kind(stream.fileno(), "w", closefd=False))


def _file_writer(file: io.FileIO) -> TextIO:
    return io.TextIOWrapper(io.BufferedWriter(file), encoding="utf-8", errors="replace")


def _open_null(flags: int) -> int:
    return os.open(os.devnull, flags)

"""Programs that run beside each other, with their output in whole lines after a label."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import IO, Any, TextIO

from desktop.cli.scripts.programs import leave_bundle, refused_start
from desktop.services.system.translation import for_terminal

_LONGEST_LINE = 1024 * 1024  # bytes; what is longer becomes several lines
_LAST_OUTPUT = 1.0  # seconds; a process in the background may keep a stream open
_NOT_READY = 0.01  # seconds
# What a terminal obeys, but for tabs and the end of a line. Colors stay, until the end of the line.
_COLOR = rb"\x1b\[[0-9;:]*m"
_CONTROL = re.compile(_COLOR + rb"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]")
_NO_COLOR = b"\x1b[0m"
SIGNALED = 128
"""Exit code of a program that a signal ended, less the number of the signal, as in a shell."""


class LabeledPrograms:
    """Starts the program at the path `program` with the arguments in `command`, once per label.

    Its methods may be called from any thread. stdin is empty, because it could only be read once.
    """

    def __init__(self, program: str, command: Sequence[str]) -> None:
        self._program = program
        self._command = list(command)
        self._running: set[subprocess.Popen[bytes]] = set()
        self._is_stopped = False
        self._lock = Lock()
        self._output = _Output()
        leave_bundle()

    @property
    def write_error(self) -> Exception | None:
        """Why output could not be written, such as a reader that is gone."""
        return self._output.error

    def run(self, label: str, environment: Mapping[str, str]) -> int | None:
        """Run it to its end and return its exit code; `None` after `stop`. Blocks.

        Raises `CannotStart`.
        """
        # One at a time: on Windows, a process would inherit the pipes of one that starts then.
        with self._lock:
            if self._is_stopped:
                return None
            child = self._start(environment)
            self._running.add(child)
        readers = [
            Thread(target=self._output.copy, args=(*streams, label), daemon=True)
            for streams in ((child.stdout, sys.stdout), (child.stderr, sys.stderr))
        ]
        for each in readers:
            each.start()
        code = child.wait()
        for each in readers:
            each.join(_LAST_OUTPUT)
        with self._lock:
            self._running.discard(child)
        return code if code >= 0 else SIGNALED - code

    def _start(self, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(  # noqa: S603 - without a shell
                self._command,
                executable=self._program,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            raise refused_start(self._command[0], error) from error

    def print_message(self, label: str, text: str) -> None:
        """Print each line of a message on stderr, after the label."""
        for line in for_terminal(text).splitlines():
            self._output.write(sys.stderr, label, f"{line}\n".encode())

    def stop(self) -> None:
        """Start no more, and end those that run with all that they have started. Blocks.

        Ctrl+C in a terminal has reached them too, so they first get a moment to end by themselves.
        """
        with self._lock:
            self._is_stopped = True
            running = [each.pid for each in self._running if each.poll() is None]
        if running:
            from desktop.services.system.processes import end_processes  # loads psutil

            end_processes(running)


@dataclass(slots=True)
class _Output:
    """Writes whole lines, one at a time: both streams may lead to the same terminal or file."""

    error: Exception | None = None
    _lock: Lock = field(default_factory=Lock)

    def copy(self, source: IO[bytes], target: TextIO, label: str) -> None:
        """Copy lines until `source` ends, or until `target` cannot be written; then close it."""
        with source:
            for line in _lines(source):
                try:
                    self.write(target, label, line)
                except Exception as error:  # noqa: BLE001 - raised where the command ends
                    self.error = self.error or error
                    return

    def write(self, target: TextIO, label: str, line: bytes) -> None:
        """Write one line; raises what the stream does."""
        if target.isatty():
            line = _without_control(line)
        labeled = b"%s: %s%s" % (label.encode(), line, b"" if line.endswith(b"\n") else b"\n")
        with self._lock:
            _write_all(getattr(target.buffer, "raw", target.buffer), labeled)


def _lines(source: IO[bytes]) -> Iterator[bytes]:
    """Read lines; what follows a carriage return is another one, or it would replace the label."""
    while line := source.readline(_LONGEST_LINE):
        text = line.rstrip(b"\r\n")
        *before, last = text.split(b"\r")
        yield from filter(None, before)
        yield last + line[len(text) :]


def _without_control(line: bytes) -> bytes:
    """Escape what would reach other lines on a terminal, which are those of other profiles."""
    shown = _CONTROL.sub(_shown, line)
    if _NO_COLOR[:2] not in shown:
        return shown
    text = shown.rstrip(b"\r\n")
    return text + _NO_COLOR + shown[len(text) :]


def _shown(found: re.Match[bytes]) -> bytes:
    return found[0] if found[0].endswith(b"m") else b"\\x%02x" % found[0][-1]


def _write_all(file: Any, content: bytes) -> None:  # noqa: ANN401 - a raw file
    """Write past Python's own buffer, whose lock a thread must not hold when this process ends."""
    left = memoryview(content)
    while left:
        written = file.write(left)
        if written is None:  # a pipe whose owner has made it non-blocking is full
            time.sleep(_NOT_READY)
        else:
            left = left[written:]

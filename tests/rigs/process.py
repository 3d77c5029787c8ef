"""Programs that a rig starts, and ends by their own process id."""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

TIMEOUT = 30.0
"""Seconds to wait for a real program on a busy machine before calling it broken."""

_LONGEST_PAUSE = 0.08
"""Seconds between two looks: many conditions start a program to see whether they are true."""

KILL_WITH_PARENT = ("setpriv", "--pdeathsig", "KILL")
"""Put before a command so that nothing stays behind when a hung test run is broken off."""


class RigError(Exception):
    """A real part did not start, or did not do what a rig needs of it."""


class ProgramEnded(RigError):
    """A program ended while somebody waited for something of it."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program that a rig runs, and all it has printed."""

    process: subprocess.Popen[bytes]
    output: IO[bytes]

    def read_output(self) -> str:
        """Everything that the program has written to its output and error streams so far."""
        size = os.fstat(self.output.fileno()).st_size
        return os.pread(self.output.fileno(), size, 0).decode(errors="replace")

    def has_ended(self) -> bool:
        """Tell whether the program is gone already."""
        return self.process.poll() is not None


@contextlib.contextmanager
def run_program(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    typed: bytes = b"",
    pass_fds: Sequence[int] = (),
) -> Iterator[Program]:
    """Run a program with `typed` as its input; end it, and what it started, on leaving."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as keys:
        keys.write(typed)
        keys.seek(0)
        process = subprocess.Popen(
            [*KILL_WITH_PARENT, *command],
            env=dict(environment),
            stdin=keys,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=pass_fds,
            start_new_session=True,
        )
        try:
            yield Program(process, output)
        finally:
            _end(process)


def wait_until(is_true: Callable[[], bool], what: str, program: Program | None = None) -> None:
    """Wait for a condition; raise RigError with the words in `what` when it does not come."""
    give_up_at, pause = time.monotonic() + TIMEOUT, 0.01
    while not is_true():
        if program is not None and program.has_ended():
            raise ProgramEnded(f"{what}: the program ended first\n{program.read_output()[-2000:]}")
        if time.monotonic() > give_up_at:
            raise RigError(f"{what}: not within {TIMEOUT:.0f} seconds")
        time.sleep(pause)
        pause = min(pause * 1.2, _LONGEST_PAUSE)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    with contextlib.suppress(ProcessLookupError):  # its children, in the group it led
        os.killpg(process.pid, signal.SIGKILL)

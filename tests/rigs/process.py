"""Programs that rigs start, and end by their process ids."""

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
"""Seconds to wait for a real program on a busy computer."""

_LONGEST_PAUSE = 0.08
"""Seconds between two checks, because many conditions start a program."""

KILL_WITH_PARENT = ("setpriv", "--pdeathsig", "KILL")
"""A prefix for commands that ends them if the test run is killed."""


_WITH_HANGUP = ("env", "--default-signal=HUP")  # which a test run under nohup ignores


class RigError(Exception):
    """A real component did not start or did not work as required."""


class ProgramEnded(RigError):
    """A program ended before the expected event."""


@dataclass(frozen=True, slots=True)
class Program:
    """A running program and its output."""

    process: subprocess.Popen[bytes]
    output: IO[bytes]

    def read_output(self) -> str:
        """Return the output and errors of the program so far."""
        size = os.fstat(self.output.fileno()).st_size
        return os.pread(self.output.fileno(), size, 0).decode(errors="replace")

    def has_ended(self) -> bool:
        return self.process.poll() is not None


@contextlib.contextmanager
def run_program(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    typed: bytes = b"",
    pass_fds: Sequence[int] = (),
) -> Iterator[Program]:
    """Run a program with `typed` as input; at the end of the block, end it and its children."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as keys:
        keys.write(typed)
        keys.seek(0)
        process = subprocess.Popen(
            [*_WITH_HANGUP, *KILL_WITH_PARENT, *command],
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


def wait_until(
    is_true: Callable[[], bool],
    what: str,
    program: Program | None = None,
    *,
    timeout: float = TIMEOUT,
) -> None:
    """Wait for a condition; raise RigError, which contains `what`, after `timeout` seconds."""
    deadline, pause = time.monotonic() + timeout, 0.01
    while not is_true():
        if program is not None and program.has_ended():
            raise ProgramEnded(f"{what}: the program ended first\n{program.read_output()[-2000:]}")
        if time.monotonic() > deadline:
            raise RigError(f"{what}: not within {timeout:.0f} seconds")
        time.sleep(pause)
        pause = min(pause * 1.2, _LONGEST_PAUSE)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    with contextlib.suppress(ProcessLookupError):  # its children, in the same group
        os.killpg(process.pid, signal.SIGKILL)
